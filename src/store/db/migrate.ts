import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { connectAlone, whileLocked } from './advisory-lock';
import type { Executor } from './database';

const MIGRATIONS_DIR = path.join(__dirname, '..', '..', '..', 'migrations');
/**
 * Advisory lock of all processes that migrate. Any number that nothing else in the database uses.
 */
const LOCK = 727_183_401;
/** A migration that a frozen process began is rolled back after this time, and its locks go. */
const IDLE_IN_TRANSACTION = '30s';

/**
 * Migrates the schema. Several processes may call it concurrently: the first one migrates, the
 * others wait and find nothing to do.
 *
 * @param signal - ends the wait for another process
 * @returns the names of the migrations that were run
 */
export async function migrate(connectionString: string, signal?: AbortSignal): Promise<string[]> {
  const run = await whileLocked(connectionString, LOCK, { wait: true, signal }, (lost) =>
    runMigrations(connectionString, lost),
  );
  return run!;
}

/**
 * Compares the migrations of this version with those that the database has.
 *
 * @returns `pending`: not yet run; `unknown`: run by another version, and absent from this one
 */
export async function findMigrations(db: Executor): Promise<{ pending: string[]; unknown: string[] }> {
  const files = (await readdir(MIGRATIONS_DIR)).filter((file) => file.endsWith('.sql')).sort();
  const own = files.map((file) => path.parse(file).name);
  const { rows: tables } = await db.query<{ exists: boolean }>({
    text: `select to_regclass('schema_migrations') is not null as exists`,
  });
  if (!tables[0]!.exists) return { pending: own, unknown: [] };
  const { rows } = await db.query<{ name: string }>({ text: 'select name from schema_migrations order by name' });
  const run = rows.map(({ name }) => name);
  return { pending: own.filter((name) => !run.includes(name)), unknown: run.filter((name) => !own.includes(name)) };
}

async function runMigrations(connectionString: string, lost: AbortSignal): Promise<string[]> {
  const { runner } = await import('node-pg-migrate');
  const client = await connectAlone(connectionString, 'signpost-migrate');
  let ending: Promise<void> | undefined;
  const end = () => (ending ??= client.end());
  lost.addEventListener('abort', () => void end());
  try {
    await client.query(`set idle_in_transaction_session_timeout = '${IDLE_IN_TRANSACTION}'`);
    const run = await runner({
      dbClient: client,
      dir: MIGRATIONS_DIR,
      direction: 'up',
      migrationsTable: 'schema_migrations',
      noLock: true,
      // One transaction each, so that the locks of one are released before the next scans a table.
      singleTransaction: false,
      log: () => undefined,
    });
    return run.map((migration) => migration.name);
  } finally {
    await end();
  }
}
