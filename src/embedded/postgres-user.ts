import { execFileSync, type SpawnOptions } from 'node:child_process';
import { chownSync, statSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../config';

const USER = 'postgres';

/** How to run a program of Postgres, which refuses to run as root. */
export interface RunAs {
  command: string;
  args: string[];
  options: SpawnOptions;
}

/**
 * As an ordinary user the program runs as it is. As root it runs as the user `postgres`, which is made where there is none. Where that user cannot
 * reach the files (a project below a directory that only root may enter), it keeps the one capability that opens the way.
 *
 * @param reached - files and directories that the program must reach
 * @throws ConfigError where there is no such way
 */
export function runAsPostgres(command: string, args: string[], reached: string[]): RunAs {
  if (process.getuid?.() !== 0) return { command, args, options: {} };
  const { uid, gid } = ensureUser();
  if (reached.every(isOpenToAll)) return { command, args, options: { uid, gid } };
  // Without the secure bit, access(2), by which initdb looks for its files, would ignore the capability of one who is not root.
  const wrapped = [
    '--securebits',
    '+no_setuid_fixup',
    '--reuid',
    String(uid),
    '--regid',
    String(gid),
    '--clear-groups',
    '--inh-caps',
    '+dac_override',
    '--ambient-caps',
    '+dac_override',
    command,
    ...args,
  ];
  if (!hasSetpriv()) {
    throw new ConfigError(
      `Postgres cannot run as root, and the user "${USER}" cannot reach ${reached.find((place) => !isOpenToAll(place))}: ` +
        'move the project to a directory that others may enter, start as an ordinary user, or set DATABASE_URL.',
    );
  }
  return { command: 'setpriv', args: wrapped, options: {} };
}

/** Gives a directory to the user that Postgres will run as. */
export function giveToPostgres(directory: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = ensureUser();
  chownSync(directory, uid, gid);
}

function ensureUser(): { uid: number; gid: number } {
  const found = idsOf(USER);
  if (found) return found;
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', USER], {
      stdio: 'ignore',
    });
  } catch (error) {
    throw new ConfigError(
      `Postgres cannot run as root, and the user "${USER}" could not be made: start as an ordinary user, or set DATABASE_URL.`,
      { cause: error },
    );
  }
  return idsOf(USER)!;
}

function idsOf(user: string): { uid: number; gid: number } | undefined {
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/** Whether every directory above a place lets everybody pass. */
function isOpenToAll(place: string): boolean {
  for (let directory = path.dirname(place); ; directory = path.dirname(directory)) {
    if ((statSync(directory).mode & 0o001) === 0) return false;
    if (directory === path.dirname(directory)) return true;
  }
}

function hasSetpriv(): boolean {
  try {
    execFileSync('setpriv', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
