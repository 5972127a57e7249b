import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { accepts, endProcess, freePort } from '../../src/embedded/processes';
import { findPgBouncer } from './pgbouncer-program';
import { tempDir } from './service';
import { until } from './until';

export type PoolMode = 'session' | 'transaction' | 'statement';

/** A real PgBouncer in front of a Postgres. */
export interface PgBouncer {
  /** The same database through PgBouncer. */
  url: string;
  stop(): Promise<void>;
}

/**
 * @param databaseUrl - a database of the Postgres behind it
 * @param settings - more settings of PgBouncer
 */
export async function startPgBouncer(
  databaseUrl: string,
  poolMode: PoolMode,
  settings: Record<string, string | number> = {},
): Promise<PgBouncer> {
  const port = await freePort(0);
  const { hostname, port: postgresPort, username, password } = new URL(databaseUrl);
  const ini = [
    '[databases]',
    `* = host=${hostname} port=${postgresPort} user=${username} password=${password}`,
    '[pgbouncer]',
    ...Object.entries({
      listen_addr: '127.0.0.1',
      listen_port: port,
      unix_socket_dir: '',
      auth_type: 'any',
      pool_mode: poolMode,
      ...settings,
    }).map(([name, value]) => `${name} = ${value}`),
  ];
  return start(databaseUrl, port, ini.join('\n'), createDirectory());
}

/**
 * Starts a PgBouncer with the settings and the users that docs/operators/postgres.md prints. Only
 * the addresses, the name of the role and the paths are those of the test.
 */
export async function startDocumentedPgBouncer(
  databaseUrl: string,
  poolMode: 'session' | 'transaction',
): Promise<PgBouncer> {
  const port = await freePort(0);
  const directory = createDirectory();
  const page = readFileSync(path.join(__dirname, '..', '..', 'docs', 'operators', 'postgres.md'), 'utf8');
  const [settings = '', ofSessionMode = ''] = [...page.matchAll(/^```ini\n([\s\S]*?)^```$/gm)].map(
    ([, block]) => block!,
  );
  const { hostname, port: postgresPort, username } = new URL(databaseUrl);
  const [, question] = /-c "(select format\(.*)"$/m.exec(page)!;
  const users = path.join(directory, 'userlist.txt');
  writeFileSync(
    users,
    await userlist(databaseUrl, question!.replaceAll('\\"', '"').replace("'signpost'", `'${username}'`)),
  );
  let ini = settings
    .replace(/^signpost = .*$/m, `* = host=${hostname} port=${postgresPort}`)
    .replace(/^listen_port = .*$/m, `listen_port = ${port}`)
    .replace(/^auth_file = .*$/m, `auth_file = ${users}`);
  if (poolMode === 'session')
    for (const [line, name] of ofSessionMode.matchAll(/^(\w+) = .*$/gm))
      ini = ini.replace(new RegExp(`^${name} = .*$`, 'm'), line);
  return start(databaseUrl, port, ini, directory);
}

async function userlist(databaseUrl: string, question: string): Promise<string> {
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    const { rows } = await client.query<{ format: string }>(question);
    return rows.map(({ format }) => `${format}\n`).join('');
  } finally {
    await client.end();
  }
}

function createDirectory(): string {
  const directory = path.join(tempDir(), 'pgbouncer');
  mkdirSync(directory);
  return directory;
}

async function start(databaseUrl: string, port: number, ini: string, directory: string): Promise<PgBouncer> {
  const { command, libraries } = await findPgBouncer();
  const configFile = path.join(directory, 'pgbouncer.ini');
  // It does not run as root.
  writeFileSync(configFile, process.getuid?.() === 0 ? `${ini}\nuser = nobody\n` : ini);
  const child = spawn(command, ['--quiet', configFile], {
    env: { ...process.env, ...(libraries ? { LD_LIBRARY_PATH: libraries } : {}) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`PgBouncer ended with code ${child.exitCode}: ${log}`);
      return accepts(port);
    },
    (up) => up,
  );
  const url = new URL(databaseUrl);
  url.port = String(port);
  return { url: url.toString(), stop: () => endProcess(child.pid!, 'SIGTERM', 5000) };
}
