import type { Executor } from '../db/database';
import {
  countDaily,
  DAILY_TABLES,
  dayOf,
  KEY_PERIOD_DAYS,
  listDaily,
  listKeyPartitions,
} from '../db/partition-catalog';
import { countOpenIn } from './partition-changes';
import type { RetentionRun } from './apply';

/** More rows than this in a default partition are not counted. */
const MAX_COUNTED = 100_000;

/** The state of one partitioned table. */
export interface TableStatus {
  table: string;
  partitions: number;
  /** The first day with a partition, as `2026-01-31`; null for `event_keys`. */
  oldestDay: string | null;
  /** Partitions for days, or periods, that have not begun. */
  ahead: number;
  /** Rows without a partition of their day. Counted up to 100,000. */
  rowsInDefault: number;
}

/** Reads the state of the partitioned tables. Reads the catalog and the default partitions only. */
export async function readTables(db: Executor, nowMs: number): Promise<TableStatus[]> {
  const today = dayOf(nowMs);
  const daily = await countDaily(db, today);
  const tables: TableStatus[] = [];
  for (const table of DAILY_TABLES)
    tables.push({ table, ...daily(table), rowsInDefault: await countDefaultRows(db, table) });
  const keys = await listKeyPartitions(db);
  tables.push({
    table: 'event_keys',
    partitions: keys.length,
    oldestDay: null,
    ahead: keys.filter(({ until }) => until * KEY_PERIOD_DAYS > today + KEY_PERIOD_DAYS).length,
    rowsInDefault: await countDefaultRows(db, 'event_keys'),
  });
  return tables;
}

async function countDefaultRows(db: Executor, table: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    text: `select count(*) from (select from ${table}_default limit ${MAX_COUNTED}) strayed`,
  });
  return rows[0]!.count;
}

/** Bytes on disk of each table, with its partitions, indexes and out-of-line values. */
export async function readSizes(db: Executor): Promise<Record<string, number>> {
  const { rows } = await db.query<{ name: string; bytes: number }>({
    text: `select t.relname as name, sum(pg_total_relation_size(coalesce(i.inhrelid, t.oid)))::bigint as bytes
           from pg_class t left join pg_inherits i on i.inhparent = t.oid
           where t.relnamespace = current_schema()::regnamespace and t.relkind in ('r', 'p') and not t.relispartition
           group by 1 order by 2 desc, 1`,
  });
  return Object.fromEntries(rows.map(({ name, bytes }) => [name, bytes]));
}

/** Open notifications of days whose rows would have been removed otherwise. */
export async function countKeptOpen(db: Executor, historyDays: number, nowMs: number): Promise<number> {
  let count = 0;
  for (const partition of await listDaily(db)) {
    if (partition.day + historyDays >= dayOf(nowMs)) break;
    if (partition.table === 'notifications') count += await countOpenIn(db, partition);
  }
  return count;
}

/** The last run of retention that reached its end. */
export interface LastRun {
  finishedAt: string;
  dropped: number;
  rewritten: number;
  postponed: string | null;
}

const LAST_RUN = 'retention-run';

export async function noteRun(db: Executor, { dropped, rewritten, postponed }: RetentionRun): Promise<void> {
  const run: LastRun = {
    finishedAt: new Date().toISOString(),
    dropped: dropped.length,
    rewritten: rewritten.length,
    postponed,
  };
  await db.query({
    text: 'insert into installation (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value',
    values: [LAST_RUN, JSON.stringify(run)],
  });
}

/** @returns null if there was none */
export async function findLastRun(db: Executor): Promise<LastRun | null> {
  const { rows } = await db.query<{ value: LastRun }>({
    text: 'select value from installation where name = $1',
    values: [LAST_RUN],
  });
  return rows[0]?.value ?? null;
}
