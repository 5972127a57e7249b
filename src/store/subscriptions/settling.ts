import { decodeId, encodeId } from '../../domain/ids';
import type { SubscriptionStatus } from '../../domain/types';
import type { Executor } from '../db/database';
import { allSpans, type Span } from '../db/spans';

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
           from subscription_states s join rate_lines l on l.subscription_id = s.id
           where ${IN_SCOPE} and s.status <> 'enabled' and n.subscription_id = s.id and n.rate_seq is not null and n.status in ('pending', 'retrying')
             and n.id >= '${from}' and n.id < '${to}'`;

/** Holds what waits for its turn under a rate limit, if the subscription takes no deliveries. */
export async function holdLinedUp(db: Executor, subscriptionId: string): Promise<void> {
  await holdLinesOf(db, [decodeId('sub', subscriptionId), null]);
}

/** @param values - the parameters of `IN_SCOPE` */
async function holdLinesOf(db: Executor, values: unknown[]): Promise<void> {
  const { rowCount } = await db.query({
    text: `select from rate_lines l join subscriptions s on s.id = l.subscription_id where ${IN_SCOPE} limit 1`,
    values,
  });
  if (rowCount === 0) return;
  for (const span of await allSpans(db, 'notifications')) await db.query({ text: holdIn(span), values });
}

/** The subscriptions that a change affects. */
export type SettleScope = { subscriptionId: string } | { productId: string };

/**
 * Marks the subscriptions that need a settlement: deleted ones with open notifications, enabled
 * ones with held notifications, and those with notifications to wake. Holds what waits for its turn
 * under a rate limit if its subscription takes no deliveries.
 *
 * @returns their ids
 */
export async function markSettling(db: Executor, scope: SettleScope): Promise<string[]> {
  const values = [
    'subscriptionId' in scope ? decodeId('sub', scope.subscriptionId) : null,
    'productId' in scope ? scope.productId : null,
  ];
  await holdLinesOf(db, values);
  const { rows } = await db.query<{ id: string }>({
    text: `with marked as (
           update subscriptions s set settling_since = clock_timestamp()
           where ${IN_SCOPE}
             and case when s.deleted_at is not null
               then exists (select from notifications n where n.subscription_id = s.id and n.status in ('pending', 'delivering', 'retrying', 'held'))
               else exists (select from notifications n where n.subscription_id = s.id and n.status = 'held')
                 and exists (select from subscription_states t where t.id = s.id and t.status = 'enabled')
             end
           returning s.id)
           select id from marked union select subscription_id from rate_lines where subscription_id = $1 and wake_since is not null`,
    values,
  });
  return rows.map((row) => encodeId('sub', row.id));
}

/** Finds subscriptions whose settlement or wake was marked a while ago, for the reconciler. */
export async function findUnsettled(db: Executor, olderThanSeconds: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: `(select id from subscriptions where settling_since < now() - make_interval(secs => $1) order by settling_since limit 100)
           union
           (select subscription_id from rate_lines where wake_since < now() - make_interval(secs => $1) order by wake_since limit 100)`,
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
}

/** @returns undefined if the subscription never existed */
export async function findSettling(db: Executor, subscriptionId: string): Promise<Settling | undefined> {
  const { rows } = await db.query<{
    customer_id: string;
    deleted: boolean;
    status: SubscriptionStatus | null;
    settling_since: Date | null;
  }>({
    text: `select s.customer_id, s.deleted_at is not null as deleted, t.status, s.settling_since
           from subscriptions s left join subscription_states t on t.id = s.id where s.id = $1`,
    values: [decodeId('sub', subscriptionId)],
  });
  const [row] = rows;
  return row && { customerId: row.customer_id, deleted: row.deleted, status: row.status, since: row.settling_since };
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

/** Lists open notifications of a subscription. */
export async function listOpen(db: Executor, subscriptionId: string, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: `select id from notifications where subscription_id = $1 and status in ('pending', 'delivering', 'retrying', 'held') order by id limit $2`,
    values: [decodeId('sub', subscriptionId), limit],
  });
  return rows.map((row) => encodeId('ntf', row.id));
}

/**
 * Cancels notifications, unless they are closed, before their workflows are signalled. If a signal
 * is lost, the reconciler repeats it.
 */
export async function cancelOpen(db: Executor, notificationIds: readonly string[]): Promise<void> {
  await db.query({
    text: `update notifications set status = 'cancelled', rate_seq = null, next_attempt_at = null, finished_at = now(),
             reconcile_after = now() + interval '${CANCEL_CHECK_SECONDS} seconds'
           where id = any($1) and status in ('pending', 'delivering', 'retrying', 'held')`,
    values: [notificationIds.map((id) => decodeId('ntf', id))],
  });
}

/** Ends the checks of cancelled notifications, whose workflows have been signalled. */
export async function endChecks(db: Executor, notificationIds: readonly string[]): Promise<void> {
  await db.query({
    text: `update notifications set reconcile_after = null where id = any($1) and status = 'cancelled'`,
    values: [notificationIds.map((id) => decodeId('ntf', id))],
  });
}
