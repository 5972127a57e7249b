import type { NotificationRef } from '../../domain/delivery';
import {
  EXHAUSTED_EVENT,
  OWN_PRODUCT,
  SECRET_REVEALED_EVENT,
  type OperationalRules,
} from '../../domain/operational-events';
import type { Database, Executor } from '../db/database';
import { acceptOperationalEvents, followedTypes } from './accept';
import { composeEvent, type Raised } from './compose';

/** The process that has this advisory lock publishes. */
const PUBLISH_LOCK = 5_019_023;

/** By when a failure has disabled its subscription, if it does. */
const COVERED_WITHIN_SECONDS = 2;

/** The result of a publication. */
export interface Published {
  /** Notifications, whose workflows have to be started. */
  notifications: NotificationRef[];
  /** How many events of each type. */
  counts: Map<string, number>;
}

/**
 * Publishes raised events: accepts each as an event of the product `signpost`, and removes it from
 * the outbox in the same commit. A crash leaves both undone.
 *
 * In a minute, at most `eventsPerMinute` events of a type are published. If more are raised, the
 * last one stands for all the others, and counts them in `alsoAffected`. What is raised after that
 * waits for the next minute.
 */
export async function publishRaised(
  db: Database,
  { eventsPerMinute, quietSeconds }: Pick<OperationalRules, 'eventsPerMinute' | 'quietSeconds'>,
): Promise<Published> {
  const counts = new Map<string, number>();
  const { rowCount } = await db.query({ text: 'select from operational_outbox limit 1' });
  if (rowCount === 0) return { notifications: [], counts };
  return db.transaction(async (executor) => {
    const { rows: locks } = await executor.query<{ locked: boolean }>({
      text: `select pg_try_advisory_xact_lock(${PUBLISH_LOCK}) as locked`,
    });
    if (!locks[0]!.locked) return { notifications: [], counts };
    const waiting = await removeMoot(executor, quietSeconds);
    const raised: Raised[] = [];
    for (const type of waiting) {
      const left = eventsPerMinute - (await publishedInMinute(executor, type));
      if (left <= 0) continue;
      const taken = await take(executor, type, left);
      if (taken.length === 0) continue;
      const last = taken.at(-1)!;
      if (taken.length === left) last.alsoAffected = await takeRest(executor, type);
      await addToMinute(executor, type, taken.length);
      counts.set(type, taken.length);
      raised.push(...taken);
    }
    const events = raised.map((one) => ({ type: one.type, data: JSON.stringify(composeEvent(one)) }));
    return { notifications: await acceptOperationalEvents(executor, events), counts };
  });
}

/**
 * Removes events that are not published: those without a follower, about the state of subscriptions
 * that are gone, and repeats of a state that lasts. A reveal is published even then: otherwise,
 * whoever reads a secret could hide it by deleting the subscription.
 *
 * @returns the types that are left
 */
async function removeMoot(db: Executor, quietSeconds: number): Promise<string[]> {
  const { rows } = await db.query<{ type: string }>({ text: 'select distinct type from operational_outbox' });
  // States are noted whether or not somebody follows.
  if (rows.some(({ type }) => type === EXHAUSTED_EVENT)) await removeRepeats(db, quietSeconds);
  const followed = await followedTypes(
    db,
    rows.map(({ type }) => type),
  );
  await db.query({
    text: `delete from operational_outbox q where q.type <> all ($1)
             or q.subscription_id is not null and not exists (
               select from subscriptions s join customers c on c.id = s.customer_id
               where s.id = q.subscription_id and not c.erasing and (s.deleted_at is null or q.type = $2))`,
    values: [followed, SECRET_REVEALED_EVENT],
  });
  return followed;
}

/**
 * A failed notification is news once, until the subscription has received a delivery again and the
 * quiet time is over. The event that a subscription is out of order covers it: it is raised shortly
 * after the failure that is its cause, so a failure waits for it.
 */
async function removeRepeats(db: Executor, quietSeconds: number): Promise<void> {
  await db.query({
    text: `with raised as materialized (
             select q.key, q.subscription_id, t.last_success_attempt_id,
               s.out_of_order_at is not null or coalesce(s.product_id, s.customer_product_id, '') = '${OWN_PRODUCT}' as covered
             from operational_outbox q join subscription_states s on s.id = q.subscription_id
             left join subscription_attempt_statistics t on t.subscription_id = q.subscription_id
             where q.type = $1 and not q.is_news and q.raised_at <= now() - make_interval(secs => ${COVERED_WITHIN_SECONDS})
           ),
           news as (
             insert into operational_states as o (kind, subscription_id, level, success_attempt_id)
             select 'exhausted', subscription_id, 1, last_success_attempt_id from raised where not covered
             on conflict (kind, subscription_id) do update set success_attempt_id = excluded.success_attempt_id, changed_at = now()
             where o.success_attempt_id is distinct from excluded.success_attempt_id and o.changed_at <= now() - make_interval(secs => $2)
             returning subscription_id
           ),
           kept as (
             update operational_outbox q set is_news = true from raised r join news n on n.subscription_id = r.subscription_id where q.key = r.key
           )
           delete from operational_outbox q using raised r
           where q.key = r.key and r.subscription_id not in (select subscription_id from news)`,
    values: [EXHAUSTED_EVENT, quietSeconds],
  });
}

async function publishedInMinute(db: Executor, type: string): Promise<number> {
  const { rows } = await db.query<{ published: number }>({
    text: `select published from operational_pace where type = $1 and minute = date_trunc('minute', now())`,
    values: [type],
  });
  return rows[0]?.published ?? 0;
}

async function addToMinute(db: Executor, type: string, count: number): Promise<void> {
  await db.query({
    text: `insert into operational_pace as p (type, minute, published) values ($1, date_trunc('minute', now()), $2)
           on conflict (type) do update set minute = excluded.minute,
             published = excluded.published + case when p.minute = excluded.minute then p.published else 0 end`,
    values: [type, count],
  });
}

interface RaisedRow {
  type: string;
  subscription_id: string | null;
  customer_id: string | null;
  name: string | null;
  facts: Record<string, unknown>;
  raised_at: Date;
}

/** Takes the oldest from the outbox. */
async function take(db: Executor, type: string, limit: number): Promise<Raised[]> {
  const { rows } = await db.query<RaisedRow>({
    text: `with taken as (
             delete from operational_outbox where key in (select key from operational_outbox where type = $1 and is_news order by raised_at, key limit $2)
             returning type, subscription_id, facts, raised_at, key
           )
           select q.type, q.subscription_id, s.customer_id, s.name, q.facts, q.raised_at
           from taken q left join subscriptions s on s.id = q.subscription_id order by q.raised_at, q.key`,
    values: [type, limit],
  });
  return rows.map((row) => ({
    type: row.type,
    subscription:
      row.subscription_id === null
        ? null
        : { uuid: row.subscription_id, customerId: row.customer_id!, name: row.name! },
    facts: row.facts,
    raisedAt: row.raised_at,
    alsoAffected: 0,
  }));
}

/** Removes all others of a type. @returns how many there were */
async function takeRest(db: Executor, type: string): Promise<number> {
  const { rowCount } = await db.query({
    text: 'delete from operational_outbox where type = $1 and is_news',
    values: [type],
  });
  return rowCount ?? 0;
}
