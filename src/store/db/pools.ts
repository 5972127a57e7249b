import { Availability } from './availability';
import { openDatabase, type Database, type PoolLimits } from './database';
import { commitProbeOf, probeOf } from './silence-probes';
import { SilenceWatch, WritesWatch, type Watch } from './silence-watch';

/**
 * The pools of one process. They are separate so that callers of one kind never wait behind those
 * of another: authentication and the event path have connections that no list can take.
 */
export interface Pools {
  /** Writing calls, and the background work of the worker. */
  db: Database;
  /** Accepting, loading and recording. */
  pathDb: Database;
  /** Posts with an `Idempotency-Key`, which are transactions of several statements. */
  keyedDb: Database;
  /** Look-ups of credentials, and the readiness check. */
  authDb: Database;
  /** Lists, statistics, the overview, the activity stream, the gauges of `/metrics`. */
  readDb: Database;
  /** Daily maintenance. Has no connection most of the time. */
  maintenanceDb: Database;
}

/** Sizes and timeouts that an operator may set. */
export interface PoolOptions {
  connections: number;
  readConnections: number;
  readTimeoutSeconds: number;
  /** @default false */
  transactionPooling?: boolean;
}

/**
 * Four pipelines that accept, two of them for bulk; one that records, two for what others lock,
 * two that load, one to spare.
 */
const PATH_CONNECTIONS = 10;
/** One that accepts and one that records, for the next event of a quiet installation. */
const PATH_CONNECTIONS_KEPT = 2;
const KEYED_CONNECTIONS = 4;
const AUTH_CONNECTIONS = 3;
/** Connections that ask a silent Postgres for an answer and for a commit. */
const PROBE_CONNECTIONS = 2;

/**
 * The lock timeout is how long one stuck row delays the events of other customers. The statement
 * timeout leaves room for one event with a hundred thousand subscriptions.
 */
const PATH_LIMITS: Partial<PoolLimits> = {
  statementTimeoutMs: 10_000,
  lockTimeoutMs: 1000,
  idleInTransactionTimeoutMs: 5000,
  genericPlans: true,
};

/** Copying a day's rows takes minutes, but locks nobody out meanwhile. */
const MAINTENANCE_LIMITS: Partial<PoolLimits> = { max: 1, statementTimeoutMs: 4 * 3_600_000 };

/** The limits of each pool. */
export function poolLimits(options: PoolOptions): Record<keyof Pools, Partial<PoolLimits>> {
  return {
    db: { max: options.connections },
    pathDb: { ...PATH_LIMITS, max: PATH_CONNECTIONS, min: PATH_CONNECTIONS_KEPT },
    keyedDb: { ...PATH_LIMITS, max: KEYED_CONNECTIONS },
    authDb: { max: AUTH_CONNECTIONS, min: 1, connectTimeoutMs: 3000, statementTimeoutMs: 3000, lockTimeoutMs: 1000 },
    readDb: { max: options.readConnections, statementTimeoutMs: options.readTimeoutSeconds * 1000 },
    maintenanceDb: MAINTENANCE_LIMITS,
  };
}

/** The most connections that a process has at the same time. */
export function mostConnections(options: PoolOptions): number {
  return Object.values(poolLimits(options)).reduce((sum, { max = 0 }) => sum + max, PROBE_CONNECTIONS);
}

/** Opens every pool. No connection is made until the first statement. */
export function openPools(databaseUrl: string, options: PoolOptions, onError: (error: Error) => void): Pools {
  const limits = poolLimits(options);
  const { transactionPooling = false } = options;
  const availability = new Availability();
  const statements = new SilenceWatch(probeOf(databaseUrl));
  const writes = new WritesWatch(statements, commitProbeOf(databaseUrl));
  const open = (name: keyof Pools, silence: Watch) =>
    openDatabase(databaseUrl, onError, { ...limits[name], transactionPooling }, availability, silence);
  return {
    db: open('db', writes),
    pathDb: open('pathDb', writes),
    keyedDb: open('keyedDb', writes),
    authDb: open('authDb', statements),
    readDb: open('readDb', statements),
    // It waits for hours on purpose, and nobody waits for it.
    maintenanceDb: open('maintenanceDb', statements),
  };
}
