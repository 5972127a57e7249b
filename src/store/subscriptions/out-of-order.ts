import type { Lane, NotificationRef } from '../../domain/delivery';
import { decodeId, encodeId, newUuid } from '../../domain/ids';
import { OUT_OF_ORDER_EVENT } from '../../domain/operational-events';
import type { Executor } from '../db/database';
import { holdLinedUp } from './settling';
import { COUNT_EVENTS, insertNotifications, LANE, PENDING_OR_HELD } from '../notifications/accept-statement';

/** The result of disabling a subscription automatically. */
export interface MarkedOutOfOrder {
  /** Notifications of the operational event, which have to be started. */
  notifications: NotificationRef[];
}

/**
 * Condition of the out-of-order rule: a number of failures in a row, and a time since the first of
 * them, all in the current period. Enabling the subscription, and a change of its URL or access,
 * begin a new one. A rule of nulls never applies.
 */
const IS_FAILING = `t.period = s.failure_period and t.period_failures >= s.out_of_order_min_failures
  and t.period_failing_since <= now() - make_interval(secs => s.out_of_order_after_seconds)`;

/** Whether the last attempts to a subscription failed, in the current period. */
export async function isFailing(db: Executor, subscriptionId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: `select from subscription_attempt_statistics t join subscriptions s on s.id = t.subscription_id
           where s.id = $1 and t.period = s.failure_period and t.period_failures > 0`,
    values: [decodeId('sub', subscriptionId)],
  });
  return rowCount === 1;
}

/** The actor of what the service does by itself, in the audit log. */
const SERVICE_ACTOR = 'signpost';

const RFC_3339 = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;

/**
 * Marks the subscription as out of order, records that in the audit log, and accepts the
 * operational event about it, in one statement. Subscriptions of the product that owns the event
 * type get it. If one of those goes out of order, there is no event, to avoid a loop.
 */
const MARK = `
with marked as (
  update subscriptions s set out_of_order_at = now(), modified_at = now(),
    out_of_order_reason = coalesce($2, t.period_failures || ' failures and no success since ' || to_char(t.period_failing_since at time zone 'UTC', ${RFC_3339}))
  from (select $1::uuid as id) given left join subscription_attempt_statistics t on t.subscription_id = given.id
  where s.id = given.id and s.out_of_order_at is null and s.deleted_at is null and ($5::bigint is null or s.failure_period = $5) and ($2::text is not null or (${IS_FAILING}))
  returning s.customer_id, s.product_id, s.name, s.out_of_order_at, s.out_of_order_reason, coalesce(t.failures_since_success, 0) as failures
),
audited as (
  insert into audit (id, actor_id, actor_name, action, object, product_id, customer_id, detail, changes)
  select $6::uuid, '${SERVICE_ACTOR}', 'Signpost', 'subscription.out-of-order', $4::text, coalesce(m.product_id, c.product_id), c.id,
    jsonb_build_object('reason', m.out_of_order_reason), '{"status":{"from":"enabled","to":"out-of-order"}}'::jsonb
  from marked m join customers c on c.id = m.customer_id and not c.erasing
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
    ${PENDING_OR_HELD} as status, coalesce(s.retry_schedule, s.customer_retry_schedule) as schedule, ${LANE} as lane, null::timestamptz as claimed_until,
    s.rate_limit_per_second
  from raised r
  -- Only subscriptions of the product itself: a customer who follows all events must not learn
  -- about other customers.
  join subscription_states s on coalesce(s.product_id, s.customer_product_id) = r.owner
  where (r.type = any (s.event_types) or r.type ~ s.event_type_regex) and s.channels = '{}'
),
${insertNotifications('null')},
counted as (
  ${COUNT_EVENTS}
)
select m.id, m.subscription_id, m.customer_id, m.type, m.status, m.schedule, m.lane from marked left join matched m on true`;

interface MarkedRow {
  /** Null if no subscription gets the event. */
  id: string | null;
  subscription_id: string;
  customer_id: string;
  type: string;
  status: 'pending' | 'held';
  schedule: number[];
  lane: Lane;
}

/**
 * Disables a subscription automatically, for example after a 410. Its notifications are held until
 * it is enabled.
 *
 * @param failurePeriod - in which the attempt began: its response says nothing about another URL,
 *   to which the subscription was changed meanwhile, nor about a receiver that was repaired
 * @returns undefined if it was out of order already, or is in another period
 */
export function markOutOfOrder(
  db: Executor,
  subscriptionId: string,
  reason: string,
  failurePeriod?: number,
): Promise<MarkedOutOfOrder | undefined> {
  return mark(db, subscriptionId, reason, failurePeriod);
}

/**
 * Disables a subscription automatically if its out-of-order rule applies: nothing was delivered for
 * too long.
 *
 * @returns undefined if the rule does not apply, or if it was out of order already
 */
export async function markOutOfOrderIfFailing(
  db: Executor,
  subscriptionId: string,
): Promise<MarkedOutOfOrder | undefined> {
  // This check runs after every failure and is almost always negative. It is cheaper than the whole
  // statement.
  const { rowCount } = await db.query({
    name: 'is-failing',
    text: `select from subscriptions s join subscription_attempt_statistics t on t.subscription_id = s.id
           where s.id = $1 and s.out_of_order_at is null and ${IS_FAILING}`,
    values: [decodeId('sub', subscriptionId)],
  });
  return rowCount === 0 ? undefined : mark(db, subscriptionId, null);
}

async function mark(
  db: Executor,
  subscriptionId: string,
  reason: string | null,
  failurePeriod: number | null = null,
): Promise<MarkedOutOfOrder | undefined> {
  const { rows } = await db.query<MarkedRow>({
    text: MARK,
    values: [decodeId('sub', subscriptionId), reason, newUuid(), subscriptionId, failurePeriod, newUuid()],
  });
  if (rows.length === 0) return undefined;
  await holdLinedUp(db, subscriptionId);
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
