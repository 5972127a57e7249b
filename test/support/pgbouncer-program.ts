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
/** PgBouncer of Debian, and the libraries that a machine may lack. */
const PACKAGES = ['pgbouncer', 'libc-ares2', 'libevent-2.1-7'];

/** How to start PgBouncer. */
export interface PgBouncerProgram {
  command: string;
  /** Directory of its libraries, if they are not the system's. */
  libraries?: string;
}

/**
 * Finds PgBouncer: by PGBOUNCER_PATH, on PATH, or in the user's cache. If there is none, takes
 * Debian's packages. Nothing is installed: they are unpacked into the cache.
 *
 * @throws Error that says what to do, if it cannot be had
 */
export async function findPgBouncer(): Promise<PgBouncerProgram> {
  const installed = [process.env.PGBOUNCER_PATH, ...candidates()].find((file) => file && isExecutable(file));
  if (installed) return { command: installed };
  const cached = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'signpost', 'pgbouncer');
  if (!existsSync(cached)) await unpackDebianPackages(cached);
  return { command: path.join(cached, 'usr/sbin/pgbouncer'), libraries: librariesIn(cached) };
}

function candidates(): string[] {
  // Distributions put it where only root looks.
  return [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin']
    .filter(Boolean)
    .map((directory) => path.join(directory, 'pgbouncer'));
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

async function unpackDebianPackages(target: string): Promise<void> {
  const work = mkdtempSync(path.join(tmpdir(), 'signpost-pgbouncer-'));
  try {
    // Lists of its own, so it needs no root and changes nothing of the system.
    for (const directory of ['lists/partial', 'cache/archives/partial', 'root'])
      mkdirSync(path.join(work, directory), { recursive: true });
    const own = ['-o', `Dir::State::Lists=${work}/lists`, '-o', `Dir::Cache=${work}/cache`];
    const options = ['-q', '-o', 'Acquire::Retries=3', ...own, '-o', 'Debug::NoLocking=1', '-o', 'APT::Sandbox::User='];
    await run('apt-get', [...options, 'update'], { cwd: work });
    await run('apt-get', [...options, 'download', ...PACKAGES], { cwd: work });
    const root = path.join(work, 'root');
    for (const file of readdirSync(work).filter((name) => name.endsWith('.deb')))
      await run('dpkg-deb', ['-x', path.join(work, file), root]);
    // PgBouncer does not run as root, and its user has to enter the directory.
    chmodSync(root, 0o755);
    mkdirSync(path.dirname(target), { recursive: true });
    await run('cp', ['-a', root, `${target}.${process.pid}`]);
    // Another test file may have been faster.
    if (!existsSync(target)) renameSync(`${target}.${process.pid}`, target);
  } catch (error) {
    throw new Error('PgBouncer was not found, and apt-get could not download it: put pgbouncer on PATH.', {
      cause: error,
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
