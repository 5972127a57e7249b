import { Pool, types, type PoolClient, type PoolConfig, type QueryResult, type QueryResultRow } from 'pg';

/** Runs statements: the pool, or one client in a transaction. */
export interface Executor {
  query<Row extends QueryResultRow>(config: Statement): Promise<QueryResult<Row>>;
}

/** A statement. If it has a `name`, each connection prepares it once. */
export interface Statement {
  text: string;
  values?: unknown[];
  name?: string;
}

/** The service's connections to Postgres. */
export interface Database extends Executor {
  /**
   * Runs `work` in a transaction, which is committed if `work` resolves and rolled back if it
   * throws.
   */
  transaction<T>(work: (executor: Executor) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

// No count (bigint) in this schema can exceed the safe integers of JavaScript.
types.setTypeParser(types.builtins.INT8, Number);

/**
 * Options of the pool for the path from accept to record. Its few prepared statements are planned
 * once: by default, Postgres plans statements on partitioned tables again for every execution,
 * which takes longer than running them.
 */
export const PATH_POOL: PoolConfig = { max: 6, options: '-c plan_cache_mode=force_generic_plan' };

/**
 * Opens a pool. No connection is made until the first statement.
 *
 * @param onError - called when an idle connection breaks, for example when Postgres restarts; the
 *   pool replaces it
 */
export function openDatabase(
  connectionString: string,
  onError: (error: Error) => void,
  options: PoolConfig = {},
): Database {
  const pool = new Pool({
    connectionString,
    max: 10,
    connectionTimeoutMillis: 10_000,
    application_name: 'signpost',
    ...options,
  });
  pool.on('error', onError);
  return {
    query: (statement) => pool.query(statement),
    transaction: (work) => inTransaction(pool, work),
    close: () => pool.end(),
  };
}

async function inTransaction<T>(pool: Pool, work: (executor: Executor) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work({ query: (statement) => client.query(statement) });
    await client.query('commit');
    return result;
  } catch (error) {
    broken = await rollBack(client);
    throw error;
  } finally {
    client.release(broken);
  }
}

async function rollBack(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query('rollback');
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/**
 * Whether an error means that Postgres is unreachable or shutting down, rather than that a
 * statement was wrong.
 */
export function isUnavailable(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string')
    return /timeout exceeded when trying to connect|Connection terminated/.test(
      String((error as Error | null)?.message),
    );
  // Class 08: connection exception. 57P01 to 57P03: shutdown, crash, starting up. 53300: too many
  // connections.
  return (
    /^08/.test(code) ||
    [
      '57P01',
      '57P02',
      '57P03',
      '53300',
      'ECONNREFUSED',
      'ECONNRESET',
      'EPIPE',
      'ETIMEDOUT',
      'ENOENT',
      'EHOSTUNREACH',
      'ENOTFOUND',
      'EAI_AGAIN',
    ].includes(code)
  );
}

/**
 * Whether a statement that failed may succeed if it is repeated: Postgres is unavailable, or there was
 * a deadlock, a timeout or too little memory.
 */
export function isTransient(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return isUnavailable(error) || (typeof code === 'string' && /^(40|53|55|57|58)...$/.test(code));
}

/** Whether an error is a violation of a unique index, or of the one named by `constraint`. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const { code, constraint: name } = (error ?? {}) as { code?: string; constraint?: string };
  return code === '23505' && (constraint === undefined || name === constraint);
}

/**
 * Whether Postgres refused a statement because it cannot store a text, such as one with a NUL
 * character.
 */
export function isUnstorableText(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: string };
  return code === '22021' || code === '22P05';
}
