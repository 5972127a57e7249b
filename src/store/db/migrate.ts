import path from 'node:path';
import { Client } from 'pg';

const MIGRATIONS_DIR = path.join(__dirname, '..', '..', '..', 'migrations');
/**
 * Advisory lock of all processes that migrate. Any number that nothing else in the database uses.
 */
const LOCK = 727_183_401;

/**
 * Migrates the schema. Several processes may call it concurrently: the first one migrates, the
 * others wait and find nothing to do.
 *
 * @returns the names of the migrations that were run
 */
export async function migrate(connectionString: string): Promise<string[]> {
  const { runner } = await import('node-pg-migrate');
  const client = new Client({ connectionString, application_name: 'signpost-migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    const run = await runner({
      dbClient: client,
      dir: MIGRATIONS_DIR,
      direction: 'up',
      migrationsTable: 'schema_migrations',
      noLock: true,
      log: () => undefined,
    });
    return run.map((migration) => migration.name);
  } finally {
    await client.end();
  }
}
