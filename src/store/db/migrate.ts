import path from 'node:path';
import { Client } from 'pg';

const MIGRATIONS_DIR = path.join(__dirname, '..', '..', '..', 'migrations');
/** Any number that no other user of the database takes; all processes of the service wait for each other on it. */
const LOCK = 727_183_401;

/**
 * Brings the schema up to date. Safe to run from several processes at once: the first migrates, the others wait and find nothing to do.
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
