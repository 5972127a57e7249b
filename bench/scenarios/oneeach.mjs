/** Always one workflow per notification: how close the service comes to a bare workflow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { concurrently, startReceivers } from '../load.mjs';
import { cpuPerThousand, interleave, withSubjects } from '../rounds.mjs';

const CONCURRENCY = 32;
const WARM_UP_EVENTS = 50;
const LOOK_EVERY_MS = 200;
const TIMEOUT_MS = 600_000;
const TYPES = { floor: 'floor', signpost: 'deliverNotification' };

export const oneeach = {
  name: 'oneeach',
  about:
    'One workflow per notification (SIGNPOST_BURST=off) beside the floor: workflows completed per second, CPU per 1,000',
  async run({ environment, sizes, subjects: names }) {
    const receivers = await startReceivers(1);
    const wanted = names.filter((name) => name in TYPES);
    const rows = await withSubjects(wanted, environment, receivers, { SIGNPOST_BURST: 'off' }, async (subjects) => {
      for (const [row, subject] of Object.entries(subjects))
        await completeAll(environment, subject, TYPES[row], WARM_UP_EVENTS, 'warm-up');
      return interleave(sizes.rounds, subjects, async (row, subject, round) => {
        const count = sizes['own-workflows'];
        const { done, cpu } = await cpuPerThousand(environment, subject, count, () =>
          completeAll(environment, subject, TYPES[row], count, `round-${round}`),
        );
        return { 'completed/s': count / done, ...cpu };
      });
    });
    receivers.close();
    return [{ title: 'One workflow each, sustained', reference: 'floor', rows }];
  },
};

/**
 * Posts `count` events and waits until as many more workflows are completed.
 *
 * @returns seconds from the first post
 */
export async function completeAll(environment, { sandbox, send }, workflowType, count, tag) {
  const completed = () =>
    environment.countWorkflows(
      sandbox.namespace.name,
      `WorkflowType = '${workflowType}' AND ExecutionStatus = 'Completed'`,
    );
  const before = await completed();
  const started = performance.now();
  await concurrently(CONCURRENCY, count, (index) => send(`${tag}-${index}`));
  while ((await completed()) < before + count) {
    if (performance.now() - started > TIMEOUT_MS)
      throw new Error(
        `only ${(await completed()) - before} of ${count} workflows completed within ${TIMEOUT_MS / 1000} s`,
      );
    await sleep(LOOK_EVERY_MS);
  }
  return (performance.now() - started) / 1000;
}
