/** Starts the processes that are measured. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { undoAtEnd } from './cleanup.mjs';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

/** Starts a Node program. @see startProcess */
export function startNode(file, env, line) {
  return startProcess(process.execPath, [file], env, line);
}

/**
 * Starts a program and waits until its output contains a line.
 *
 * @returns its `pid`, its `output()` so far, and `stop()`
 * @throws Error with its output if it exits first, or takes longer than a minute
 */
export async function startProcess(command, args, env, line) {
  let child;
  let ended;
  const stop = undoAtEnd(async (now) => {
    child.kill(now ? 'SIGKILL' : 'SIGTERM');
    const giveUp = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(giveUp);
  });
  child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  ended = new Promise((resolve) => child.once('close', resolve));
  let output = '';
  let failure;
  child.once('error', (error) => (failure = error));
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const until = Date.now() + START_TIMEOUT_MS;
  while (!line.test(output)) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (failure || hasEnded || Date.now() > until) {
      if (!failure) await stop(true);
      throw new Error(`${[command, ...args].join(' ')} did not start:\n${failure?.message ?? output}`);
    }
    await sleep(50);
  }
  return { pid: child.pid, output: () => output, stop: () => stop() };
}
