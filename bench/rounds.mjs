/**
 * Rounds that alternate between the subjects, so that a disturbance of the machine affects all of
 * them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startSubject } from './subjects.mjs';
import { summarise } from './statistics.mjs';

/**
 * A pause after a round, so that remaining work (records, completions) does not slow down the next
 * subject.
 */
const SETTLE_MS = 1500;

/**
 * Runs rounds, every other one in reverse order.
 *
 * @param subjects - by row name
 * @param runRound - called with row, subject and round; resolves to the figures of one round
 * @returns medians and spread of each figure, by row
 */
export async function interleave(rounds, subjects, runRound) {
  const figures = Object.fromEntries(Object.keys(subjects).map((row) => [row, []]));
  for (let round = 0; round < rounds; round++) {
    const order = Object.entries(subjects);
    if (round % 2 === 1) order.reverse();
    for (const [row, subject] of order) {
      figures[row].push(await runRound(row, subject, round));
      await sleep(SETTLE_MS);
    }
  }
  return Object.fromEntries(Object.entries(figures).map(([row, all]) => [row, summarise(all)]));
}

/**
 * Starts subjects, runs `work` with them, and stops them. Subjects that cannot run here are left
 * out.
 */
export async function withSubjects(names, environment, receivers, env, work) {
  const subjects = {};
  try {
    for (const name of names) {
      const subject = await startSubject(name, environment, receivers, env);
      if (subject) subjects[name] = subject;
    }
    return await work(subjects);
  } finally {
    for (const { stop } of Object.values(subjects)) await stop();
  }
}

/** CPU seconds that the parts of a subject use per 1,000 units of `work`. */
export async function cpuPerThousand(environment, { pids, parts }, units, work) {
  const before = environment.cpu(pids);
  const done = await work();
  // Records and completions after the last receipt count as well.
  await sleep(SETTLE_MS);
  const after = environment.cpu(pids);
  const used = Object.fromEntries(
    parts.filter((part) => part in after).map((part) => [`cpu ${part}`, ((after[part] - before[part]) / units) * 1000]),
  );
  const isWhole = parts.every((part) => part in after);
  return { done, cpu: isWhole ? { 'cpu sum': Object.values(used).reduce((a, b) => a + b), ...used } : used };
}
