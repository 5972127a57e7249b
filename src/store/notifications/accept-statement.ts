import { joinLines, NUMBERED } from '../subscriptions/rate-line';
import { hasCapabilities } from '../catalog/event-types';
import { CLAIM_KEYS } from './event-keys';
import { NO_WORKFLOW } from './claim-grace';
import { FAST_LANE_MAX_TIMEOUT_SECONDS, HEAD_START_WAIT_SECONDS, RECONCILE_AFTER_SECONDS } from '../../domain/delivery';

/** The first status of a notification, for a row of `subscription_states`. */
export const PENDING_OR_HELD = `case when status = 'enabled' and settling_since is null then 'pending' else 'held' end`;

export const LANE = `case when timeout_seconds > ${FAST_LANE_MAX_TIMEOUT_SECONDS} or slow_until > now() then 'slow' else 'fast' end`;

/**
 * Until when the accepting process claims the first attempt. Null if the notification is held, in
 * the slow lane, or subject to a rate limit: then the workflow makes the attempt.
 */
export function claimedUntil(processId: string): string {
  return `case
      when ${processId}::text is not null and status = 'enabled' and settling_since is null and rate_limit_per_second is null
        and timeout_seconds <= ${FAST_LANE_MAX_TIMEOUT_SECONDS} and (slow_until is null or slow_until <= now())
      then now() + make_interval(secs => timeout_seconds + ${HEAD_START_WAIT_SECONDS})
    end`;
}

/**
 * Host and port of a URL: where a request goes, as far as limits are concerned.
 *
 * @param s - prefix of the column of `subscription_states`
 */
export const hostOf = (s = '') => `lower(split_part(${s}url, '/', 3))`;

/**
 * Inserts the notifications of `matched`. Those with a rate limit get the next numbers of the line.
 */
export function insertNotifications(processId: string): string {
  return `lined_up as (
  ${joinLines('matched')}
),
numbered as (
  ${NUMBERED('matched')}
),
notified as (
  insert into notifications (id, event_id, subscription_id, customer_id, product_id, event_type, status, accepted_as, retry_schedule,
    claimed_by, claimed_until, reconcile_after, rate_seq)
  select m.id, event_id, subscription_id, customer_id, owner, type, status, status, schedule,
    case when claimed_until is not null then ${processId}::text end, coalesce(claimed_until, case when status = 'held' then ${NO_WORKFLOW} end),
    case when status = 'pending' then coalesce(claimed_until, now()) + interval '${RECONCILE_AFTER_SECONDS} seconds' end, q.rate_seq
  from matched m left join numbered q on q.id = m.id
)`;
}

/** Columns for the accepting process, from `matched m` joined with `service_definitions d`. */
export const CLAIM = `m.claimed_until is not null as claimed, case when m.claimed_until is not null then m.host end as host, case when m.claimed_until is not null and d.event_type is null then m.revision end as revision`;

/** Counts the events of `matched`, in one row per subscription. */
export const COUNT_EVENTS = `insert into subscription_event_statistics as c (subscription_id, events, last_event_at)
  select subscription_id, count(*), now() from matched group by subscription_id order by subscription_id
  on conflict (subscription_id) do update set events = c.events + excluded.events, last_event_at = excluded.last_event_at`;

/**
 * The accept statement. It checks events against the current catalog, matches the current
 * subscriptions, inserts events and notifications, and returns the result of each event. The id of
 * a notification begins like the id of its event, so ids sort in order of acceptance.
 */
function acceptStatement(toAllCustomers: boolean): string {
  return `
with input as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::text[], $8::timestamptz[], $9::text[], $10::text[], $11::bytea[], $13::text[], $14::text[], $15::text[], $16::text[])
    with ordinality as i (id, given_id, product_id, type, version, customer_id, channels, occurred_at, data, user_context, body_hash, occurred_text, taken_in, search_items, traceparent, position)
),
checked as (
  select i.*, c.id as known_customer, t.product_id as owner, t.requires,
    case
      when t.name is null or t.product_id <> coalesce(i.product_id, t.product_id) then 'unknown-event-type'
      when not p.enabled then 'product-disabled'
      when t.archived then 'event-type-archived'
      when i.customer_id is not null and c.id is null
        and (p.unknown_customers = 'refuse' or exists (select from customers x where x.id = i.customer_id and x.erasing)) then 'unknown-customer'
      when i.taken_in = t.product_id then 'event-id-conflict'
      when t.version <> i.version then 'stale-schema'
    end as fault
  from input i
  left join event_types t on t.name = i.type
  left join products p on p.id = t.product_id
  left join customers c on c.id = i.customer_id and not c.erasing and (c.product_id is null or c.product_id = t.product_id)
),
${CLAIM_KEYS},
fresh as (
  select id, given_id, owner, type, requires, customer_id, known_customer, array(select json_array_elements_text(channels::json)) as channels,
    occurred_at, occurred_text, data, user_context, search_items::text[], traceparent
  from checked
  where fault is null and (given_id is null or id in (select event_id from fresh_ids))
),
stored as (
  insert into events (id, given_id, product_id, type, customer_id, channels, occurred_at, occurred_text, data, user_context, search_items, traceparent)
  select id, given_id, owner, type, customer_id, channels, occurred_at, occurred_text, data::json, user_context::json, search_items, traceparent from fresh
),
candidates as (
  select f.id as event_id, f.owner, f.type, f.requires, f.channels as event_channels, s.*
  from fresh f
  cross join lateral (
    select f.known_customer
    union all
    select a.id from customers a
    where a.product_id = f.owner and a.audience = 'product' and f.customer_id is not null and a.id is distinct from f.known_customer
  ) r (customer_id)
  join subscription_states s on s.customer_id = r.customer_id
${
  toAllCustomers
    ? `union all
  select f.id, f.owner, f.type, f.requires, f.channels, s.*
  from fresh f
  join customers c on c.product_id is null or c.product_id = f.owner
  join subscription_states s on s.customer_id = c.id
  where f.customer_id is null`
    : ''
}
),
matched as (
  select (left(event_id::text, 19) || right(gen_random_uuid()::text, 17))::uuid as id,
    event_id, id as subscription_id, customer_id, owner, type,
    ${PENDING_OR_HELD} as status,
    coalesce(retry_schedule, customer_retry_schedule) as schedule,
    ${LANE} as lane,
    ${claimedUntil('$12')} as claimed_until, revision, rate_limit_per_second, ${hostOf()} as host
  from candidates
  where (product_id is null or product_id = owner)
    and (type = any (event_types) or type ~ event_type_regex)
    and (channels = '{}' or channels && event_channels)
    and ${hasCapabilities('candidates.', 'candidates.customer_id')}
),
${insertNotifications('$12')},
counted as (
  ${COUNT_EVENTS}
)
select c.position, c.fault, c.owner, c.fault is null and c.given_id is not null and c.id not in (select event_id from fresh_ids) as duplicate,
  m.id as notification_id, m.subscription_id, m.customer_id, m.status, m.schedule, m.lane, ${CLAIM}
from checked c
left join matched m on m.event_id = c.id
left join service_definitions d on d.event_type = m.type
order by c.position, m.subscription_id`;
}

/**
 * For events that all name a customer, which is the usual case. Half of the matching is left out.
 */
export const ACCEPT = { name: 'accept', text: acceptStatement(false) };

export const ACCEPT_TO_ALL = { name: 'accept-to-all', text: acceptStatement(true) };
