/** CPU time and memory of processes, from /proc; where there is none (not Linux) these figures are left out. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const TICKS_PER_SECOND = 100;
const SAMPLE_EVERY_MS = 500;

export const HAS_PROC = existsSync('/proc/self/stat');

/** CPU seconds that processes and their descendants have used, those that ended included. */
export function cpuSeconds(rootPids) {
  const stats = allStats();
  let ticks = 0;
  const pids = [...rootPids];
  for (let pid = pids.pop(); pid !== undefined; pid = pids.pop()) {
    const stat = stats.get(pid);
    // What has ended is in its parent's sum.
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
      // It ended while we looked.
    }
  }
  return stats;
}

/** A process's proportional set size in MB: what of the memory is its own, and its share of what it shares. */
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

/** Looks at a process's memory twice a second until `work` is done. @returns what `work` did, and the samples in MB */
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
  // A process that is gone fails the work as well, which says more.
  watching.catch(() => undefined);
  try {
    return { done: await work(), samples };
  } finally {
    done.abort();
    await watching.catch(() => undefined);
  }
}
