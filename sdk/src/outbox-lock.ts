import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';

/** How often the one that has a lock shows that it lives. */
const BEAT_MS = 5000;
/** One that did not for so long is taken to be dead, where nothing better can be known. */
const STALE_MS = 30_000;

interface Owner {
  pid: number;
  host: string;
  token: string;
}

/**
 * Keeps a directory to one process. A lock that a process left behind when it died is taken over: at once where it died on this machine, also where its
 * number is another's by now (in a container every process may be number 1), and after 30 seconds where it cannot be seen from here.
 *
 * @returns what gives it up
 * @throws Error where a process that runs has it
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const file = path.join(directory, 'lock');
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), token: randomUUID() } satisfies Owner);
  while (!(await created(file, mine))) {
    const found = await look(file);
    if (!found) continue;
    const { owner, ageMs, text } = found;
    if (isAlive(owner, ageMs))
      throw new Error(
        `The outbox ${directory} belongs to process ${owner?.pid ?? '?'} on ${owner?.host ?? '?'}, which was there ${Math.round(ageMs / 1000)} s ago.`,
      );
    await takeAway(file, text);
  }
  const beat = setInterval(() => {
    const now = new Date();
    // A directory that is gone is noticed by what is written to it.
    utimes(file, now, now).catch(() => undefined);
  }, BEAT_MS);
  beat.unref();
  return async () => {
    clearInterval(beat);
    if ((await look(file))?.text === mine) await unlink(file).catch(() => undefined);
  };
}

async function created(file: string, text: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(text).finally(() => handle.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function look(file: string): Promise<{ owner: Owner | undefined; ageMs: number; text: string } | undefined> {
  try {
    const text = await readFile(file, 'utf8');
    return { owner: ownerOf(text), ageMs: Date.now() - (await stat(file)).mtimeMs, text };
  } catch {
    return undefined;
  }
}

function ownerOf(text: string): Owner | undefined {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return undefined;
  }
}

function isAlive(owner: Owner | undefined, ageMs: number): boolean {
  if (owner?.host !== hostname()) return ageMs < STALE_MS;
  // Older than this process: left behind by one that had its number.
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

/** Only the lock that was looked at: another process may have taken it over meanwhile, and then keeps it. */
async function takeAway(file: string, text: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
    if ((await readFile(aside, 'utf8')) !== text) await link(aside, file);
    await unlink(aside);
  } catch {
    // Somebody else took it away; whose it is now is looked at next.
  }
}
