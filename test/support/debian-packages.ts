import { execFile } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How to start a program of Debian's. */
export interface DebianProgram {
  command: string;
  /** Directory of its libraries, if they are not the system's. */
  libraries?: string;
  /** Where its packages are unpacked, if it is not the system's. */
  root?: string;
}

/**
 * Finds a program: by an environment variable, on PATH, or in the user's cache. If there is none,
 * takes Debian's packages. Nothing is installed: they are unpacked into the cache.
 *
 * @param file - path of the program in its package
 * @param packages - the package and the libraries that a machine may lack
 * @throws Error that says what to do, if it cannot be had
 */
export async function findDebianProgram(
  file: string,
  variable: string,
  packages: (options: readonly string[]) => Promise<string[]>,
): Promise<DebianProgram> {
  const name = path.basename(file);
  const installed = [process.env[variable], ...candidates(name)].find((found) => found && isExecutable(found));
  if (installed) return { command: installed };
  const root = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'signpost', name);
  if (!existsSync(root)) await unpack(name, root, packages);
  return { command: path.join(root, file), libraries: librariesIn(root), root };
}

function candidates(name: string): string[] {
  // Distributions put servers where only root looks.
  return [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin']
    .filter(Boolean)
    .map((directory) => path.join(directory, name));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function librariesIn(root: string): string {
  const lib = path.join(root, 'usr/lib');
  const architecture = readdirSync(lib).find((name) => name.endsWith('-linux-gnu'));
  return path.join(lib, architecture ?? '');
}

async function unpack(
  name: string,
  target: string,
  packages: (options: readonly string[]) => Promise<string[]>,
): Promise<void> {
  const work = mkdtempSync(path.join(tmpdir(), `signpost-${name}-`));
  try {
    // Lists of its own, so it needs no root and changes nothing of the system.
    for (const directory of ['lists/partial', 'cache/archives/partial', 'root'])
      mkdirSync(path.join(work, directory), { recursive: true });
    const own = ['-o', `Dir::State::Lists=${work}/lists`, '-o', `Dir::Cache=${work}/cache`];
    const options = ['-q', '-o', 'Acquire::Retries=3', ...own, '-o', 'Debug::NoLocking=1', '-o', 'APT::Sandbox::User='];
    await run('apt-get', [...options, 'update'], { cwd: work });
    await run('apt-get', [...options, 'download', ...(await packages(own))], { cwd: work });
    const root = path.join(work, 'root');
    for (const file of readdirSync(work).filter((entry) => entry.endsWith('.deb')))
      await run('dpkg-deb', ['-x', path.join(work, file), root]);
    // A program that does not run as root has to enter the directory.
    chmodSync(root, 0o755);
    mkdirSync(path.dirname(target), { recursive: true });
    await run('cp', ['-a', root, `${target}.${process.pid}`]);
    // Another test file may have been faster.
    if (!existsSync(target)) renameSync(`${target}.${process.pid}`, target);
  } catch (error) {
    throw new Error(`${name} was not found, and apt-get could not download it: put ${name} on PATH.`, { cause: error });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The packages that one of Debian's needs, itself included. Their names differ by release. */
export async function withDependencies(name: string, options: readonly string[]): Promise<string[]> {
  const { stdout } = await run('apt-cache', [...options, 'depends', name]);
  const needed = [...stdout.matchAll(/^ +\|?Depends: ([^<\s]+)$/gm)].map((match) => match[1]!);
  // A program runs with the C library of its system only.
  return [name, ...needed.filter((dependency) => dependency !== 'libc6')];
}
