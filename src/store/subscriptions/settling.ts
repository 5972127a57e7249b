import { decodeId, encodeId, uuidOf } from '../../domain/ids';
import type { SubscriptionStatus } from '../../domain/types';
import type { Executor } from '../db/database';
import { allSpans, collectOldestFirst, withoutLocks, type Span } from '../db/spans';
import { byWindow } from '../db/windows';
import { CANCEL } from '../notifications/transitions';

/**
 * Settlement: the work after a change of a subscription's status. While `settling_since` is set,
 * new notifications are accepted as held, so that they queue behind those that are being released.
 */

/**
 * A change of a product also affects the subscriptions of shared customers that are bound to no
 * product.
 */
const IN_SCOPE = `($1::uuid is null or s.id = $1)
             and ($2::text is null or coalesce(s.product_id, (select product_id from customers where id = s.customer_id), $2) = $2)`;

/**
 * Those in the line of a rate limit may sleep for long, so they do not wait until they would be
 * attempted. Their workflows hold when they wake, or continue when they are released before.
 */
const holdIn = ([
  from,
  to,
]: Span) => `update notifications n set status = 'held', rate_seq = null, next_attempt_at = null, reconcile_after = null
           from subscription_states s
           where s.id = $1 and s.status <> 'enabled' and n.subscription_id = s.id and n.rate_seq is not null and n.status in ('pending', 'retrying')
             and n.id >= '${from}' and n.id < '${to}'`;

/**
 * Holds what waits for its turn under a rate limit, if the subscription takes no deliveries. Call
 * it outside of transactions, which would keep the locks of every partition.
 *
 * @returns whether anything was held
 */
export async function holdLinedUp(db: Executor, subscriptionId: string): Promise<boolean> {
  const values = [decodeId('sub', subscriptionId)];
  const { rowCount } = await db.query({ text: 'select from rate_lines where subscription_id = $1', values });
  if (rowCount === 0) return false;
  let held = 0;
  for (const span of await allSpans(db, 'notifications'))
    held += (await db.query({ text: holdIn(span), values })).rowCount ?? 0;
  return held > 0;
}

/** The subscriptions that a change affects. */
export type SettleScope = { subscriptionId: string } | { productId: string };

/**
 * Marks the subscriptions that need a settlement: deleted ones with open notifications, enabled
 * ones with held notifications, those with notifications to wake, and those that take no deliveries
 * while notifications wait for their turn under a rate limit. Call it in the transaction of the
 * change.
 *
 * @returns their ids
 */
export async function markSettling(db: Executor, scope: SettleScope): Promise<string[]> {
  const values = [
    'subscriptionId' in scope ? decodeId('sub', scope.subscriptionId) : null,
    'productId' in scope ? scope.productId : null,
  ];
  const { rows: candidates } = await db.query<Candidate>({
    text: `select s.id, s.deleted_at is not null as deleted from subscriptions s
           where ${IN_SCOPE} and (s.deleted_at is not null or exists (select from subscription_states t where t.id = s.id and t.status = 'enabled'))`,
    values,
  });
  const { rows } = await db.query<{ id: string }>({
    text: `with marked as (
             update subscriptions set settling_since = clock_timestamp() where id = any($3::uuid[]) returning id
           ),
           paused as (
             update rate_lines l set wake_since = clock_timestamp()
             from (
               select l.subscription_id from rate_lines l join subscriptions s on s.id = l.subscription_id
               where ${IN_SCOPE} and exists (select from subscription_states t where t.id = s.id and t.status <> 'enabled')
               order by l.subscription_id for no key update of l
             ) p where l.subscription_id = p.subscription_id
             returning l.subscription_id
           )
           select id from marked union select subscription_id from paused
           union select subscription_id from rate_lines where subscription_id = $1 and wake_since is not null
           union select id from subscriptions where id = $1 and rescheduling_since is not null`,
    values: [...values, await withWork(db, candidates)],
  });
  return rows.map((row) => encodeId('sub', row.id));
}

/** A subscription that needs a settlement if it has notifications in a certain status. */
interface Candidate {
  id: string;
  deleted: boolean;
}

/** @returns the UUIDs of those with notifications to cancel or to release */
async function withWork(db: Executor, candidates: readonly Candidate[]): Promise<string[]> {
  let left = candidates;
  const found = new Set<string>();
  for (const [from, to] of candidates.length > 0 ? await allSpans(db, 'notifications') : []) {
    const { rows } = await withoutLocks(db, () =>
      db.query<{ id: string }>({
        text: `select s.id from unnest($1::uuid[], $2::boolean[]) as s (id, deleted)
               where case when s.deleted
                 then exists (select from notifications n where n.subscription_id = s.id and n.status in ('pending', 'delivering', 'retrying', 'held') and n.id >= $3 and n.id < $4)
                 else exists (select from notifications n where n.subscription_id = s.id and n.status = 'held' and n.id >= $3 and n.id < $4)
               end`,
        values: [left.map(({ id }) => id), left.map(({ deleted }) => deleted), from, to],
      }),
    );
    for (const { id } of rows) found.add(id);
    left = left.filter(({ id }) => !found.has(id));
    if (left.length === 0) break;
  }
  return [...found];
}

/**
 * Finds subscriptions whose settlement, wake or rescheduling was marked a while ago, for the
 * reconciler.
 */
export async function findUnsettled(db: Executor, olderThanSeconds: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: `(select id from subscriptions where settling_since < now() - make_interval(secs => $1) order by settling_since limit 100)
           union
           (select subscription_id from rate_lines where wake_since < now() - make_interval(secs => $1) order by wake_since limit 100)
           union
           (select id from subscriptions where rescheduling_since < now() - make_interval(secs => $1) order by rescheduling_since limit 100)`,
    values: [olderThanSeconds],
  });
  return rows.map((row) => encodeId('sub', row.id));
}

/**
 * Marks enabled subscriptions with held notifications that no settlement releases: an accept may
 * have read the status just before it changed.
 *
 * @returns their ids
 */
export async function markForgottenHolds(db: Executor): Promise<string[]> {
  const marked: string[] = [];
  for (const span of await allSpans(db, 'notifications'))
    for (const subscriptionId of await findForgottenHolds(db, span))
      if (await markReleasable(db, subscriptionId)) marked.push(subscriptionId);
  return marked;
}

/** Marks an enabled subscription of which held notifications are known. */
async function markReleasable(db: Executor, subscriptionId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: `update subscriptions s set settling_since = clock_timestamp()
           where id = $1 and settling_since is null and exists (select from subscription_states t where t.id = s.id and t.status = 'enabled')`,
    values: [decodeId('sub', subscriptionId)],
  });
  return rowCount === 1;
}

/**
 * Skips along the index from subscription to subscription, so the cost grows with the subscriptions
 * that hold.
 */
async function findForgottenHolds(db: Executor, [from, to]: Span): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: `with recursive holding as (
             (select subscription_id from notifications where status = 'held' and id >= $1 and id < $2 order by subscription_id limit 1)
             union all
             select (select n.subscription_id from notifications n
                     where n.status = 'held' and n.id >= $1 and n.id < $2 and n.subscription_id > h.subscription_id order by n.subscription_id limit 1)
             from holding h where h.subscription_id is not null
           )
           select s.id from holding h join subscription_states s on s.id = h.subscription_id
           where s.status = 'enabled' and s.settling_since is null
             -- A running release lets new notifications pass once it has started the backlog.
             and not exists (select from releases r where r.subscription_id = s.id and r.progressed_at > now() - interval '1 minute')`,
    values: [from, to],
  });
  return rows.map((row) => encodeId('sub', row.id));
}

/** The state of a subscription that its settlement depends on. */
export interface Settling {
  customerId: string;
  deleted: boolean;
  /** Null if it was deleted. */
  status: SubscriptionStatus | null;
  since: Date | null;
  /** Whether its retry schedule was changed, so that waiting notifications are planned again. */
  rescheduling: boolean;
}

/** @returns undefined if the subscription never existed */
export async function findSettling(db: Executor, subscriptionId: string): Promise<Settling | undefined> {
  const { rows } = await db.query<{
    customer_id: string;
    deleted: boolean;
    status: SubscriptionStatus | null;
    settling_since: Date | null;
    rescheduling: boolean;
  }>({
    text: `select s.customer_id, s.deleted_at is not null as deleted, t.status, s.settling_since, s.rescheduling_since is not null as rescheduling
           from subscriptions s left join subscription_states t on t.id = s.id where s.id = $1`,
    values: [decodeId('sub', subscriptionId)],
  });
  const [row] = rows;
  return (
    row && {
      customerId: row.customer_id,
      deleted: row.deleted,
      status: row.status,
      since: row.settling_since,
      rescheduling: row.rescheduling,
    }
  );
}

/** Finds the customers of subscriptions, deleted ones included, by the subscription's id. */
export async function findCustomersOf(db: Executor, subscriptionIds: readonly string[]): Promise<Map<string, string>> {
  if (subscriptionIds.length === 0) return new Map();
  const { rows } = await db.query<{ id: string; customer_id: string }>({
    text: 'select id, customer_id from subscriptions where id = any($1)',
    values: [subscriptionIds.map((id) => decodeId('sub', id))],
  });
  return new Map(rows.map((row) => [encodeId('sub', row.id), row.customer_id]));
}

/** Ends a settlement, unless it was marked again after `since`. */
export async function clearSettling(db: Executor, subscriptionId: string, since: Date | null): Promise<void> {
  await db.query({
    text: `update subscriptions set settling_since = null
           where id = $1 and date_trunc('milliseconds', settling_since) is not distinct from $2::timestamptz`,
    values: [decodeId('sub', subscriptionId), since],
  });
}

/** Whether the attempt of a released notification is over, or the notification is held again. */
export async function hasMovedOn(db: Executor, notificationId: string): Promise<boolean> {
  const { rows } = await db.query<{ moved: boolean }>({
    text: `select status not in ('pending', 'delivering') as moved from notifications where id = $1`,
    values: [decodeId('ntf', notificationId)],
  });
  return rows[0]?.moved ?? true;
}

/** Signalling the workflows of many notifications takes minutes. What is left then is checked. */
const CANCEL_CHECK_SECONDS = 600;

/** Lists open notifications of a subscription, in order of acceptance. */
export async function listOpen(db: Executor, subscriptionId: string, limit: number): Promise<string[]> {
  const rows = await collectOldestFirst(db, 'notifications', {}, limit, async ([from, to], left) => {
    const found = await db.query<{ id: string }>({
      text: `select id from notifications where subscription_id = $1 and status in ('pending', 'delivering', 'retrying', 'held')
               and id >= $3 and id < $4 order by id limit $2`,
      values: [decodeId('sub', subscriptionId), left, from, to],
    });
    return found.rows;
  });
  return rows.map((row) => encodeId('ntf', row.id));
}

/**
 * Cancels notifications, unless they are closed, before their workflows are signalled. If a signal
 * is lost, the reconciler repeats it.
 */
export async function cancelOpen(db: Executor, notificationIds: readonly string[]): Promise<void> {
  for (const [window, uuids] of byWindow(notificationIds.map(uuidOf), (uuid) => uuid))
    await db.query({
      text: `update notifications set ${CANCEL},
               reconcile_after = now() + interval '${CANCEL_CHECK_SECONDS} seconds'
             where id = any($1) and ${window.has('id')} and status in ('pending', 'delivering', 'retrying', 'held')`,
      values: [uuids],
    });
}

/** Ends the checks of cancelled notifications, whose workflows have been signalled. */
export async function endChecks(db: Executor, notificationIds: readonly string[]): Promise<void> {
  for (const [window, uuids] of byWindow(notificationIds.map(uuidOf), (uuid) => uuid))
    await db.query({
      text: `update notifications set reconcile_after = null where id = any($1) and ${window.has('id')} and status in ('cancelled', 'delivered')`,
      values: [uuids],
    });
}
