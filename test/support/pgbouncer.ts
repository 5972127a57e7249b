import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
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
  const { command, libraries } = await findPgBouncer();
  const directory = path.join(tempDir(), 'pgbouncer');
  mkdirSync(directory);
  const port = await freePort(0);
  const { hostname, port: postgresPort, username, password } = new URL(databaseUrl);
  const configFile = path.join(directory, 'pgbouncer.ini');
  writeFileSync(
    configFile,
    [
      '[databases]',
      `* = host=${hostname} port=${postgresPort} user=${username} password=${password}`,
      '[pgbouncer]',
      ...Object.entries({
        listen_addr: '127.0.0.1',
        listen_port: port,
        unix_socket_dir: '',
        auth_type: 'any',
        pool_mode: poolMode,
        // It does not run as root.
        ...(process.getuid?.() === 0 ? { user: 'nobody' } : {}),
        ...settings,
      }).map(([name, value]) => `${name} = ${value}`),
    ].join('\n'),
  );
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
