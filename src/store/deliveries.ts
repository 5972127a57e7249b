import type { NotificationStatus } from '../domain/types';
import type { AttemptError, AttemptTrigger, HttpMethod } from '../domain/types';
import { BURST_PREFIX, HEAD_START_PREFIX, RECONCILE_AFTER_SECONDS, SLOW_LANE_SECONDS } from '../domain/delivery';
import { decodeId, encodeId, newUuid, uuidsSharingTime } from '../domain/ids';
import type { Executor } from './db/database';
import {
  deliverySubscriptionColumns,
  deliverySubscriptionJoins,
  toDeliverySubscription,
  type DeliverySubscription,
  type DeliverySubscriptionRow,
} from './notifications/delivery-subscription';
import { COUNT_ATTEMPTS } from './reporting/statistics';

/** A notification, and the event that it tells of. */
export interface DeliveryFacts {
  notificationId: string;
  status: NotificationStatus;
  attempts: number;
  /** `<workflow run id>:<sequence>` of the last recorded attempt. */
  lastAttemptKey: string | null;
  lastErrorMessage: string | null;
  nextAttemptAt: Date | null;
  acceptedAt: Date;
  /** Whose first attempt it is, while the claim has not lapsed. */
  claimedBy: string | null;
  event: {
    id: string;
    type: string;
    productId: string;
    occurredAt: Date;
    data: string;
    user: string | null;
    channels: string[];
  };
}

/** All that one attempt needs, as it is now: retries are fresh. */
export interface Delivery extends DeliveryFacts {
  /** `null` where the subscription was deleted. */
  subscription: DeliverySubscription | null;
}

interface DeliveryRow extends DeliverySubscriptionRow {
  id: string;
  status: NotificationStatus;
  attempt_count: number;
  last_attempt_key: string | null;
  last_error_message: string | null;
  next_attempt_at: Date | null;
  created_at: Date;
  claimed_by: string | null;
  event_id: string;
  given_id: string | null;
  event_type: string;
  product_id: string;
  occurred_at: Date;
  data: string;
  user_context: string | null;
  event_channels: string[];
}

/** What the notifications of one subscription for events of one type share is told with one of them: in a group it would be the most of the answer. */
const LOAD = `
select n.id, n.status, n.attempt_count, n.last_attempt_key, n.last_error_message, n.next_attempt_at, n.created_at, n.claimed_by, n.event_id, n.event_type,
  n.product_id, n.subscription_id, n.customer_id, n.given_id, n.occurred_at, n.data, n.user_context, n.event_channels,
  ${deliverySubscriptionColumns('(n.subscription)')}
from (
  select n.id, n.status, n.attempt_count, n.last_attempt_key, n.last_error_message, n.next_attempt_at, n.created_at,
    case when n.claimed_until > now() then n.claimed_by end as claimed_by, n.event_id, n.event_type, n.product_id, n.subscription_id, n.customer_id,
    e.given_id, e.occurred_at, e.data::text as data, e.user_context::text as user_context, e.channels as event_channels,
    case when row_number() over (partition by s.id, n.event_type) = 1 then s end as subscription
  from notifications n
  join events e on e.id = n.event_id
  left join subscription_states s on s.id = n.subscription_id
  where n.id = any($1) and n.id between $2 and $3 and e.id between $2 and $3
) n
${deliverySubscriptionJoins('(n.subscription)', 'n.event_type')}`;

/** @returns what each attempt needs, as it is now and in the order given; `undefined` where there is no such notification */
export async function loadDeliveries(
  db: Executor,
  notificationIds: readonly string[],
): Promise<(Delivery | undefined)[]> {
  const uuids = notificationIds.map(uuidOf);
  const sorted = uuids.toSorted();
  // A notification's id begins as its event's: so the partitions of both are known before the statement runs.
  const [first] = uuidsSharingTime(sorted[0]!);
  const [, last] = uuidsSharingTime(sorted.at(-1)!);
  const { rows } = await db.query<DeliveryRow>({ name: 'load-deliveries', text: LOAD, values: [uuids, first, last] });
  const found = new Map(rows.map((row) => [row.id, row]));
  const keyOf = (row: DeliveryRow) => `${row.subscription_id} ${row.event_type}`;
  const subscriptions = new Map<string, DeliverySubscription | null>();
  for (const row of rows)
    if (row.subscription_status !== null) subscriptions.set(keyOf(row), toDeliverySubscription(row));
  return uuids.map((uuid, index) => {
    const row = found.get(uuid);
    return row && toDelivery(notificationIds[index]!, row, subscriptions.get(keyOf(row)) ?? null);
  });
}

function toDelivery(notificationId: string, row: DeliveryRow, subscription: DeliverySubscription | null): Delivery {
  return {
    notificationId,
    status: row.status,
    attempts: row.attempt_count,
    lastAttemptKey: row.last_attempt_key,
    lastErrorMessage: row.last_error_message,
    nextAttemptAt: row.next_attempt_at,
    acceptedAt: row.created_at,
    claimedBy: row.claimed_by,
    event: {
      id: row.given_id ?? encodeId('evt', row.event_id),
      type: row.event_type,
      productId: row.product_id,
      occurredAt: row.occurred_at,
      data: row.data,
      user: row.user_context,
      channels: row.event_channels,
    },
    subscription,
  };
}

/** An attempt as it is recorded. */
export interface AttemptRecord {
  notificationId: string;
  subscriptionId: string;
  attemptKey: string;
  trigger: AttemptTrigger;
  startedAt: Date;
  finishedAt: Date;
  durationMs: number;
  error: AttemptError | null;
  request: { method: HttpMethod; url: string; headers: Record<string, string>; body: string | null };
  response: { status: number; headers: Record<string, string>; body: string; truncated: boolean } | null;
  workflowId: string;
  /** What the notification is from now on, unless it was cancelled meanwhile and this attempt did not deliver it. */
  outcome: { status: 'delivered' } | { status: 'failed' } | { status: 'retrying'; nextAttemptAt: Date };
}

/** The notification after an attempt was recorded. */
export interface RecordedAttempt {
  status: NotificationStatus;
  attempts: number;
}

interface RecordedRow {
  id: string;
  last_attempt_key: string;
  status: NotificationStatus;
  attempt_count: number;
}

/** Seconds past the due time after which the relay doubts that a workflow is waiting. */
const OVERDUE_SECONDS = 60;

const RECORD = `
with input as (
  select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[], $10::uuid[],
    $11::text[], $12::timestamptz[], $13::int[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::boolean[], $21::text[])
    as i (notification_id, attempt_key, attempt_id, response_status, error_class, error_message, outcome, next_attempt_at, finished_at, subscription_id,
    trigger, started_at, duration_ms, request_method, request_url, request_headers, request_body, response_headers, response_body, response_truncated, workflow_id)
),
recorded as (
  update notifications n set
    attempt_count = n.attempt_count + 1,
    last_attempt_key = i.attempt_key,
    last_attempt_id = i.attempt_id,
    last_response_status = i.response_status,
    last_error_class = i.error_class,
    last_error_message = i.error_message,
    status = case when n.status = 'cancelled' and i.outcome <> 'delivered' then n.status else i.outcome end,
    next_attempt_at = case when n.status = 'cancelled' then null else i.next_attempt_at end,
    reconcile_after = case
      when n.status = 'cancelled' then null
      -- A workflow is still to be told of it; where none is, the relay starts one.
      when i.outcome <> 'delivered' and i.attempt_key like '${HEAD_START_PREFIX}%' then now() + interval '${RECONCILE_AFTER_SECONDS} seconds'
      else i.next_attempt_at + interval '${OVERDUE_SECONDS} seconds'
    end,
    finished_at = case when i.outcome = 'retrying' and n.status <> 'cancelled' then null else i.finished_at end,
    burst_id = case when i.workflow_id like '${BURST_PREFIX}%' then i.workflow_id end
  from input i
  -- The array leads to the index, the bounds leave out the partitions of other days; the join alone would do neither while the tables are small.
  where n.id = i.notification_id and n.id = any($1) and n.id between $22 and $23 and n.last_attempt_key is distinct from i.attempt_key
  returning n.id, n.status, n.attempt_count, n.last_attempt_key
),
logged as (
  insert into attempts (id, notification_id, subscription_id, number, trigger, started_at, finished_at, duration_ms, response_status, error_class,
    error_message, request_method, request_url, request_headers, request_body, response_headers, response_body, response_truncated, workflow_id, notification_status)
  select i.attempt_id, r.id, i.subscription_id, r.attempt_count, i.trigger, i.started_at, i.finished_at, i.duration_ms, i.response_status, i.error_class,
    i.error_message, i.request_method, i.request_url, i.request_headers::json, i.request_body, i.response_headers::json, i.response_body,
    i.response_truncated, i.workflow_id, r.status
  from recorded r join input i on i.notification_id = r.id and i.attempt_key = r.last_attempt_key
),
counted as (
  ${COUNT_ATTEMPTS}
)
select id, last_attempt_key, status, attempt_count from recorded`;

/**
 * Records attempts of different notifications, and what follows from them, in one statement. Recording the same attempt (by its key) again
 * changes nothing.
 *
 * @returns each notification as it is now, in order
 */
export async function recordAttempts(db: Executor, attempts: readonly AttemptRecord[]): Promise<RecordedAttempt[]> {
  const column = <T>(value: (attempt: AttemptRecord) => T): T[] => attempts.map(value);
  const ids = column(({ notificationId }) => uuidOf(notificationId));
  const [first, last] = [min(ids), max(ids)];
  const { rows } = await db.query<RecordedRow>({
    name: 'record-attempts',
    text: RECORD,
    values: [
      ids,
      column(({ attemptKey }) => attemptKey),
      column(() => newUuid()),
      column(({ response }) => response?.status ?? null),
      column(({ error }) => error?.class ?? null),
      column(({ error }) => error?.message ?? null),
      column(({ outcome }) => outcome.status),
      column(({ outcome }) => (outcome.status === 'retrying' ? outcome.nextAttemptAt : null)),
      column(({ finishedAt }) => finishedAt),
      column(({ subscriptionId }) => decodeId('sub', subscriptionId)),
      column(({ trigger }) => trigger),
      column(({ startedAt }) => startedAt),
      column(({ durationMs }) => Math.round(durationMs)),
      column(({ request }) => request.method),
      column(({ request }) => request.url),
      column(({ request }) => JSON.stringify(request.headers)),
      column(({ request }) => request.body),
      column(({ response }) => response && JSON.stringify(response.headers)),
      column(({ response }) => response?.body ?? null),
      column(({ response }) => response?.truncated ?? false),
      column(({ workflowId }) => workflowId),
      first,
      last,
    ],
  });
  if (rows.length < attempts.length) rows.push(...(await findRecorded(db, ids)));
  const byAttempt = new Map(rows.map((row) => [`${row.id} ${row.last_attempt_key}`, row]));
  return attempts.map(({ notificationId, attemptKey }) => {
    const row = byAttempt.get(`${uuidOf(notificationId)} ${attemptKey}`);
    // Gone, or recorded by somebody else in this very statement: who asks again gets to know.
    if (!row) throw new Error(`An attempt of notification ${notificationId} could not be recorded.`);
    return { status: row.status, attempts: row.attempt_count };
  });
}

/** The last recorded attempts of notifications: what was recorded before is not recorded again. */
async function findRecorded(db: Executor, uuids: string[]): Promise<RecordedRow[]> {
  const { rows } = await db.query<RecordedRow>({
    text: 'select id, last_attempt_key, status, attempt_count from notifications where id = any($1)',
    values: [uuids],
  });
  return rows;
}

const min = (texts: readonly string[]) => texts.reduce((least, text) => (text < least ? text : least));
const max = (texts: readonly string[]) => texts.reduce((most, text) => (text > most ? text : most));

/**
 * Shows that an attempt is under way. The happy path does without; a first attempt in the fast lane is over too soon to be seen.
 *
 * @param reconcileAfterSeconds - when the relay should doubt that anybody still waits for it
 */
export async function markDelivering(
  db: Executor,
  notificationId: string,
  reconcileAfterSeconds: number,
): Promise<void> {
  await db.query({
    name: 'mark-delivering',
    text: `update notifications set status = 'delivering', next_attempt_at = null, finished_at = null, retry_asked = false, reconcile_after = now() + make_interval(secs => $2)
           where id = $1 and status not in ('delivered', 'cancelled')`,
    values: [uuidOf(notificationId), reconcileAfterSeconds],
  });
}

/** A workflow takes over from the head start that failed: from here on the attempt is known by the workflow's own name for it. */
export async function handOver(
  db: Executor,
  notificationId: string,
  headStartKey: string,
  attemptKey: string,
): Promise<void> {
  await db.query({
    name: 'hand-over',
    text: `update notifications set last_attempt_key = $3, burst_id = null, reconcile_after = next_attempt_at + interval '${OVERDUE_SECONDS} seconds'
           where id = $1 and last_attempt_key = $2`,
    values: [uuidOf(notificationId), headStartKey, attemptKey],
  });
}

/** Holds a notification, provided that its subscription still takes no deliveries. @returns whether it is held */
export async function holdNotification(db: Executor, notificationId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'hold-notification',
    text: `update notifications n set status = 'held', next_attempt_at = null, reconcile_after = null
           from subscription_states s
           where n.id = $1 and s.id = n.subscription_id and s.status <> 'enabled' and n.status not in ('delivered', 'cancelled')`,
    values: [uuidOf(notificationId)],
  });
  return rowCount === 1;
}

/** Closes a notification as cancelled, unless it was closed before. @returns what it is now, or `undefined` where there is none */
export async function cancelNotification(
  db: Executor,
  notificationId: string,
): Promise<{ status: NotificationStatus; attempts: number } | undefined> {
  const { rows } = await db.query<{ status: NotificationStatus; attempt_count: number }>({
    name: 'cancel-notification',
    text: `with cancelled as (
             update notifications set status = 'cancelled', next_attempt_at = null, reconcile_after = null, finished_at = now()
             where id = $1 and status in ('pending', 'delivering', 'retrying', 'held')
             returning status, attempt_count
           )
           select * from cancelled
           union all
           select status, attempt_count from notifications where id = $1 and not exists (select from cancelled)`,
    values: [uuidOf(notificationId)],
  });
  return rows[0] && { status: rows[0].status, attempts: rows[0].attempt_count };
}

/** Sends a subscription's attempts to the slow lane for a while. */
export async function markSlow(db: Executor, subscriptionId: string): Promise<void> {
  await db.query({
    text: `update subscriptions set slow_until = now() + interval '${SLOW_LANE_SECONDS} seconds'
           where id = $1 and (slow_until is null or slow_until < now() + interval '${SLOW_LANE_SECONDS / 2} seconds')`,
    values: [decodeId('sub', subscriptionId)],
  });
}

/**
 * Takes the next place under a subscription's rate limit (all processes share it: the generic cell rate algorithm on one row).
 *
 * @returns seconds until that place; 0 when it is now. The place is only taken when it is now.
 */
export async function takeRatePlace(db: Executor, subscriptionId: string): Promise<number> {
  const { rows } = await db.query<{ wait_seconds: number }>({
    name: 'take-rate-place',
    text: `with taken as (
             update subscriptions set rate_next_at = greatest(rate_next_at, now()) + make_interval(secs => 1 / rate_limit_per_second)
             where id = $1 and (rate_next_at is null or rate_next_at <= now())
             returning 0::float8 as wait_seconds
           )
           select wait_seconds from taken
           union all
           select extract(epoch from rate_next_at - now())::float8 from subscriptions where id = $1 and not exists (select from taken)`,
    values: [decodeId('sub', subscriptionId)],
  });
  return Math.max(0, rows[0]?.wait_seconds ?? 0);
}

function uuidOf(notificationId: string): string {
  const uuid = decodeId('ntf', notificationId);
  if (uuid === undefined) throw new Error(`${notificationId} is not the id of a notification.`);
  return uuid;
}
