/**
 * CPU time and memory of processes, from /proc. On systems without it these figures are left out.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const TICKS_PER_SECOND = 100;
const SAMPLE_EVERY_MS = 500;

export const HAS_PROC = existsSync('/proc/self/stat');

/** CPU seconds used by processes and their descendants, including those that have exited. */
export function cpuSeconds(rootPids) {
  const stats = allStats();
  let ticks = 0;
  const pids = [...rootPids];
  for (let pid = pids.pop(); pid !== undefined; pid = pids.pop()) {
    const stat = stats.get(pid);
    // Exited children are counted in the parent's `ended`.
    if (stat) ticks += stat.own + stat.ended;
    for (const [child, { parent }] of stats) if (parent === pid) pids.push(child);
  }
  return ticks / TICKS_PER_SECOND;
}

function allStats() {
  const stats = new Map();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ').at(-1).split(' ');
      stats.set(Number(entry), {
        parent: Number(fields[1]),
        own: Number(fields[11]) + Number(fields[12]),
        ended: Number(fields[13]) + Number(fields[14]),
      });
    } catch {
      // The process exited between readdir and read.
    }
  }
  return stats;
}

/** A process's proportional set size in MB: its private memory and its share of shared memory. */
export function pssMb(pid) {
  return kilobytes(`/proc/${pid}/smaps_rollup`, 'Pss') / 1024;
}

/** A process's resident set size in MB. */
export function rssMb(pid) {
  return kilobytes(`/proc/${pid}/status`, 'VmRSS') / 1024;
}

function kilobytes(file, field) {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'))[1]);
}

/**
 * Samples a process's memory twice a second until `work` is done.
 *
 * @returns the result of `work` as `done`, and the samples in MB
 */
export async function watchMemory(pid, work) {
  const samples = { pss: [], rss: [] };
  if (!HAS_PROC) return { done: await work(), samples };
  const done = new AbortController();
  const watching = (async () => {
    while (!done.signal.aborted) {
      samples.pss.push(pssMb(pid));
      samples.rss.push(rssMb(pid));
      await sleep(SAMPLE_EVERY_MS, undefined, { signal: done.signal }).catch(() => undefined);
    }
  })();
  // If the process exits, `work` fails too, with the better error.
  watching.catch(() => undefined);
  try {
    return { done: await work(), samples };
  } finally {
    done.abort();
    await watching.catch(() => undefined);
  }
}
