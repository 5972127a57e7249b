import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../config';
import { makePrivateAbovePostgres, withPrivateFiles } from './private-directory';
import { isAlive, statusFields } from './processes';

/**
 * Locks a data directory for this process. Otherwise a second process would adopt the servers of
 * the first one, and stop them while they are in use.
 *
 * @returns releases the lock
 * @throws ConfigError if another process holds the lock
 */
export function lockDataDir(dataDir: string): () => void {
  makePrivateAbovePostgres(dataDir);
  const file = path.join(dataDir, 'lock.json');
  const content = JSON.stringify({ pid: process.pid, started: startOf(process.pid) });
  for (let tries = 0; tries < 3; tries++) {
    try {
      withPrivateFiles(() => writeFileSync(file, content, { flag: 'wx' }));
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = readOwner(file);
      if (owner && owner.pid !== process.pid && isAlive(owner.pid) && startOf(owner.pid) === owner.started) {
        throw new ConfigError(
          `Signpost is already running on ${dataDir} (process ${owner.pid}). Stop it, or set SIGNPOST_DATA_DIR to another directory.`,
        );
      }
      rmSync(file, { force: true });
    }
  }
  throw new ConfigError(
    `The lock ${file} could not be acquired: another process is starting on this directory. Start again.`,
  );
}

function readOwner(file: string): { pid: number; started: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { pid: number; started: string };
  } catch {
    return undefined;
  }
}

/**
 * The start time of a process, or an empty string without /proc. Distinguishes processes that get
 * the same pid.
 */
function startOf(pid: number): string {
  return statusFields(pid)?.[19] ?? '';
}
