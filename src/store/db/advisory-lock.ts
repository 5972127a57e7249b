import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/**
 * Idle time after which Postgres takes the lock from a process that is frozen or unreachable.
 * Setting it again counts as activity. Unlike a query it takes no snapshot, for whose end the
 * building of an index would wait.
 */
const SET_IDLE_TIMEOUT = "set local idle_in_transaction_session_timeout = '30s'";
const KEEP_MS = 5000;
const RETRY_MS = 500;
const CONNECT_TIMEOUT_MS = 10_000;

/** A connection for start-up work. It takes no start-up parameters that a pooler refuses. */
export async function connectAlone(connectionString: string, applicationName: string): Promise<Client> {
  const client = new Client({
    connectionString,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  // An error without a listener would end the process. The statement in flight is rejected as well.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

export interface LockOptions {
  /** Whether to wait while another process has the lock. */
  wait: boolean;
  /** Ends the wait. */
  signal?: AbortSignal;
}

/**
 * Runs `work` while this process has an advisory lock. The lock belongs to an open transaction on a
 * connection of its own, because behind a transaction pooler nothing else belongs to one client.
 *
 * @param work - gets a signal that is aborted if the lock is lost
 * @returns the result, or undefined if another process has the lock and `wait` is false
 */
export async function whileLocked<T>(
  connectionString: string,
  lock: number,
  { wait, signal }: LockOptions,
  work: (lost: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const client = await connectAlone(connectionString, 'signpost-lock');
  const lost = new AbortController();
  client.once('end', () => lost.abort());
  let keeping: NodeJS.Timeout | undefined;
  try {
    while (!(await tryLock(client, lock))) {
      if (!wait) return undefined;
      await sleep(RETRY_MS, undefined, { signal });
    }
    // The transaction is idle otherwise. A frozen process stops doing this.
    keeping = setInterval(() => void client.query(SET_IDLE_TIMEOUT).catch(() => lost.abort()), KEEP_MS);
    return await work(lost.signal);
  } finally {
    clearInterval(keeping);
    await client.end();
  }
}

async function tryLock(client: Client, lock: number): Promise<boolean> {
  await client.query(`begin; ${SET_IDLE_TIMEOUT}`);
  // With a parameter, Postgres would keep a portal open, and with it a snapshot.
  const { rows } = await client.query<{ locked: boolean }>(`select pg_try_advisory_xact_lock(${lock}) as locked`);
  if (!rows[0]!.locked) await client.query('rollback');
  return rows[0]!.locked;
}
