import { randomUUID } from 'node:crypto';
import { open, readFile, rm, stat, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Interval at which the owner refreshes the lock file's modification time. */
const HEARTBEAT_MS = 5000;
/** A lock without a heartbeat for this long is stale. */
const STALE_MS = 30_000;
/** Wait while another process takes over a stale lock. */
const TAKEOVER_WAIT_MS = 10;

interface Owner {
  pid: number;
  host: string;
  token: string;
}

/** A directory that this process has locked. */
export interface DirectoryLock {
  /** Different for each lock, so that names made with it are never used by two owners. */
  readonly token: string;
  /**
   * Checks that this process still holds the lock. A process that was paused for longer than the
   * heartbeat may have lost it.
   *
   * @throws {@link LockLostError} if not; from then on always
   */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Another process has taken over the directory of an outbox, because this one was paused for more
 * than 30 seconds. The outbox has stopped. The other process sends what is in the directory.
 */
export class LockLostError extends Error {
  override readonly name = 'LockLostError';
}

/**
 * Locks a directory for this process. A lock left by a dead process is taken over: immediately if
 * its process ran on this machine and is gone, even if this process now has the same pid (in a
 * container every process may be pid 1); after 30 seconds without a heartbeat if it ran on another
 * machine.
 *
 * @throws Error if a live process holds the lock
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const file = path.join(directory, 'lock');
  const token = randomUUID();
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), token } satisfies Owner);
  while (!(await createLock(file, mine))) {
    const found = await readLock(file);
    if (!found) continue;
    const { owner, ageMs, text } = found;
    if (isAlive(owner, ageMs))
      throw new Error(
        `The outbox directory ${directory} is in use by process ${owner?.pid ?? 'unknown'} on host ${owner?.host ?? 'unknown'}, ` +
          `last seen ${Math.round(ageMs / 1000)} s ago. Stop that process, or give each process its own directory.`,
      );
    await removeStale(file, text);
  }
  let lost: LockLostError | undefined;
  async function assertHeld(): Promise<void> {
    if (lost) throw lost;
    let found = await readLock(file);
    // Someone deleted the lock. It can be had again unless another process is faster.
    if (!found && (await createLock(file, mine))) return;
    found ??= await readLock(file);
    if (found?.text === mine) return;
    const taker = found?.owner ? ` by process ${found.owner.pid} on host ${found.owner.host}` : '';
    lost = new LockLostError(
      `The outbox directory ${directory} was taken over${taker} while this process was paused. ` +
        'This outbox has stopped; open it again to continue.',
    );
    throw lost;
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    // Not the lock of another process: that would stay fresh although its process is dead. If the
    // directory is gone, the next write to it reports that.
    assertHeld()
      .then(() => utimes(file, now, now))
      .catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    token,
    assertHeld,
    async release() {
      clearInterval(heartbeat);
      if ((await readLock(file))?.text === mine) await unlink(file).catch(() => undefined);
    },
  };
}

async function createLock(file: string, text: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(text).finally(() => handle.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readLock(file: string): Promise<{ owner: Owner | undefined; ageMs: number; text: string } | undefined> {
  try {
    const text = await readFile(file, 'utf8');
    return { owner: parseOwner(text), ageMs: Date.now() - (await stat(file)).mtimeMs, text };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return undefined;
  }
}

function isAlive(owner: Owner | undefined, ageMs: number): boolean {
  if (owner?.host !== hostname()) return ageMs < STALE_MS;
  // A lock older than this process was left by an earlier process with the same pid.
  if (owner.pid === process.pid) return ageMs < process.uptime() * 1000;
  return isRunning(owner.pid) && ageMs < STALE_MS;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Removes a stale lock, unless another process has replaced it since it was read. Deleting is not
 * conditional on the content, so only one process at a time may do it: without the guard file, a
 * second process could delete the fresh lock of the first.
 */
async function removeStale(file: string, staleText: string): Promise<void> {
  const guard = `${file}.takeover`;
  if (!(await createLock(guard, ''))) {
    const found = await readLock(guard);
    // Left by a process that crashed during a takeover.
    if (found && found.ageMs >= STALE_MS) await unlink(guard).catch(() => undefined);
    await sleep(TAKEOVER_WAIT_MS);
    return;
  }
  try {
    if ((await readLock(file))?.text === staleText) await rm(file, { force: true });
  } finally {
    await unlink(guard).catch(() => undefined);
  }
}
