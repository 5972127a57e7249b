import type { Database, Executor } from '../db/database';
import { dayOf, idsOfDay, listDaily } from '../db/partition-catalog';
import { OPEN } from './partition-changes';

/**
 * Days after its end until a day gets a summary. Nothing is accepted into it any more, also by a
 * machine whose clock is late.
 */
const COMPLETE_AFTER_DAYS = 2;
/**
 * The first key of the advisory locks; the second is the day. The trigger `note_activity` uses them
 * too.
 */
const LOCK_SPACE = 5399;

/**
 * Writes the summaries of the days that are over: their products, and whether a notification is
 * open. Lists and figures skip the days that hold nothing for them. A trigger notes when a
 * notification of a day is reopened, and {@link noteOpen} when one is added. Each call looks at all
 * days again, so a wrong summary is corrected by the next.
 */
export async function summariseDays(db: Database, nowMs: number): Promise<void> {
  const days = (await listDaily(db)).flatMap(({ table, day }) => (table === 'notifications' ? [day] : []));
  await forgetBefore(db, days[0] ?? dayOf(nowMs));
  for (const day of days.filter((day) => day + COMPLETE_AFTER_DAYS < dayOf(nowMs)))
    await db.transaction((executor) => summarise(executor, day));
}

/**
 * Notes that a day that may be over gets an open notification. Call it first in the transaction
 * that adds it. The trigger does so for updates, but not for inserts, which are on the path of
 * every event.
 */
export async function noteOpen(db: Executor, day: number): Promise<void> {
  await db.query({ text: `select pg_advisory_xact_lock_shared(${LOCK_SPACE}, $1)`, values: [day] });
  await db.query({ text: 'update day_summaries set has_open = true where day = $1 and not has_open', values: [day] });
}

async function summarise(db: Executor, day: number): Promise<void> {
  // A transaction that opens a notification of the day holds it. The next call looks again.
  const { rows } = await db.query<{ locked: boolean }>({
    text: `select pg_try_advisory_xact_lock(${LOCK_SPACE}, $1) as locked`,
    values: [day],
  });
  if (!rows[0]!.locked) return;
  const [from, to] = idsOfDay(day);
  const isOfDay = (column: string) => `${column} >= '${from}' and ${column} < '${to}'`;
  // Steps from product to product in the index, however many events each has.
  await db.query({
    text: `with recursive found (product_id) as (
             (select product_id from events where ${isOfDay('id')} order by product_id limit 1)
             union all
             select (select e.product_id from events e where e.product_id > f.product_id and ${isOfDay('e.id')} order by e.product_id limit 1)
             from found f where f.product_id is not null
           )
           insert into product_days (product_id, day) select product_id, $1 from found where product_id is not null on conflict do nothing`,
    values: [day],
  });
  await db.query({
    text: `insert into day_summaries (day, has_open)
           values ($1, exists (select from notifications where status in ${OPEN} and ${isOfDay('id')})
             or exists (select from notifications where reconcile_after is not null and ${isOfDay('id')}))
           on conflict (day) do update set has_open = excluded.has_open`,
    values: [day],
  });
}

/** Removes the summaries of days whose partitions are gone. */
async function forgetBefore(db: Executor, day: number): Promise<void> {
  for (const table of ['day_summaries', 'product_days'])
    await db.query({ text: `delete from ${table} where day < $1`, values: [day] });
}
