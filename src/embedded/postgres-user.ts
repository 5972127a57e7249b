import { execFileSync, type SpawnOptions } from 'node:child_process';
import { chownSync, statSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../config';

const USER = 'postgres';

/** A command that runs a program of Postgres, which refuses to run as root. */
export interface RunAs {
  command: string;
  args: string[];
  options: SpawnOptions;
}

/**
 * Returns how to run a program of Postgres. An ordinary user runs it as it is. Root runs it as the
 * user `postgres`, which is created if there is none. If that user cannot access the files, for
 * example in a project below a directory that only root may enter, the program keeps the one
 * capability that gives access.
 *
 * @param requiredPaths - files and directories that the program must access
 * @throws ConfigError if the program cannot run
 */
export function runAsPostgres(command: string, args: string[], requiredPaths: string[]): RunAs {
  if (process.getuid?.() !== 0) return { command, args, options: {} };
  const { uid, gid } = ensureUser();
  if (requiredPaths.every(isOpenToAll)) return { command, args, options: { uid, gid } };
  // initdb looks for its files with access(2), which ignores the capabilities of other users than
  // root unless this secure bit is set.
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
      `Postgres cannot run as root, and the user "${USER}" cannot access ${requiredPaths.find((required) => !isOpenToAll(required))}: ` +
        'move the project to a directory that others may enter, start as an ordinary user, or set DATABASE_URL.',
    );
  }
  return { command: 'setpriv', args: wrapped, options: {} };
}

/** Changes the owner of a path to the user that Postgres will run as. */
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
      `Postgres cannot run as root, and the user "${USER}" could not be created: start as an ordinary user, or set DATABASE_URL.`,
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

/** Whether every user may enter all directories above a path. */
function isOpenToAll(file: string): boolean {
  for (let directory = path.dirname(file); ; directory = path.dirname(directory)) {
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
