import { openDatabase, type Database, type Executor } from '../../src/store/db/database';
import { ensurePartitions } from '../../src/store/db/partitions';
import { createTestDatabase, type TestDatabase } from './database';

/**
 * Postgres keeps the locks of all connections in one table of limited size. A statement that locks
 * every partition fills it once there are many: then every statement of the installation fails.
 */
export const MAX_LOCKS = 300;
export const PARTITIONS = 400;
export const DAY_MS = 86_400_000;

/** Counts the relations that a transaction has locked, after each of its statements. */
function counting(db: Database): Database & { most: number } {
  const counted = (executor: Executor): Executor => ({
    async query(statement) {
      const result = await executor.query(statement as never);
      const { rows } = await executor.query<{ count: number }>({
        text: `select count(distinct relation) from pg_locks where pid = pg_backend_pid() and locktype = 'relation'`,
      });
      counter.most = Math.max(counter.most, rows[0]!.count);
      return result as never;
    },
  });
  const counter = {
    ...db,
    most: 0,
    query: (statement: Parameters<Executor['query']>[0]) =>
      db.transaction((executor) => counted(executor).query(statement)),
    transaction: <T>(work: (executor: Executor) => Promise<T>) => db.transaction((executor) => work(counted(executor))),
  };
  return counter as Database & { most: number };
}

/** Registers the hooks of a database with 400 daily partitions behind today. */
export function useManyPartitions() {
  let database: TestDatabase;
  let path: Database;
  let reads: Database;
  beforeAll(async () => {
    database = await createTestDatabase();
    await ensurePartitions(database.db, PARTITIONS, Date.now() - PARTITIONS * DAY_MS);
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
      // A prepared statement may be planned in another way when it is run again.
      for (let runs = 0; runs < 7; runs++) await use(executor);
      return executor.most;
    },
  };
}
