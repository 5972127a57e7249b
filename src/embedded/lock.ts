import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../config';
import { isAlive } from './processes';

/**
 * Takes a data directory for this process, so that a second one does not take over the servers of the first and stop them under it.
 *
 * @returns gives it back
 * @throws ConfigError where another process has it
 */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true });
  const file = path.join(dataDir, 'lock.json');
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid) });
  for (let tries = 0; tries < 3; tries++) {
    try {
      writeFileSync(file, mine, { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = readOwner(file);
      if (owner && owner.pid !== process.pid && isAlive(owner.pid) && startOf(owner.pid) === owner.started) {
        throw new ConfigError(
          `Signpost runs already on ${dataDir} (process ${owner.pid}): stop it, or set SIGNPOST_DATA_DIR to another directory.`,
        );
      }
      rmSync(file, { force: true });
    }
  }
  throw new ConfigError(`The lock ${file} could not be taken: another process is starting on this directory.`);
}

function readOwner(file: string): { pid: number; started: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { pid: number; started: string };
  } catch {
    return undefined;
  }
}

/** When a process started, as far as that can be told: process numbers are used again. */
function startOf(pid: number): string {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return '';
  // The name in parentheses may hold anything; the fields after it are numbers, of which the 20th is the start time.
  return readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '';
}
