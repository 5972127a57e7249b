import type { Lane, NotificationRef } from '../../domain/delivery';
import { decodeId, encodeId, newUuid } from '../../domain/ids';
import { OUT_OF_ORDER_EVENT } from '../../domain/operational-events';
import type { Executor } from '../db/database';
import { COUNT_EVENTS, insertNotifications, LANE, PENDING_OR_HELD } from '../notifications/accept-statement';

/** What came of taking a subscription out of order. */
export interface TakenOutOfOrder {
  /** Of the event that tells operators: to be started. */
  notifications: NotificationRef[];
}

/**
 * By a subscription's rule: so many failures in a row, the first of them so long ago. A change of the subscription, such as enabling it, begins the
 * time anew. A rule of nulls never holds.
 */
const IS_FAILING = `t.failures_since_success >= s.out_of_order_min_failures
  and greatest(t.failing_since, s.modified_at) <= now() - make_interval(secs => s.out_of_order_after_seconds)`;

const RFC_3339 = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;

/**
 * Marks the subscription and, in the same statement, accepts the event that says so, for those who follow it: subscriptions of the product that owns
 * its type. One that goes out of order itself raises none, so that nothing goes round in circles.
 */
const MARK = `
with marked as (
  update subscriptions s set out_of_order_at = now(), modified_at = now(),
    out_of_order_reason = coalesce($2, t.failures_since_success || ' failures and no success since ' || to_char(t.failing_since at time zone 'UTC', ${RFC_3339}))
  from (select $1::uuid as id) given left join subscription_attempt_statistics t on t.subscription_id = given.id
  where s.id = given.id and s.out_of_order_at is null and s.deleted_at is null and ($2::text is not null or (${IS_FAILING}))
  returning s.customer_id, s.product_id, s.name, s.out_of_order_at, s.out_of_order_reason,
    -- The attempt that was answered 410 is not counted yet.
    coalesce(t.failures_since_success, 0) + ($2::text is not null)::int as failures
),
raised as (
  select $3::uuid as id, e.name as type, e.product_id as owner, (
    select row_to_json(facts) from (select $4::text as "subscriptionId", m.customer_id as "customerId", m.name, m.out_of_order_reason as reason,
      to_char(m.out_of_order_at at time zone 'UTC', ${RFC_3339}) as at, m.failures as "failuresSinceLastSuccess") facts
  ) as data
  from marked m
  join customers c on c.id = m.customer_id
  join event_types e on e.name = '${OUT_OF_ORDER_EVENT}' and not e.archived and e.product_id is distinct from coalesce(m.product_id, c.product_id)
  join products p on p.id = e.product_id and p.enabled
),
stored as (
  insert into events (id, product_id, type, channels, occurred_at, data) select id, owner, type, '{}', now(), data from raised
),
matched as (
  select (left(r.id::text, 19) || right(gen_random_uuid()::text, 17))::uuid as id, r.id as event_id, s.id as subscription_id, s.customer_id, r.owner, r.type,
    ${PENDING_OR_HELD} as status, coalesce(s.retry_schedule, s.customer_retry_schedule) as schedule, ${LANE} as lane, null::timestamptz as claimed_until
  from raised r
  -- Of the product itself: what concerns one customer is not for every customer who follows all events.
  join subscription_states s on coalesce(s.product_id, s.customer_product_id) = r.owner
  where (r.type = any (s.event_types) or r.type ~ s.event_type_regex) and s.channels = '{}'
),
notified as (
  ${insertNotifications('null')}
),
counted as (
  ${COUNT_EVENTS}
)
select m.id, m.subscription_id, m.customer_id, m.type, m.status, m.schedule, m.lane from marked left join matched m on true`;

interface MarkedRow {
  /** Null where nobody is notified. */
  id: string | null;
  subscription_id: string;
  customer_id: string;
  type: string;
  status: 'pending' | 'held';
  schedule: number[];
  lane: Lane;
}

/**
 * Takes a subscription out of order, as after a 410: what comes after is held until somebody enables it.
 *
 * @returns `undefined` where it was out of order before
 */
export function markOutOfOrder(
  db: Executor,
  subscriptionId: string,
  reason: string,
): Promise<TakenOutOfOrder | undefined> {
  return mark(db, subscriptionId, reason);
}

/**
 * Takes a subscription out of order where its rule says so: nothing has been delivered for too long (document 002).
 *
 * @returns `undefined` where the rule does not hold, or it was out of order before
 */
export async function markOutOfOrderIfFailing(
  db: Executor,
  subscriptionId: string,
): Promise<TakenOutOfOrder | undefined> {
  // Asked after every failure: the answer is no, but for once, and costs less than setting about it.
  const { rowCount } = await db.query({
    name: 'is-failing',
    text: `select from subscriptions s join subscription_attempt_statistics t on t.subscription_id = s.id
           where s.id = $1 and s.out_of_order_at is null and ${IS_FAILING}`,
    values: [decodeId('sub', subscriptionId)],
  });
  return rowCount === 0 ? undefined : mark(db, subscriptionId, null);
}

async function mark(db: Executor, subscriptionId: string, reason: string | null): Promise<TakenOutOfOrder | undefined> {
  const { rows } = await db.query<MarkedRow>({
    text: MARK,
    values: [decodeId('sub', subscriptionId), reason, newUuid(), subscriptionId],
  });
  if (rows.length === 0) return undefined;
  return {
    notifications: rows.flatMap((row) => (row.id !== null && row.status === 'pending' ? toRef(row, row.id) : [])),
  };
}

function toRef(row: MarkedRow, id: string): NotificationRef {
  return {
    notificationId: encodeId('ntf', id),
    subscriptionId: encodeId('sub', row.subscription_id),
    customerId: row.customer_id,
    eventType: row.type,
    schedule: row.schedule,
    lane: row.lane,
  };
}
