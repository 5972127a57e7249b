import type { Config } from '../../config';
import type { Executor } from '../../store/db/database';
import { DAILY_TABLES, listDaily, LOCKS_PER_TRANSACTION } from '../../store/db/partition-catalog';
import { PARTITION_DAYS_AHEAD } from '../../store/db/partitions';
import type { Check, Result } from './check';

/** A migration that builds an index locks each partition of a table, and the index of each. */
const LOCKS_PER_PARTITION = 2;
/** The value is rounded up to a multiple of the default. */
const STEP = 64;

/** What decides whether the lock table of Postgres is large enough. */
export interface LockRoom {
  /** `max_locks_per_transaction`. */
  perTransaction: number;
  /** `max_connections` and `max_prepared_transactions` together. */
  backends: number;
  /** Daily partitions that exist. */
  partitions: number;
  /** The longest history of a product, in days. */
  historyDays: number;
  /** Connections of a process whose statements may read many days. */
  connections: number;
}

/**
 * Checks the size of the lock table, which all connections share. If it is full, statements of all
 * of them fail with `out of shared memory`.
 */
export function lockRoomCheck(db: Executor, { database, retention }: Pick<Config, 'database' | 'retention'>): Check {
  return {
    name: 'locks',
    async run() {
      const { rows } = await db.query<{ perTransaction: number; backends: number; historyDays: number | null }>({
        text: `select current_setting('max_locks_per_transaction')::int as "perTransaction",
                 current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int as backends,
                 (select max(retention_history_days) from products) as "historyDays"`,
      });
      const [{ perTransaction, backends, historyDays }] = rows as [(typeof rows)[number]];
      return lockRoomResult({
        perTransaction,
        backends,
        partitions: (await listDaily(db)).length,
        historyDays: Math.max(historyDays ?? 0, retention.history),
        connections: database.connections + database.readConnections,
      });
    },
  };
}

/** Judges whether a backup, a migration and the statements of a process may lock what they need. */
export function lockRoomResult({ perTransaction, backends, partitions, historyDays, connections }: LockRoom): Result {
  const room = perTransaction * backends;
  const neededNow = LOCKS_PER_PARTITION * partitions + LOCKS_PER_TRANSACTION;
  const partitionsThen = Math.max(partitions, DAILY_TABLES.length * (historyDays + PARTITION_DAYS_AHEAD + 1));
  const neededThen = LOCKS_PER_PARTITION * partitionsThen + LOCKS_PER_TRANSACTION * connections;
  const detail = `room for ${room} locks; ${neededThen} may be needed with ${historyDays} days of history`;
  if (room >= neededThen) return { status: 'ok', detail };
  const enough = Math.ceil(neededThen / backends / STEP) * STEP;
  return {
    status: room < neededNow ? 'fail' : 'warn',
    detail: `${detail}. Set max_locks_per_transaction to ${enough}, and restart Postgres.`,
  };
}
