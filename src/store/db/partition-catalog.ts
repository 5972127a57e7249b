import { uuidFloor } from '../../domain/ids';
import type { Executor } from './database';

export const DAY_MS = 86_400_000;

/** The tables that are partitioned by the day in their ids. */
export const DAILY_TABLES = ['events', 'notifications', 'attempts'] as const;
export type DailyTable = (typeof DAILY_TABLES)[number];

/**
 * The most relations that one transaction of the service locks, however many days there are.
 * Postgres keeps the locks of all connections in one table of limited size.
 */
export const LOCKS_PER_TRANSACTION = 300;

/** Days of a period of `event_keys`. */
export const KEY_PERIOD_DAYS = 10;

/** A daily partition. `day` counts the days since 1970. */
export interface DailyPartition {
  table: DailyTable;
  day: number;
  name: string;
}

/** A partition of `event_keys`, for the periods from `from` (null: all) to before `until`. */
export interface KeyPartition {
  name: string;
  from: number | null;
  until: number;
}

/** The day of a time, counted from 1970. */
export const dayOf = (ms: number) => Math.floor(ms / DAY_MS);

/** A day as `2026-01-31`. */
export const dateOf = (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 10);

export const partitionName = (table: string, day: number) => `${table}_${dateOf(day).replaceAll('-', '')}`;

/** The bounds of the ids of a day: the first id of the day, and that of the next. */
export const idsOfDay = (day: number): [from: string, to: string] => [
  uuidFloor(day * DAY_MS),
  uuidFloor((day + 1) * DAY_MS),
];

/** Lists the daily partitions, oldest first. Reads the catalog only. */
export async function listDaily(db: Executor): Promise<DailyPartition[]> {
  const { rows } = await db.query<{ table: DailyTable; name: string }>({
    text: `select p.relname as "table", c.relname as name
           from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_class c on c.oid = i.inhrelid
           where p.relname = any($1) and p.relnamespace = current_schema()::regnamespace and c.relname ~ '_\\d{8}$'
           order by right(c.relname, 8), p.relname`,
    values: [DAILY_TABLES],
  });
  return rows.map(({ table, name }) => ({ table, name, day: dayOf(timeOf(name)) }));
}

/** The daily partitions of a table. */
export interface DailyCounts {
  partitions: number;
  /** The first day, as `2026-01-31`; null if there is none. */
  oldestDay: string | null;
  /** Partitions of days after today. */
  ahead: number;
}

/** Counts the daily partitions of each table. Postgres counts, so a year of them costs little. */
export async function countDaily(db: Executor, today: number): Promise<(table: DailyTable) => DailyCounts> {
  const { rows } = await db.query<{ table: DailyTable; partitions: number; oldest: string; ahead: number }>({
    text: `select i.inhparent::regclass::text as "table", count(*) as partitions, min(right(c.relname, 8)) as oldest,
             count(*) filter (where right(c.relname, 8) > $2) as ahead
           from pg_inherits i join pg_class c on c.oid = i.inhrelid
           where i.inhparent = any($1::regclass[]) and c.relname not like '%_default' group by 1`,
    values: [DAILY_TABLES, dateOf(today).replaceAll('-', '')],
  });
  return (table) => {
    const { partitions = 0, oldest, ahead = 0 } = rows.find((row) => row.table === table) ?? {};
    return { partitions, oldestDay: oldest === undefined ? null : dateOf(dayOf(timeOf(`_${oldest}`))), ahead };
  };
}

/** The start of the day in a partition's name. */
export function timeOf(name: string): number {
  const digits = name.slice(-8);
  return Date.parse(`${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`);
}

/** Lists the partitions of `event_keys`, oldest first, without the default one. */
export async function listKeyPartitions(db: Executor): Promise<KeyPartition[]> {
  const { rows } = await db.query<KeyPartition>({
    text: `select c.relname as name, substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \\((\\d+)\\)')::int as "from",
             substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \\((\\d+)\\)')::int as until
           from pg_inherits i join pg_class c on c.oid = i.inhrelid
           where i.inhparent = 'event_keys'::regclass and pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
           order by until`,
  });
  return rows;
}
