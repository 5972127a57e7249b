import type { Executor } from './database';
import { dayOf, type DailyTable } from './partition-catalog';

/** What a statement looks for. An absent field excludes no day. */
export interface Sought {
  /** Open notifications only. */
  open?: boolean;
  /** What belongs to one of these products. */
  productIds?: readonly string[];
  /** What concerns this customer: nothing is older than they are. */
  customerId?: string;
  /** The same for a subscription, by its UUID. */
  subscriptionUuid?: string;
}

/** The days before the newest ones, counted from 1970. */
export interface PastDays {
  /** The first day with a summary, or with a partition while no day has one. */
  oldest: number;
  /** The days that may contain what is sought, newest first. */
  days: number[];
}

/**
 * SQL: the first day on which something with this time of creation can have ids, because the clocks
 * of machines differ.
 */
const FIRST_DAY = (createdAt: string) => `floor(extract(epoch from ${createdAt}) / 86400)::int - 1`;

/**
 * Reads the days before a day that may contain what is sought, by their summaries. A day without a
 * summary may contain anything.
 */
export async function readPastDays(
  db: Executor,
  table: DailyTable,
  before: number,
  { open = false, productIds, customerId, subscriptionUuid }: Sought = {},
): Promise<PastDays> {
  const { rows } = await db.query<{ oldest: number | null; days: number[] }>({
    name: 'past-days',
    // The catalog of a year of partitions costs more than all that follows.
    text: `with first as (
             select coalesce((select min(day) from day_summaries), (
               select to_date(min(right(c.relname, 8)), 'YYYYMMDD') - date '1970-01-01'
               from pg_inherits i join pg_class c on c.oid = i.inhrelid
               where i.inhparent = $1::regclass and c.relname ~ '_\\d{8}$')) as oldest
           ),
           bounds as (
             select oldest, greatest(oldest,
               (select ${FIRST_DAY('created_at')} from customers where id = $5),
               (select ${FIRST_DAY('created_at')} from subscriptions where id = $6)) as since
             from first
           )
           select b.oldest, array(
             select d.day from generate_series(b.since, $2::int - 1) d(day) left join day_summaries s on s.day = d.day
             where s.day is null or (s.has_open or not $3)
               and ($4::text[] is null or exists (select from product_days p where p.product_id = any ($4) and p.day = d.day))
             order by d.day desc
           ) as days from bounds b`,
    values: [table, before, open, productIds ?? null, customerId ?? null, subscriptionUuid ?? null],
  });
  const { oldest, days } = rows[0]!;
  return { oldest: oldest ?? dayOf(Date.now()), days };
}
