import { isContended, type Executor } from './database';
import {
  DAILY_TABLES,
  dayOf,
  idsOfDay,
  KEY_PERIOD_DAYS,
  listDaily,
  listKeyPartitions,
  partitionName,
  type DailyTable,
} from './partition-catalog';
import { uuidTimeMs } from '../../domain/ids';

/**
 * How long a change of partitions waits for a lock. Statements that come meanwhile queue behind it,
 * so this is what a reader such as a backup can cost them. Those that lose try again later.
 */
const LOCK_TIMEOUT = '250ms';
/** More days than any retention keeps: a bound on what one call does with a default partition. */
const MAX_DAYS_IN_DEFAULT = 4000;
const KEY_PERIODS_AHEAD = 3;
/** Days after today for which maintenance creates partitions. */
export const PARTITION_DAYS_AHEAD = 14;

/** What {@link ensurePartitions} did. */
export interface PartitionChanges {
  created: string[];
  /** Rows that were moved out of default partitions, by table. */
  moved: Record<string, number>;
  /** Why partitions of a table are missing: somebody holds a lock. The next run creates them. */
  contended?: unknown;
}

/**
 * Creates the daily partitions of today and the days ahead, and the next periods of `event_keys`.
 * Rows that a default partition took, because maintenance was late, are moved into a partition of
 * their day. Never waits long for a reader of the tables: a table that is locked is left for the
 * next run, and does not keep the others from their partitions.
 */
export async function ensurePartitions(
  db: Executor,
  daysAhead = PARTITION_DAYS_AHEAD,
  nowMs: number = Date.now(),
): Promise<PartitionChanges> {
  const changes: PartitionChanges = { created: [], moved: {} };
  const existing = new Set((await listDaily(db)).map(({ name }) => name));
  const today = dayOf(nowMs);
  const unlessContended = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!isContended(error)) throw error;
      changes.contended ??= error;
    }
  };
  for (const table of DAILY_TABLES)
    await unlessContended(async () => {
      const ahead = Array.from({ length: daysAhead + 1 }, (_, index) => today + index);
      for (const day of new Set([...(await daysInDefault(db, table)), ...ahead])) {
        const name = partitionName(table, day);
        if (existing.has(name)) continue;
        const [from, to] = idsOfDay(day);
        const columns = `(like ${table} including defaults including storage)`;
        await addPartition(db, { table, name, columns, key: 'id', from: `'${from}'`, to: `'${to}'` }, changes);
      }
    });
  await unlessContended(() => ensureKeyPartitions(db, Math.floor(today / KEY_PERIOD_DAYS), changes));
  return changes;
}

/** Alerts operators if maintenance was late. */
export function reportMoved({ moved }: PartitionChanges, log: { error(facts: object, message: string): void }): void {
  if (Object.keys(moved).length === 0) return;
  log.error({ moved }, 'rows were in default partitions, because partitions were not created in time; they were moved');
}

async function ensureKeyPartitions(db: Executor, period: number, changes: PartitionChanges): Promise<void> {
  const table = 'event_keys';
  const covered = Math.max(...(await listKeyPartitions(db)).map(({ until }) => until));
  const { rows: strayed } = await db.query<{ period: number }>({
    text: 'select distinct period from event_keys_default where period >= $1',
    values: [covered],
  });
  const ahead = Array.from({ length: KEY_PERIODS_AHEAD + 1 }, (_, index) => period + index);
  for (const next of new Set([...strayed.map((row) => row.period), ...ahead].sort((a, b) => a - b))) {
    if (next < covered) continue;
    const columns = `(like ${table} including defaults, primary key (product_id, given_id))`;
    const bounds = { key: 'period', from: String(next), to: String(next + 1) };
    await addPartition(db, { table, name: `${table}_${next}`, columns, ...bounds }, changes);
  }
}

interface NewPartition {
  table: string;
  name: string;
  /** Columns of the new table, as in `create table`. */
  columns: string;
  /** The partition key and its bounds, as SQL. */
  key: string;
  from: string;
  to: string;
}

/**
 * Creates a table and attaches it, in one statement and so in one transaction. Unlike `create table
 * … partition of`, attaching does not lock out those who read or write the partitioned table.
 * Only the default partition is locked, which is empty in normal times.
 */
async function addPartition(db: Executor, partition: NewPartition, changes: PartitionChanges): Promise<void> {
  const { table, name, columns, key, from, to } = partition;
  const { rows } = await db.query<{ count: number }>({
    text: `select count(*) from ${table}_default where ${key} >= ${from} and ${key} < ${to}`,
  });
  const rowsInDefault = rows[0]!.count;
  const move = `with moved as (delete from ${table}_default where ${key} >= ${from} and ${key} < ${to} returning *)
      insert into ${name} select * from moved;`;
  try {
    await db.query({
      text: `do $do$ begin
      perform set_config('lock_timeout', '${LOCK_TIMEOUT}', true);
      create table ${name} ${columns};
      lock table ${table}_default in access exclusive mode;
      ${rowsInDefault > 0 ? move : ''}
      alter table ${table} attach partition ${name} for values from (${from}) to (${to});
    end $do$`,
    });
    changes.created.push(name);
    if (rowsInDefault > 0) changes.moved[table] = (changes.moved[table] ?? 0) + rowsInDefault;
  } catch (error) {
    // 23514: the default partition took the first row since they were counted.
    if ((error as { code?: string }).code === '23514') return addPartition(db, partition, changes);
    // 42P07, 23505: another process creates it concurrently. 42710: its row type.
    if (!['42P07', '23505', '42710'].includes((error as { code?: string }).code ?? '')) throw error;
  }
}

/** The days whose rows are in the default partition. Reads one row of each. */
async function daysInDefault(db: Executor, table: DailyTable): Promise<Set<number>> {
  const days = new Set<number>();
  for (let from = idsOfDay(0)[0]; days.size < MAX_DAYS_IN_DEFAULT;) {
    const { rows } = await db.query<{ id: string }>({
      text: `select id from ${table}_default where id >= $1 order by id limit 1`,
      values: [from],
    });
    if (!rows[0]) break;
    const day = dayOf(uuidTimeMs(rows[0].id));
    days.add(day);
    from = idsOfDay(day)[1];
  }
  return days;
}
