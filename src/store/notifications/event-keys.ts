import type { Executor } from '../db/database';
import { dayOf, KEY_PERIOD_DAYS, listKeyPartitions, partitionName } from '../db/partition-catalog';

const PERIOD_SECONDS = KEY_PERIOD_DAYS * 86_400;
/** Longer than a statement takes, and than clocks differ after a failover. */
const OVERLAP = '1 hour';

/**
 * CTEs of the accept statement that claim the ids which producers chose. They read `checked` and
 * yield `fresh_ids`: the events whose id was not used before.
 *
 * Ids are unique per partition of `event_keys`, which is a period of ten days. Ids of earlier
 * periods are looked up. That does not show what another transaction writes at the same moment, so
 * in the hour before and after the end of a period ids are written into both: the unique index of
 * one of them decides.
 */
export const CLAIM_KEYS = `periods as (
  select distinct floor(extract(epoch from now() + hours * interval '${OVERLAP}') / ${PERIOD_SECONDS})::int as period from unnest('{-1,0,1}'::int[]) hours
),
keys as (
  insert into event_keys (product_id, given_id, event_id, body_hash, period)
  select owner, given_id, id, body_hash, period
  from checked cross join periods
  where fault is null and given_id is not null and (
    select event_id from event_keys k
    where k.product_id = owner and k.given_id = checked.given_id and k.period < (select min(period) from periods) limit 1
  ) is null
  order by owner, given_id, period, id
  on conflict do nothing
  returning event_id
),
fresh_ids as (
  select event_id from keys group by event_id having count(*) = (select count(*) from periods)
)`;

/** The event that used an id of its producer first. */
export interface EventKey {
  /** The UUID of the event. */
  eventId: string;
  bodyHash: Buffer;
}

/** @returns undefined if the id is unused, or was used longer ago than ids are kept */
export async function findEventKey(db: Executor, productId: string, givenId: string): Promise<EventKey | undefined> {
  const { rows } = await db.query<{ event_id: string; body_hash: Buffer }>({
    name: 'find-event-key',
    text: 'select event_id, body_hash from event_keys where product_id = $1 and given_id = $2 order by event_id limit 1',
    values: [productId, givenId],
  });
  return rows[0] && { eventId: rows[0].event_id, bodyHash: rows[0].body_hash };
}

/** Partitions that one statement searches, to bound the number of its locks. */
const SEARCHED_AT_ONCE = 30;

/** Finds the events of any product that have an id of a producer. @returns their UUIDs */
export async function findEventsByGivenId(db: Executor, givenId: string): Promise<string[]> {
  const { rows } = await db.query<{ event_id: string }>({
    text: 'select distinct event_id from event_keys where given_id = $1',
    values: [givenId],
  });
  return rows.length > 0 ? rows.map(({ event_id }) => event_id) : findInEvents(db, givenId);
}

/**
 * Finds events whose ids were dropped from `event_keys`. Retention has given the partitions of
 * their days an index for this.
 */
async function findInEvents(db: Executor, givenId: string): Promise<string[]> {
  const [oldest] = await listKeyPartitions(db);
  if (oldest?.from === null) return [];
  const { rows: days } = await db.query<{ day: number }>({
    text: `select extract(epoch from r.day)::bigint as day from retained_days r join pg_class c on c.relname = 'events_' || to_char(r.day, 'YYYYMMDD')
           where r.table_name = 'events' and c.relispartition and extract(epoch from r.day) < $1 order by r.day desc`,
    values: [oldest ? oldest.from * PERIOD_SECONDS : Infinity],
  });
  const found: string[] = [];
  for (let first = 0; first < days.length && found.length === 0; first += SEARCHED_AT_ONCE) {
    const parts = days
      .slice(first, first + SEARCHED_AT_ONCE)
      .map(({ day }) => `select id from ${partitionName('events', dayOf(day * 1000))} where given_id = $1`);
    const { rows } = await db.query<{ id: string }>({ text: parts.join(' union all '), values: [givenId] });
    found.push(...rows.map(({ id }) => id));
  }
  return found;
}
