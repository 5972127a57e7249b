import type { PoolClient, QueryResult, QueryResultRow } from 'pg';

/** A statement. If it has a `name`, each connection prepares it once. */
export interface Statement {
  text: string;
  values?: unknown[];
  name?: string;
}

/**
 * Limits of one pool. Each statement, lock and idle transaction of its connections has a deadline.
 */
export interface PoolLimits {
  /** Connections. */
  max: number;
  /**
   * Connections that are kept while nobody uses them, with their prepared statements. Others are
   * closed after 10 s, and the next statement connects and plans again.
   */
  min: number;
  /** Longest wait for a connection. */
  connectTimeoutMs: number;
  statementTimeoutMs: number;
  lockTimeoutMs: number;
  idleInTransactionTimeoutMs: number;
  /**
   * Whether prepared statements are planned once. By default, Postgres plans statements on
   * partitioned tables again for every execution, which takes longer than running them.
   */
  genericPlans: boolean;
  /**
   * Whether a pooler gives each transaction another connection. Nothing may then belong to a
   * connection: statements are not prepared, and each transaction sets its own limits.
   */
  transactionPooling: boolean;
}

/** Limits of a pool for which nothing else is said. */
export const DEFAULT_LIMITS: PoolLimits = {
  max: 10,
  min: 0,
  connectTimeoutMs: 10_000,
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 5000,
  idleInTransactionTimeoutMs: 30_000,
  genericPlans: false,
  transactionPooling: false,
};

/**
 * Settings of a connection. They are set after connecting, because poolers such as PgBouncer refuse
 * them as start-up parameters.
 */
export function sessionSettings(limits: PoolLimits): string {
  return settings(limits, 'set').join('; ');
}

/** Begins a transaction, and behind a transaction pooler sets its limits in the same round trip. */
export function beginStatement(limits: PoolLimits): string {
  return limits.transactionPooling ? ['begin', ...settings(limits, 'set local')].join('; ') : 'begin';
}

function settings(limits: PoolLimits, set: 'set' | 'set local'): string[] {
  return [
    `${set} statement_timeout = ${limits.statementTimeoutMs}`,
    `${set} lock_timeout = ${limits.lockTimeoutMs}`,
    `${set} idle_in_transaction_session_timeout = ${limits.idleInTransactionTimeoutMs}`,
    ...(limits.genericPlans && !limits.transactionPooling ? [`${set} plan_cache_mode = force_generic_plan`] : []),
  ];
}

/**
 * Runs one statement behind a transaction pooler: in a transaction that carries the limits, because
 * the next statement may run on another connection. The client must be in pipeline mode, so all of
 * it takes one round trip.
 */
export async function runInOwnTransaction<Row extends QueryResultRow>(
  client: PoolClient,
  statement: Statement,
  limits: PoolLimits,
): Promise<QueryResult<Row>> {
  const [begun, result, committed] = await Promise.allSettled([
    client.query(beginStatement(limits)),
    client.query<Row>(unnamed(statement)),
    client.query('commit'),
  ]);
  for (const each of [begun, result, committed]) if (each.status === 'rejected') throw each.reason;
  return (result as PromiseFulfilledResult<QueryResult<Row>>).value;
}

/** A prepared statement belongs to a connection, and the next transaction may have another one. */
export function unnamed({ text, values }: Statement): Statement {
  return { text, values };
}
