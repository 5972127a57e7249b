/** Starts what is measured, and reads its CPU time and memory from /proc. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const TICKS_PER_SECOND = 100;
const START_TIMEOUT_MS = 60_000;

/** Starts a Node program and waits for a line. @returns its pid, what it wrote, and how to end it */
export async function startNode(file, env, line) {
  const child = spawn(process.execPath, [file], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const until = Date.now() + START_TIMEOUT_MS;
  while (!line.test(output)) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`${file} did not start:\n${output}`);
    await sleep(50);
  }
  return {
    pid: child.pid,
    output: () => output,
    async stop() {
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(10_000).then(() => child.kill('SIGKILL'))]);
    },
  };
}

/** CPU seconds that a process and its descendants have used. */
export function cpuSeconds(rootPid) {
  const stats = allStats();
  let ticks = 0;
  const pids = [rootPid];
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
