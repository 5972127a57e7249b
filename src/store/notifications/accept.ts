import {
  FAST_LANE_MAX_TIMEOUT_SECONDS,
  HEAD_START_WAIT_SECONDS,
  RECONCILE_AFTER_SECONDS,
  type Lane,
  type NotificationRef,
} from '../../domain/delivery';
import { encodeId } from '../../domain/ids';
import type { NewEvent } from '../../domain/types';
import type { Executor } from '../db/database';
import type { DeliveryFacts } from '../deliveries';

/** An event that passed the checks that need no database. */
export interface EventToAccept extends Omit<NewEvent, 'productId'> {
  uuid: string;
  /** Whose event it must be; absent for an admin, who may post for any product. */
  productId?: string;
  /** Version of the event type whose schema the data was held against. */
  schemaVersion: number;
  /** Tells another event with the same id from the same one posted again. */
  bodyHash: Buffer;
}

/** Why an event was not accepted. `stale-schema`: the event type changed meanwhile; check the data again. */
export type AcceptFault =
  | 'unknown-event-type'
  | 'event-type-archived'
  | 'product-disabled'
  | 'unknown-customer'
  | 'event-id-conflict'
  | 'stale-schema';

export interface AcceptedNotification extends NotificationRef {
  status: 'pending' | 'held';
  /** The product that the event belongs to. */
  productId: string;
  /** Whether the first attempt is the accepting process's to make. */
  claimed: boolean;
  /** Of the subscription as the accept saw it; `null` where an attempt needs more than the subscription and the event. */
  subscriptionRevision: number | null;
}

export type AcceptResult =
  | { kind: 'accepted'; id: string; duplicate: boolean; notifications: AcceptedNotification[] }
  | { kind: 'refused'; fault: AcceptFault };

/** What becomes of a notification for a row of `subscription_states`. */
export const PENDING_OR_HELD = `case when status = 'enabled' and settling_since is null then 'pending' else 'held' end`;
export const LANE = `case when timeout_seconds > ${FAST_LANE_MAX_TIMEOUT_SECONDS} or slow_until > now() then 'slow' else 'fast' end`;

/** Until when the first attempt is the accepting process's to make; null where it is not: held, in the slow lane, or under a rate limit. */
export function claimedUntil(processId: string): string {
  return `case
      when ${processId}::text is not null and status = 'enabled' and settling_since is null and rate_limit_per_second is null
        and timeout_seconds <= ${FAST_LANE_MAX_TIMEOUT_SECONDS} and (slow_until is null or slow_until <= now())
      then now() + make_interval(secs => timeout_seconds + ${HEAD_START_WAIT_SECONDS})
    end`;
}

/** Writes the notifications of `matched`. */
export function insertNotifications(processId: string): string {
  return `insert into notifications (id, event_id, subscription_id, customer_id, product_id, event_type, status, accepted_as, retry_schedule,
    claimed_by, claimed_until, reconcile_after)
  select id, event_id, subscription_id, customer_id, owner, type, status, status, schedule,
    case when claimed_until is not null then ${processId}::text end, claimed_until,
    case when status = 'pending' then coalesce(claimed_until, now()) + interval '${RECONCILE_AFTER_SECONDS} seconds' end
  from matched`;
}

/** For the accepting process, of `matched m` joined with `service_definitions d`. */
export const CLAIM = `m.claimed_until is not null as claimed, case when m.claimed_until is not null and d.event_type is null then m.revision end as revision`;

/** Counts the events of `matched`, one row for each subscription. */
export const COUNT_EVENTS = `insert into subscription_event_statistics as c (subscription_id, events, last_event_at)
  select subscription_id, count(*), now() from matched group by subscription_id order by subscription_id
  on conflict (subscription_id) do update set events = c.events + excluded.events, last_event_at = excluded.last_event_at`;

/**
 * Events and their notifications in one statement: checks against the catalog as it is now, matches the subscriptions as they are now,
 * writes both, and says for each event what came of it. A notification's id begins as its event's, so it sorts in order of acceptance.
 */
function acceptStatement(toAllCustomers: boolean): string {
  return `
with input as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::text[], $8::timestamptz[], $9::text[], $10::text[], $11::bytea[])
    with ordinality as i (id, given_id, product_id, type, version, customer_id, channels, occurred_at, data, user_context, body_hash, position)
),
checked as (
  select i.*, t.product_id as owner,
    case
      when t.name is null or t.product_id <> coalesce(i.product_id, t.product_id) then 'unknown-event-type'
      when not p.enabled then 'product-disabled'
      when t.archived then 'event-type-archived'
      when i.customer_id is not null and c.id is null then 'unknown-customer'
      when t.version <> i.version then 'stale-schema'
    end as fault
  from input i
  left join event_types t on t.name = i.type
  left join products p on p.id = t.product_id
  left join customers c on c.id = i.customer_id and (c.product_id is null or c.product_id = t.product_id)
),
keys as (
  insert into event_keys (product_id, given_id, event_id, body_hash)
  select owner, given_id, id, body_hash from checked where fault is null and given_id is not null order by owner, given_id
  on conflict do nothing
  returning event_id
),
fresh as (
  select id, given_id, owner, type, customer_id, array(select json_array_elements_text(channels::json)) as channels,
    occurred_at, data, user_context
  from checked
  where fault is null and (given_id is null or id in (select event_id from keys))
),
stored as (
  insert into events (id, given_id, product_id, type, customer_id, channels, occurred_at, data, user_context)
  select id, given_id, owner, type, customer_id, channels, occurred_at, data::json, user_context::json from fresh
),
candidates as (
  select f.id as event_id, f.owner, f.type, f.channels as event_channels, s.*
  from fresh f join subscription_states s on s.customer_id = f.customer_id
${
  toAllCustomers
    ? `union all
  select f.id, f.owner, f.type, f.channels, s.*
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
    ${claimedUntil('$12')} as claimed_until, revision
  from candidates
  where (product_id is null or product_id = owner)
    and (type = any (event_types) or type ~ event_type_regex)
    and (channels = '{}' or channels && event_channels)
),
notified as (
  ${insertNotifications('$12')}
),
counted as (
  ${COUNT_EVENTS}
)
select c.position, c.fault, c.owner, c.fault is null and c.given_id is not null and c.id not in (select event_id from keys) as duplicate,
  m.id as notification_id, m.subscription_id, m.customer_id, m.status, m.schedule, m.lane, ${CLAIM}
from checked c
left join matched m on m.event_id = c.id
left join service_definitions d on d.event_type = m.type
order by c.position, m.subscription_id`;
}

/** Most events name their customer: the statement for those has half the matching to set up. */
const ACCEPT = { name: 'accept', text: acceptStatement(false) };
const ACCEPT_TO_ALL = { name: 'accept-to-all', text: acceptStatement(true) };

export interface AcceptRow {
  position: number;
  fault: AcceptFault | null;
  owner: string | null;
  duplicate: boolean;
  notification_id: string | null;
  subscription_id: string;
  customer_id: string;
  status: 'pending' | 'held';
  schedule: number[];
  lane: Lane;
  claimed: boolean;
  revision: number | null;
}

/**
 * Accepts events, all in one statement, so in one transaction: what is answered as accepted is committed. Bad events do not sink the rest.
 *
 * @param claimedBy - the process that is to make the first attempts; `null`: nobody before the workflows do
 * @returns one result for each event, in order
 */
export async function acceptEvents(
  db: Executor,
  events: readonly EventToAccept[],
  claimedBy: string | null = null,
): Promise<AcceptResult[]> {
  const { rows } = await db.query<AcceptRow>({
    ...(events.some(({ customerId }) => customerId === undefined) ? ACCEPT_TO_ALL : ACCEPT),
    values: [
      events.map((event) => event.uuid),
      events.map((event) => event.id ?? null),
      events.map((event) => event.productId ?? null),
      events.map((event) => event.type),
      events.map((event) => event.schemaVersion),
      events.map((event) => event.customerId ?? null),
      events.map((event) => JSON.stringify(event.channels)),
      events.map((event) => event.timestamp),
      events.map((event) => event.data),
      events.map((event) => event.user ?? null),
      events.map((event) => event.bodyHash),
      claimedBy,
    ],
  });
  const results: (AcceptResult | undefined)[] = events.map(() => undefined);
  const duplicates: { index: number; owner: string }[] = [];
  for (const row of rows) {
    const index = row.position - 1;
    const event = events[index]!;
    if (row.duplicate) {
      duplicates.push({ index, owner: row.owner! });
    } else if (row.fault) {
      results[index] = { kind: 'refused', fault: row.fault };
    } else {
      const result = (results[index] ??= {
        kind: 'accepted',
        id: publicEventId(event),
        duplicate: false,
        notifications: [],
      });
      if (result.kind === 'accepted' && row.notification_id) result.notifications.push(toAccepted(row, event.type));
    }
  }
  for (const { index, owner } of duplicates) results[index] = await firstAnswer(db, events[index]!, owner);
  return results as AcceptResult[];
}

function publicEventId(event: Pick<EventToAccept, 'id' | 'uuid'>): string {
  return event.id ?? encodeId('evt', event.uuid);
}

export function toAccepted(row: AcceptRow, eventType: string): AcceptedNotification {
  return {
    notificationId: encodeId('ntf', row.notification_id!),
    subscriptionId: encodeId('sub', row.subscription_id),
    customerId: row.customer_id,
    eventType,
    schedule: row.schedule,
    lane: row.lane,
    status: row.status,
    productId: row.owner!,
    claimed: row.claimed,
    subscriptionRevision: row.revision,
  };
}

/** What the accept wrote, as the first attempt needs it, and the subscription that is to be known beside it. */
export interface HeadStartDelivery {
  facts: DeliveryFacts;
  subscriptionId: string;
  subscriptionRevision: number | null;
}

/** @returns `null` where the first attempt is not this process's to make */
export function headStartDelivery(
  event: Pick<EventToAccept, 'id' | 'uuid' | 'type' | 'timestamp' | 'data' | 'user' | 'channels'>,
  { claimed, notificationId, productId, subscriptionId, subscriptionRevision }: AcceptedNotification,
): HeadStartDelivery | null {
  if (!claimed) return null;
  const facts: DeliveryFacts = {
    notificationId,
    status: 'pending',
    attempts: 0,
    lastAttemptKey: null,
    lastErrorMessage: null,
    nextAttemptAt: null,
    acceptedAt: new Date(),
    claimedBy: null,
    event: {
      id: publicEventId(event),
      type: event.type,
      productId,
      occurredAt: event.timestamp,
      data: event.data,
      user: event.user ?? null,
      channels: event.channels,
    },
  };
  return { facts, subscriptionId, subscriptionRevision };
}

/** What was answered when the id was posted first. */
async function firstAnswer(db: Executor, event: EventToAccept, owner: string): Promise<AcceptResult> {
  const { rows } = await db.query<AcceptRow & { body_hash: Buffer }>({
    name: 'accept-duplicate',
    text: `select k.body_hash, k.product_id as owner, n.id as notification_id, n.subscription_id, n.customer_id, n.accepted_as as status, n.retry_schedule as schedule, 'fast' as lane, false as claimed, null as revision
           from event_keys k left join notifications n on n.event_id = k.event_id
           where k.product_id = $1 and k.given_id = $2
           order by n.subscription_id`,
    values: [owner, event.id],
  });
  if (!rows[0]?.body_hash.equals(event.bodyHash)) return { kind: 'refused', fault: 'event-id-conflict' };
  const notifications = rows.filter((row) => row.notification_id !== null).map((row) => toAccepted(row, event.type));
  return { kind: 'accepted', id: publicEventId(event), duplicate: true, notifications };
}

/** The schema that an event type's data is held against. @returns `undefined` where there is no such type */
export async function findSchema(
  db: Executor,
  eventType: string,
): Promise<{ version: number; schema: object | null } | undefined> {
  const { rows } = await db.query<{ version: number; schema: object | null }>({
    name: 'find-schema',
    text: 'select version, schema from event_types where name = $1',
    values: [eventType],
  });
  return rows[0];
}
