import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { withPrivateFiles } from './private-directory';

const POLL_MS = 50;
const LOG_TAIL_LINES = 5;
const START_TRIES = 3;

/** A server ended by itself before it was ready. */
class EndedEarlyError extends Error {
  override readonly name = 'EndedEarlyError';
}

/**
 * Starts a server, and again if it ended before it was ready: another program may have taken a port
 * that was free just before. Servers report that in words that change, so the words do not matter.
 *
 * @param start - one try, on ports that are free now
 */
export async function startWithRetries<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (tries >= START_TRIES || !((error as Error).cause instanceof EndedEarlyError)) throw error;
    }
  }
}

/**
 * Whether a process is running. One that has ended is not, even if its parent has not asked for its
 * exit code yet: such a zombie keeps its pid.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a process has ended, and its parent has not asked for its exit code yet. */
export function isZombie(pid: number): boolean {
  return statusFields(pid)?.[0] === 'Z';
}

/**
 * The fields of /proc/PID/stat from the third on, the state; undefined without /proc, or if the
 * process is gone.
 */
export function statusFields(pid: number): string[] | undefined {
  try {
    // The name in parentheses may contain anything.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
  } catch {
    return undefined;
  }
}

/**
 * The command line of a process, or undefined if it is unknown (no /proc, or the process is gone).
 */
export function commandLine(pid: number): string | undefined {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) ? readFileSync(file, 'utf8').replaceAll('\0', ' ') : undefined;
}

/** What a server needs of our environment. The rest may hold secrets. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TZ', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'SystemRoot'];

/** The environment of a server: not our keys and passwords. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const passedOn = PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return { ...(Object.fromEntries(passedOn) as NodeJS.ProcessEnv), LC_MESSAGES: 'C' };
}

/**
 * Starts a server in its own process group. Ctrl-C in a terminal must reach only us: we stop the
 * server when our own work is done. Its output goes to a file. Only the user it runs as may read
 * the files that it creates.
 */
export function spawnServer(
  command: string,
  args: string[],
  logFile: string,
  options: SpawnOptions = {},
): ChildProcess {
  return withPrivateFiles(() => {
    const log = openSync(logFile, 'a');
    try {
      const child = spawn(command, args, {
        ...options,
        env: serverEnvironment(),
        detached: true,
        stdio: ['ignore', log, log],
      });
      child.unref();
      return child;
    } finally {
      closeSync(log);
    }
  });
}

/**
 * Waits until a server that was just started is ready.
 *
 * @throws Error with the end of its log if it ends, or takes longer than `timeoutMs`
 */
export async function waitUntilUp(
  child: ChildProcess,
  isReady: () => Promise<boolean>,
  logFile: string,
  timeoutMs: number,
): Promise<void> {
  const failure = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(error));
    child.once('exit', (code, signal) =>
      reject(new EndedEarlyError(`ended with ${signal ?? `code ${code}`}: ${logTail(logFile)}`)),
    );
  });
  const up = async () => {
    const until = Date.now() + timeoutMs;
    while (Date.now() < until) {
      if (await isReady()) return;
      await sleep(POLL_MS);
    }
    throw new Error(`was not ready within ${timeoutMs / 1000} s: ${logTail(logFile)}`);
  };
  failure.catch(() => undefined);
  await Promise.race([failure, up()]);
}

function logTail(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(-LOG_TAIL_LINES).join(' | ') : 'no log';
}

/** Ends a process with a signal, or after `graceMs` with SIGKILL, and waits until it is gone. */
export async function endProcess(pid: number, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (!isAlive(pid)) return;
  kill(pid, signal);
  if (await isGoneWithin(pid, graceMs)) return;
  kill(pid, 'SIGKILL');
  await isGoneWithin(pid, 5000);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process is gone.
  }
}

async function isGoneWithin(pid: number, ms: number): Promise<boolean> {
  const until = Date.now() + ms;
  while (isAlive(pid)) {
    if (Date.now() > until) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** The preferred port of 127.0.0.1, or another free one if it is taken. */
export async function freePort(preferred: number): Promise<number> {
  return (await tryPort(preferred)) ?? (await tryPort(0))!;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const { port: bound } = server.address() as net.AddressInfo;
      server.close(() => resolve(bound));
    });
  });
}

/** Whether something accepts connections on a port of 127.0.0.1. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const done = (up: boolean) => {
      socket.destroy();
      resolve(up);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
