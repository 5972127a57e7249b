import type { Client } from 'pg';
import { ConfigError } from '../../config';
import { connectAlone } from './advisory-lock';

/** Whether something gives connections to Postgres to several clients, and for how long. */
export type Pooling = 'none' | 'session' | 'transaction';

/** Postgres takes no writes: it is a standby, or its sessions are read-only. */
export class ReadOnlyError extends Error {
  override readonly name = 'ReadOnlyError';
  /** As if a statement had tried to write. */
  readonly code = '25006';
}

/** How often two clients are compared. A busy pooler may give connections to others in between. */
const COMPARISONS = 5;

/**
 * Finds out whether a pooler such as PgBouncer is between this process and Postgres, and whether
 * it assigns connections per session or per transaction.
 *
 * @throws ReadOnlyError if Postgres takes no writes
 * @throws ConfigError if the pooler allows no transactions
 */
export async function inspectPostgres(connectionString: string): Promise<Pooling> {
  const first = await connectAlone(connectionString, 'signpost-start');
  try {
    await requireWritable(first);
    // Postgres reports to each client the process that serves it. A pooler invents the number.
    const pid = await backendOf(first);
    if (pid === (first as Client & { processID: number }).processID) return 'none';
    const second = await connectAlone(connectionString, 'signpost-start');
    try {
      return (await isShared(first, second, pid)) ? 'transaction' : 'session';
    } finally {
      await second.end();
    }
  } catch (error) {
    if (!/statement pooling/.test(String((error as Error).message))) throw error;
    throw new ConfigError(
      'DATABASE_URL leads to a pooler in statement mode, which allows no transactions. Set pool_mode to transaction or session there.',
      { cause: error },
    );
  } finally {
    await first.end();
  }
}

async function requireWritable(client: Client): Promise<void> {
  const { rows } = await client.query<{ off: boolean }>(
    "select current_setting('transaction_read_only') = 'off' as off",
  );
  if (!rows[0]!.off) throw new ReadOnlyError('Postgres is read-only.');
}

/** Whether two connected clients were served by the same backend, or one of them by several. */
async function isShared(first: Client, second: Client, pid: number): Promise<boolean> {
  for (let comparison = 0; comparison < COMPARISONS; comparison++) {
    await second.query('begin');
    const shared = (await backendOf(second)) === pid;
    await second.query('commit');
    if (shared || (await backendOf(first)) !== pid) return true;
  }
  return false;
}

async function backendOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]!.pid;
}
