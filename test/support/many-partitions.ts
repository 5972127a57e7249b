import { openDatabase, type Database, type Executor } from '../../src/store/db/database';
import { LOCKS_PER_TRANSACTION } from '../../src/store/db/partition-catalog';
import { ensurePartitions } from '../../src/store/db/partitions';
import type { Statement } from '../../src/store/db/session';
import { createTestDatabase, ensureTemplate, type TestDatabase } from './database';

/**
 * A statement that locks every partition fills the lock table of Postgres once there are many: then
 * every statement of the installation fails.
 */
export const MAX_LOCKS = LOCKS_PER_TRANSACTION;
export const PARTITIONS = 400;
export const DAY_MS = 86_400_000;
const TEMPLATE = 'signpost_many_partitions';

interface Counts {
  /** The most relations that one transaction has locked. */
  most: number;
  /** The partitions that all statements together have locked, once for each transaction. */
  partitions: number;
  /** Whether a statement was prepared. */
  prepared: boolean;
}

/** Counts the relations that a transaction has locked, after each of its statements. */
function counting(db: Database): Database & Counts {
  const counted = (executor: Executor): Executor => ({
    async query(statement) {
      counter.prepared ||= (statement as Statement).name !== undefined;
      const result = await executor.query(statement as never);
      const { rows } = await executor.query<{ count: number; partitions: number }>({
        text: `select count(distinct l.relation), count(distinct l.relation) filter (where c.relispartition and c.relkind = 'r') as partitions
               from pg_locks l left join pg_class c on c.oid = l.relation where l.pid = pg_backend_pid() and l.locktype = 'relation'`,
      });
      counter.most = Math.max(counter.most, rows[0]!.count);
      counter.partitions += rows[0]!.partitions;
      return result as never;
    },
  });
  const counter = {
    ...db,
    most: 0,
    partitions: 0,
    prepared: false,
    query: (statement: Parameters<Executor['query']>[0]) =>
      db.transaction((executor) => counted(executor).query(statement)),
    transaction: <T>(work: (executor: Executor) => Promise<T>) => db.transaction((executor) => work(counted(executor))),
  };
  return counter as Database & Counts;
}

/** Registers the hooks of a database with 400 daily partitions behind today. */
export function useManyPartitions() {
  let database: TestDatabase;
  let path: Database;
  let reads: Database;
  beforeAll(async () => {
    const fill = (db: Database) => ensurePartitions(db, PARTITIONS, Date.now() - PARTITIONS * DAY_MS);
    await ensureTemplate(TEMPLATE, fill);
    database = await createTestDatabase(TEMPLATE);
    path = openDatabase(database.url, () => undefined, { genericPlans: true, max: 1 });
    reads = openDatabase(database.url, () => undefined, { max: 1 });
  }, 240_000);
  afterAll(async () => {
    await path?.close();
    await reads?.close();
    await database?.drop();
  });
  return {
    /** For what a test sets up. */
    get db() {
      return database.db;
    },
    get url() {
      return database.url;
    },
    /** A pool as of the path, whose plans are generic. */
    get path() {
      return path;
    },
    /** A pool that plans statements for their values. */
    get reads() {
      return reads;
    },
    /** @returns the most relations that one transaction of `use` has locked */
    async locksOf(db: Database, use: (db: Database) => Promise<unknown>): Promise<number> {
      const executor = counting(db);
      await use(executor);
      // Postgres may plan a prepared statement in another way when it has run five times. Others
      // are planned for their values each time.
      for (let runs = 1; executor.prepared && runs < 7; runs++) await use(executor);
      return executor.most;
    },
    /** @returns the partitions that the statements of `use` lock, once for each statement */
    async partitionsOf(db: Database, use: (db: Database) => Promise<unknown>): Promise<number> {
      const executor = counting(db);
      await use(executor);
      return executor.partitions;
    },
  };
}
