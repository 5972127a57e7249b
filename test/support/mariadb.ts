import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { createConnection } from 'mysql2/promise';
import { endProcess, freePort } from '../../src/embedded/processes';
import { createAuthority } from './certificates';
import { findDebianProgram, withDependencies, type DebianProgram } from './debian-packages';
import { until } from './until';

/** A MariaDB of one test file, whose certificate is that of an unknown authority. */
export interface TestMariaDb {
  /** URL of a login that may do everything in the database `ledger`. */
  url: string;
  /** Runs a statement as that login. */
  run(sql: string): Promise<unknown[]>;
  /** The URL of another login, whose password is `secret`. */
  urlOf(user: string): string;
  stop(): Promise<void>;
}

/** @throws Error that says what to do, if MariaDB cannot be had */
export async function startMariaDb(): Promise<TestMariaDb> {
  const program = await findDebianProgram('usr/sbin/mariadbd', 'MARIADBD_PATH', (options) =>
    withDependencies('mariadb-server-core', options),
  );
  const directory = mkdtempSync(path.join(tmpdir(), 'signpost-mariadb-'));
  const data = path.join(directory, 'data');
  mkdirSync(data);
  const share = shareOf(program);
  const options = [
    '--no-defaults',
    `--datadir=${data}`,
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${path.join(share, 'charsets')}`,
    // As root, the server starts only with this option.
    `--user=${userInfo().username}`,
    '--innodb-buffer-pool-size=16M',
    '--innodb-log-file-size=8M',
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-use-native-aio=0',
  ];
  const env = { ...process.env, ...(program.libraries ? { LD_LIBRARY_PATH: program.libraries } : {}) };
  const start = (more: string[], input = '') => {
    const child = spawn(program.command, [...options, ...more], { env, cwd: directory });
    let log = '';
    child.stderr.on('data', (chunk) => (log += chunk));
    child.stdout.resume();
    child.stdin.on('error', () => undefined).end(input);
    const ended = new Promise<number | null>((resolve) => child.on('error', () => resolve(null)).on('exit', resolve));
    return { child, ended, log: () => log };
  };

  const tables = ['mysql_system_tables.sql', 'mysql_system_tables_data.sql'];
  const system = tables.map((file) => readFileSync(path.join(share, file), 'utf8'));
  const bootstrap = start(['--bootstrap'], ['create database mysql;', 'use mysql;', ...system].join('\n'));
  if ((await bootstrap.ended) !== 0) throw new Error(`MariaDB made no database: ${bootstrap.log()}`);

  const logins = path.join(directory, 'logins.sql');
  // One statement a line.
  writeFileSync(
    logins,
    `create database ledger character set utf8mb4;
create user owner@'%' identified by 'secret';
grant all on *.* to owner@'%' with grant option;
`,
  );
  const authority = createAuthority('nobody knows it');
  const { certificate, key } = authority.issue('mariadb');
  authority.remove();
  const tls = { cert: certificate, key };
  for (const [name, content] of Object.entries(tls)) writeFileSync(path.join(directory, name), content);
  const port = await freePort(0);
  const socket = path.join(directory, 'socket');
  const server = start([
    ...['--bind-address=127.0.0.1', `--port=${port}`, `--socket=${socket}`, `--init-file=${logins}`],
    ...Object.keys(tls).map((name) => `--ssl-${name}=${path.join(directory, name)}`),
  ]);
  const urlOf = (user: string) => `mysql://${user}:secret@127.0.0.1:${port}/ledger`;
  let isRunning = true;
  void server.ended.then(() => (isRunning = false));
  const owner = await until(
    () => createConnection(urlOf('owner')).catch(() => undefined),
    (connection) => connection !== undefined || !isRunning,
  );
  if (!owner) throw new Error(`MariaDB did not start: ${server.log()}`);
  return {
    url: urlOf('owner'),
    urlOf,
    run: async (sql) => (await owner.query(sql))[0] as unknown[],
    async stop() {
      owner.destroy();
      await endProcess(server.child.pid!, 'SIGTERM', 10_000);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function shareOf({ root = '/' }: DebianProgram): string {
  const found = ['mysql', 'mariadb']
    .map((name) => path.join(root, 'usr/share', name))
    .find((directory) => existsSync(path.join(directory, 'mysql_system_tables.sql')));
  if (!found) throw new Error('MariaDB has no mysql_system_tables.sql: set MARIADBD_PATH to a whole installation.');
  return found;
}
