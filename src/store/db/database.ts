import { Pool, types, type PoolClient, type QueryResult, type QueryResultRow } from 'pg';
import { endsWithin } from '../../process/ends-within';
import { clientsWithin, SilenceError } from '../../process/pg-clients';
import { Availability } from './availability';
import { checkOut, type Lending } from './check-out';
import {
  beginStatement,
  DEFAULT_LIMITS,
  runInOwnTransaction,
  sessionSettings,
  unnamed,
  type PoolLimits,
  type Statement,
} from './session';
import { probeOf } from './silence-probes';
import { PostgresSilentError, SilenceWatch, type Watch } from './silence-watch';
import { CommitUnconfirmedError, confirmCommit, watchCommits } from './unconfirmed-commits';

export type { PoolLimits, Statement };

/** Runs statements: the pool, or one client in a transaction. */
export interface Executor {
  query<Row extends QueryResultRow>(config: Statement): Promise<QueryResult<Row>>;
}

/** The service's connections to Postgres. */
export interface Database extends Executor {
  /**
   * Runs `work` in a transaction, which is committed if `work` resolves and rolled back if it
   * throws.
   */
  transaction<T>(work: (executor: Executor) => Promise<T>): Promise<T>;
  /** Whether Postgres is unavailable for this process, or was until a moment ago. */
  wasAway(): boolean;
  /** Whether statements are refused immediately, because Postgres has answered none for a while. */
  isSilent(): boolean;
  use(): PoolUse;
  close(): Promise<void>;
}

// No count (bigint) in this schema can exceed the safe integers of JavaScript.
types.setTypeParser(types.builtins.INT8, Number);

/** How much longer than Postgres the client waits for a statement, in case Postgres is silent. */
const SILENCE_MS = 2000;
/** Longest wait for the end of all connections. */
const CLOSE_MS = 2000;
/** Idle time after which TCP checks that the other side still exists. */
const KEEP_ALIVE_MS = 10_000;

/** Use of one pool, for metrics. */
export interface PoolUse {
  /** Connections that the pool may open. */
  max: number;
  /** Open connections, idle ones included. */
  open: number;
  inUse: number;
  /** Callers that wait for a connection. */
  waiting: number;
  /** Statements that failed at a limit of the pool, by limit. */
  refused: Readonly<Record<PoolRefusal, number>>;
}

export type PoolRefusal = 'connect' | 'statement' | 'lock' | 'silence';

/**
 * Opens a pool. No connection is made until the first statement.
 *
 * @param onError - called when an idle connection breaks, for example when Postgres restarts; the
 *   pool replaces it
 * @param availability - of Postgres, shared by the pools of a process
 * @param silence - ends the waits for a Postgres that answers nothing; shared as well
 */
export function openDatabase(
  connectionString: string,
  onError: (error: Error) => void,
  options: Partial<PoolLimits> = {},
  availability = new Availability(),
  silence: Watch = new SilenceWatch(probeOf(connectionString)),
): Database {
  const limits = { ...DEFAULT_LIMITS, ...options };
  const pool = new Pool({
    connectionString,
    max: limits.max,
    min: limits.min,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    Client: clientsWithin(limits.statementTimeoutMs + SILENCE_MS, silence),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    application_name: 'signpost',
    pipeline: limits.transactionPooling,
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- the pool awaits it, its types do not say so
    onConnect: async (client) => {
      if (!limits.transactionPooling) await client.query(sessionSettings(limits));
    },
  });
  let closing = false;
  pool.on('error', (error) => {
    // The end of a pool does not wait for the servers' side of its connections.
    if (closing) return;
    availability.lost();
    onError(error);
  });
  pool.on('connect', watchCommits);
  const refused = { connect: 0, statement: 0, lock: 0, silence: 0 };
  const watch = async <T>(work: Promise<T>): Promise<T> => {
    try {
      const result = await work;
      availability.answered();
      return result;
    } catch (error) {
      if (isUnavailable(error)) availability.lost();
      const refusal = refusalOf(error);
      if (refusal) refused[refusal] += 1;
      throw error;
    }
  };
  const lending = { pool, silence };
  return {
    query: <Row extends QueryResultRow>(statement: Statement) => watch(runOne<Row>(lending, statement, limits)),
    transaction: (work) => watch(inTransaction(lending, work, limits)),
    wasAway: () => availability.wasAway,
    isSilent: () => silence.isSilent(),
    use: () => ({
      max: limits.max,
      open: pool.totalCount,
      inUse: pool.totalCount - pool.idleCount,
      waiting: pool.waitingCount,
      refused,
    }),
    // A silent server does not confirm the end of its connections.
    close: async () => {
      closing = true;
      await endsWithin(pool.end(), CLOSE_MS);
    },
  };
}

async function runOne<Row extends QueryResultRow>(
  from: Lending,
  statement: Statement,
  limits: PoolLimits,
): Promise<QueryResult<Row>> {
  const { client, release } = await checkOut(from);
  let broken: Error | undefined;
  try {
    const result = await (limits.transactionPooling
      ? runInOwnTransaction<Row>(client, statement, limits)
      : client.query<Row>(statement));
    confirmCommit(client);
    return result;
  } catch (error) {
    if (isUnavailable(error)) broken = error as Error;
    throw error;
  } finally {
    release(broken);
  }
}

async function inTransaction<T>(
  from: Lending,
  work: (executor: Executor) => Promise<T>,
  limits: PoolLimits,
): Promise<T> {
  const { client, release } = await checkOut(from);
  const prepare = limits.transactionPooling ? unnamed : (statement: Statement) => statement;
  let broken: Error | undefined;
  try {
    await client.query(beginStatement(limits));
    const result = await work({ query: (statement) => client.query(prepare(statement)) });
    await client.query('commit');
    confirmCommit(client);
    return result;
  } catch (error) {
    // A rollback would wait behind a statement that got no answer. Closing a connection rolls back,
    // and a connection to a standby or to a failing server must not be used again.
    broken = isUnavailable(error) ? (error as Error) : await rollBack(client);
    throw error;
  } finally {
    release(broken);
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

const codeOf = (error: unknown) => (error as { code?: unknown } | null)?.code;
const messageOf = (error: unknown) => String((error as Error | null)?.message);

function refusalOf(error: unknown): PoolRefusal | undefined {
  const code = codeOf(error);
  if (code === '57014') return 'statement';
  if (code === '55P03') return 'lock';
  if (error instanceof SilenceError) return 'silence';
  if (error instanceof PostgresSilentError) return 'connect';
  return code === undefined && /timeout exceeded when trying to connect/.test(messageOf(error)) ? 'connect' : undefined;
}

/**
 * Whether a statement was stopped because of what others do: it waited too long for a lock, took
 * too long, or was chosen to end a deadlock. It was rolled back.
 */
export function isContended(error: unknown): boolean {
  // 40001: serialization failure. 40P01: deadlock. 55P03: lock timeout. 57014: statement timeout.
  return ['40001', '40P01', '55P03', '57014'].includes(String(codeOf(error)));
}

/**
 * Whether it is unknown if a statement took effect: the connection was lost or silent meanwhile.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  const code = codeOf(error);
  return (
    error instanceof CommitUnconfirmedError ||
    error instanceof SilenceError ||
    (code === undefined && /^Connection terminated/.test(messageOf(error))) ||
    // 08P01: also what PgBouncer reports when it loses its connection to Postgres.
    ['08000', '08003', '08006', '08007', '08P01', '57P01', '57P02', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(
      String(code),
    )
  );
}

/**
 * Whether an error means that Postgres is unreachable or shutting down, rather than that a
 * statement was wrong.
 */
export function isUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  if ([CommitUnconfirmedError, SilenceError, PostgresSilentError].some((kind) => error instanceof kind)) return true;
  if (typeof code !== 'string')
    return /timeout exceeded when trying to connect|Connection terminated|is not queryable/.test(messageOf(error));
  // Class 08: connection exception. Class 53: out of memory, disk or connections. 25006: a standby.
  // 25P03: idle in a transaction for too long. 57P01 to 57P03: shutdown, crash, starting up.
  return (
    /^(08|53)/.test(code) ||
    [
      '25006',
      '25P03',
      '57P01',
      '57P02',
      '57P03',
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
 * Whether a statement that failed may succeed if it is repeated: Postgres is unavailable, or there
 * was a deadlock, a timeout or too little memory.
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
