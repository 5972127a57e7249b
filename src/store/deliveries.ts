import type { NotificationStatus } from '../domain/types';
import type { AttemptError, AttemptTrigger, Format, HttpMethod, SubscriptionStatus } from '../domain/types';
import { SLOW_LANE_SECONDS } from '../domain/delivery';
import { decodeId, encodeId, newUuid } from '../domain/ids';
import type { Sealed } from './crypto';
import type { Executor } from './database';

/** All that one attempt needs, as it is now: retries are fresh. */
export interface Delivery {
  notificationId: string;
  status: NotificationStatus;
  attempts: number;
  /** `<workflow run id>:<sequence>` of the last recorded attempt. */
  lastAttemptKey: string | null;
  lastErrorMessage: string | null;
  nextAttemptAt: Date | null;
  acceptedAt: Date;
  event: { id: string; type: string; occurredAt: Date; data: string; user: string | null; channels: string[] };
  /** `null` where the subscription was deleted. */
  subscription: DeliverySubscription | null;
}

export interface DeliverySubscription {
  id: string;
  status: SubscriptionStatus;
  customerId: string;
  url: string;
  method: HttpMethod;
  headers: Record<string, string>;
  format: Format;
  timeoutSeconds: number;
  rateLimited: boolean;
  slow: boolean;
  /** Newest first; the current one and, during a rotation, the one before. */
  secrets: Sealed[];
}

interface DeliveryRow {
  status: NotificationStatus;
  attempt_count: number;
  last_attempt_key: string | null;
  last_error_message: string | null;
  next_attempt_at: Date | null;
  created_at: Date;
  event_id: string;
  given_id: string | null;
  event_type: string;
  occurred_at: Date;
  data: string;
  user_context: string | null;
  event_channels: string[];
  subscription_id: string;
  subscription_status: SubscriptionStatus | null;
  customer_id: string;
  url: string;
  method: HttpMethod;
  headers: Record<string, string>;
  format: Format;
  timeout_seconds: number;
  rate_limited: boolean;
  slow: boolean | null;
  ciphertexts: Buffer[] | null;
  key_ids: string[] | null;
}

const LOAD = `
select n.status, n.attempt_count, n.last_attempt_key, n.last_error_message, n.next_attempt_at, n.created_at, n.event_id, n.event_type, n.subscription_id, n.customer_id,
  e.given_id, e.occurred_at, e.data::text as data, e.user_context::text as user_context, e.channels as event_channels,
  s.status as subscription_status, s.url, s.method, s.headers, s.format, s.timeout_seconds, s.rate_limit_per_second is not null as rate_limited,
  s.slow_until > now() as slow, k.ciphertexts, k.key_ids
from notifications n
join events e on e.id = n.event_id
left join subscription_states s on s.id = n.subscription_id
left join lateral (
  select array_agg(ciphertext order by newest desc, created_at desc) as ciphertexts, array_agg(key_id order by newest desc, created_at desc) as key_ids
  from (select *, expires_at is null as newest from subscription_secrets where subscription_id = s.id and (expires_at is null or expires_at > now())) live
) k on true
where n.id = $1`;

/** @returns `undefined` where there is no such notification */
export async function loadDelivery(db: Executor, notificationId: string): Promise<Delivery | undefined> {
  const { rows } = await db.query<DeliveryRow>({ name: 'load-delivery', text: LOAD, values: [uuidOf(notificationId)] });
  const row = rows[0];
  if (!row) return undefined;
  return {
    notificationId,
    status: row.status,
    attempts: row.attempt_count,
    lastAttemptKey: row.last_attempt_key,
    lastErrorMessage: row.last_error_message,
    nextAttemptAt: row.next_attempt_at,
    acceptedAt: row.created_at,
    event: {
      id: row.given_id ?? encodeId('evt', row.event_id),
      type: row.event_type,
      occurredAt: row.occurred_at,
      data: row.data,
      user: row.user_context,
      channels: row.event_channels,
    },
    subscription: row.subscription_status === null ? null : toSubscription(row, row.subscription_status),
  };
}

function toSubscription(row: DeliveryRow, status: SubscriptionStatus): DeliverySubscription {
  return {
    id: encodeId('sub', row.subscription_id),
    status,
    customerId: row.customer_id,
    url: row.url,
    method: row.method,
    headers: row.headers,
    format: row.format,
    timeoutSeconds: row.timeout_seconds,
    rateLimited: row.rate_limited,
    slow: row.slow ?? false,
    secrets: (row.ciphertexts ?? []).map((ciphertext, index) => ({ ciphertext, keyId: row.key_ids![index]! })),
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

/** Seconds past the due time after which the relay doubts that a workflow is waiting. */
const OVERDUE_SECONDS = 60;

const RECORD = `
with recorded as (
  update notifications set
    attempt_count = attempt_count + 1,
    last_attempt_key = $2,
    last_attempt_id = $3,
    last_response_status = $4,
    last_error_class = $5,
    last_error_message = $6,
    status = case when status = 'cancelled' and $7 <> 'delivered' then status else $7 end,
    next_attempt_at = case when status = 'cancelled' then null else $8::timestamptz end,
    reconcile_after = case when status = 'cancelled' then null else $8::timestamptz + interval '${OVERDUE_SECONDS} seconds' end,
    finished_at = case when $7 = 'retrying' and status <> 'cancelled' then null else $9::timestamptz end
  where id = $1 and last_attempt_key is distinct from $2
  returning status, attempt_count
),
logged as (
  insert into attempts (id, notification_id, subscription_id, number, trigger, started_at, finished_at, duration_ms, response_status, error_class,
    error_message, request_method, request_url, request_headers, request_body, response_headers, response_body, response_truncated, workflow_id)
  select $3, $1, $10, attempt_count, $11, $12, $9, $13, $4, $5, $6, $14, $15, $16, $17, $18, $19, $20, $21 from recorded
)
select status, attempt_count from recorded
union all
select status, attempt_count from notifications where id = $1 and last_attempt_key = $2`;

/**
 * Records an attempt and what follows from it, in one statement. Recording the same attempt (by its key) again changes nothing.
 *
 * @returns the notification as it is now
 */
export async function recordAttempt(
  db: Executor,
  attempt: AttemptRecord,
): Promise<{ status: NotificationStatus; attempts: number }> {
  const { outcome, request, response, error } = attempt;
  const { rows } = await db.query<{ status: NotificationStatus; attempt_count: number }>({
    name: 'record-attempt',
    text: RECORD,
    values: [
      uuidOf(attempt.notificationId),
      attempt.attemptKey,
      newUuid(),
      response?.status ?? null,
      error?.class ?? null,
      error?.message ?? null,
      outcome.status,
      outcome.status === 'retrying' ? outcome.nextAttemptAt : null,
      attempt.finishedAt,
      decodeId('sub', attempt.subscriptionId),
      attempt.trigger,
      attempt.startedAt,
      Math.round(attempt.durationMs),
      request.method,
      request.url,
      JSON.stringify(request.headers),
      request.body,
      response && JSON.stringify(response.headers),
      response?.body ?? null,
      response?.truncated ?? false,
      attempt.workflowId,
    ],
  });
  const row = rows[0];
  if (!row) throw new Error(`Notification ${attempt.notificationId} is gone.`);
  return { status: row.status, attempts: row.attempt_count };
}

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

/** Takes a subscription out of order, as after a 410: what comes after is held until somebody enables it. */
export async function markOutOfOrder(db: Executor, subscriptionId: string, reason: string): Promise<void> {
  await db.query({
    text: `update subscriptions set out_of_order_at = now(), out_of_order_reason = $2, modified_at = now()
           where id = $1 and out_of_order_at is null`,
    values: [decodeId('sub', subscriptionId), reason],
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
