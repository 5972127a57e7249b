import type { Lane, NotificationRef } from '../../domain/delivery';
import { encodeId, newUuid } from '../../domain/ids';
import type { Executor } from '../db/database';
import { COUNT_EVENTS, insertNotifications, LANE, PENDING_OR_HELD } from '../notifications/accept-statement';

/**
 * Events `r` with `type` and `owner`, joined with the subscriptions `s` that get them. Only
 * subscriptions of the product itself do: a customer who follows all events must not learn about
 * other customers.
 */
const FOLLOWERS = `join subscription_states s on coalesce(s.product_id, s.customer_product_id) = r.owner
    and (r.type = any (s.event_types) or r.type ~ s.event_type_regex) and s.channels = '{}'`;

/** Event types `e` that are in use. */
const IN_USE = `event_types e join products p on p.id = e.product_id and p.enabled where not e.archived`;

/** @returns those of the types that a subscription gets, if only when it is enabled */
export async function followedTypes(db: Executor, types: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ type: string }>({
    text: `select distinct r.type from (select e.name as type, e.product_id as owner from ${IN_USE} and e.name = any ($1)) r ${FOLLOWERS}`,
    values: [types],
  });
  return rows.map(({ type }) => type);
}

const ACCEPT = `
with raised as (
  select i.id, e.name as type, e.product_id as owner, i.data
  from unnest($1::uuid[], $2::text[], $3::text[]) as i (id, type, data) join lateral (select e.* from ${IN_USE}) e on e.name = i.type
),
stored as (
  insert into events (id, product_id, type, channels, occurred_at, data) select id, owner, type, '{}', now(), data::json from raised
),
matched as (
  select (left(r.id::text, 19) || right(gen_random_uuid()::text, 17))::uuid as id, r.id as event_id, s.id as subscription_id, s.customer_id, r.owner, r.type,
    ${PENDING_OR_HELD} as status, coalesce(s.retry_schedule, s.customer_retry_schedule) as schedule, ${LANE} as lane, null::timestamptz as claimed_until,
    s.rate_limit_per_second
  from raised r ${FOLLOWERS}
),
${insertNotifications('null')},
counted as (
  ${COUNT_EVENTS}
)
select m.id, m.subscription_id, m.customer_id, m.type, m.status, m.schedule, m.lane from matched m order by m.id`;

interface MatchedRow {
  id: string;
  subscription_id: string;
  customer_id: string;
  type: string;
  status: 'pending' | 'held';
  schedule: number[];
  lane: Lane;
}

/**
 * Accepts operational events like other events, without a head start.
 *
 * @param events - `data` is JSON text
 * @returns the notifications that are pending
 */
export async function acceptOperationalEvents(
  db: Executor,
  events: readonly { type: string; data: string }[],
): Promise<NotificationRef[]> {
  if (events.length === 0) return [];
  const { rows } = await db.query<MatchedRow>({
    text: ACCEPT,
    values: [events.map(() => newUuid()), events.map(({ type }) => type), events.map(({ data }) => data)],
  });
  return rows.flatMap((row) => (row.status === 'pending' ? [toRef(row)] : []));
}

const toRef = (row: MatchedRow): NotificationRef => ({
  notificationId: encodeId('ntf', row.id),
  subscriptionId: encodeId('sub', row.subscription_id),
  customerId: row.customer_id,
  eventType: row.type,
  schedule: row.schedule,
  lane: row.lane,
});
