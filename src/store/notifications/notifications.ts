import {
  FAST_LANE_MAX_TIMEOUT_SECONDS,
  HEAD_START_PREFIX,
  HEAD_START_WAIT_SECONDS,
  RECONCILE_AFTER_SECONDS,
  type NotificationRef,
  type OverdueNotification,
} from '../../domain/delivery';
import { decodeId, encodeId, uuidFloor } from '../../domain/ids';
import {
  notificationWorkflowId,
  type AttemptErrorClass,
  type Notification,
  type NotificationStatus,
  type Scope,
} from '../../domain/types';
import type { Executor } from '../db/database';
import { REF_COLUMNS, toRef, type RefRow } from './notification-refs';
import { toPage, type Page, type PageRequest } from '../db/pages';

interface Row {
  id: string;
  event_id: string;
  given_id: string | null;
  subscription_id: string;
  customer_id: string;
  product_id: string;
  event_type: string;
  status: NotificationStatus;
  attempt_count: number;
  next_attempt_at: Date | null;
  last_response_status: number | null;
  last_error_class: AttemptErrorClass | null;
  last_error_message: string | null;
  created_at: Date;
  finished_at: Date | null;
  burst_id: string | null;
}

const COLUMNS = `n.id, n.event_id, e.given_id, n.subscription_id, n.customer_id, n.product_id, n.event_type, n.status, n.attempt_count, n.next_attempt_at,
  n.last_response_status, n.last_error_class, n.last_error_message, n.created_at, n.finished_at, n.burst_id`;

function toNotification(row: Row): Notification {
  const id = encodeId('ntf', row.id);
  return {
    id,
    eventId: row.given_id ?? encodeId('evt', row.event_id),
    subscriptionId: encodeId('sub', row.subscription_id),
    customerId: row.customer_id,
    productId: row.product_id,
    eventType: row.event_type,
    status: row.status,
    attemptCount: row.attempt_count,
    nextAttemptAt: row.next_attempt_at,
    lastError: row.last_error_class && { class: row.last_error_class, message: row.last_error_message ?? '' },
    lastResponseStatus: row.last_response_status,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    workflowId: row.burst_id ?? notificationWorkflowId(id),
  };
}

/** Narrows a list of notifications; an absent field does not narrow. */
export interface NotificationFilter {
  statuses?: readonly NotificationStatus[];
  customerId?: string;
  subscriptionId?: string;
  eventType?: string;
  since?: Date;
  until?: Date;
  /** As producers know it. */
  eventId?: string;
  /** The id of a notification or an event. */
  q?: string;
}

/** An event's id may be ours, or one that a producer gave. */
const eventIds = (id: string) => JSON.stringify({ given: id, ours: decodeId('evt', id) ?? null });
const ofEvent = (place: string) =>
  `n.event_id in (select event_id from event_keys where given_id = ${place}::json->>'given' union select (${place}::json->>'ours')::uuid)`;

/** Newest first. */
export async function listNotifications(
  db: Executor,
  scope: Scope,
  filter: NotificationFilter,
  page: PageRequest,
): Promise<Page<Notification>> {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const where = (condition: (place: string) => string, value: unknown) => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  where((place) => `n.product_id = ${place}`, scope.productId);
  where((place) => `n.customer_id = ${place}`, scope.customerId);
  where((place) => `n.customer_id = ${place}`, filter.customerId);
  where((place) => `n.status = any (${place})`, filter.statuses);
  where(ofEvent, filter.eventId && eventIds(filter.eventId));
  const searched = filter.q && decodeId('ntf', filter.q);
  if (searched) where((place) => `n.id = ${place}::uuid`, searched);
  else where(ofEvent, filter.q && eventIds(filter.q));
  where((place) => `n.event_type = ${place}`, filter.eventType);
  // An id that is none can match nothing; it must not fail either.
  where(
    (place) => `n.subscription_id = ${place}::uuid`,
    filter.subscriptionId && (decodeId('sub', filter.subscriptionId) ?? uuidFloor(0)),
  );
  where((place) => `n.id >= ${place}::uuid`, filter.since && uuidFloor(filter.since.getTime()));
  where((place) => `n.id < ${place}::uuid`, filter.until && uuidFloor(filter.until.getTime()));
  where((place) => `n.id < ${place}::uuid`, page.after);
  values.push(page.limit + 1);
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from notifications n join events e on e.id = n.event_id
           ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
           order by n.id desc limit $${values.length}`,
    values,
  });
  return toPage(rows, page, toNotification, (row) => row.id);
}

/** @returns `undefined` where there is none in reach */
export async function findNotification(db: Executor, id: string, scope: Scope): Promise<Notification | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from notifications n join events e on e.id = n.event_id
           where n.id = $1 and ($2::text is null or n.product_id = $2) and ($3::text is null or n.customer_id = $3)`,
    values: [decodeId('ntf', id) ?? null, scope.productId ?? null, scope.customerId ?? null],
  });
  return rows[0] && toNotification(rows[0]);
}

/** The notifications of an event, as the producer sees them. */
export async function notificationsOfEvent(db: Executor, eventUuid: string, scope: Scope): Promise<Notification[]> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from notifications n join events e on e.id = n.event_id
           where n.event_id = $1 and ($2::text is null or n.customer_id = $2) order by n.subscription_id limit 1000`,
    values: [eventUuid, scope.customerId ?? null],
  });
  return rows.map(toNotification);
}

/** Opens a closed notification again; sets `notifications n` from `subscription_states s`. */
export const REOPEN = `status = 'pending', opened_at = clock_timestamp(), ladder_base = n.attempt_count, finished_at = null,
  next_attempt_at = null, reconcile_after = now() + interval '30 seconds', retry_schedule = coalesce(s.retry_schedule, s.customer_retry_schedule)`;

/**
 * Opens a closed notification again for a new walk through the ladder, with the retry schedule as it is now. From here on the relay looks
 * after it, should the signal that follows be lost.
 *
 * @returns what is needed to start its workflow, or `undefined` where it is not closed or its subscription was deleted
 */
export async function reopenNotification(db: Executor, id: string): Promise<NotificationRef | undefined> {
  const { rows } = await db.query<RefRow>({
    text: `update notifications n set ${REOPEN}
           from subscription_states s
           where n.id = $1 and n.status in ('failed', 'cancelled', 'delivered') and s.id = n.subscription_id
           returning ${REF_COLUMNS}`,
    values: [decodeId('ntf', id)],
  });
  return rows[0] && toRef(rows[0]);
}

/** What is needed to signal the workflow of an open notification. */
export async function findRef(db: Executor, id: string): Promise<NotificationRef | undefined> {
  const { rows } = await db.query<RefRow>({
    text: `select ${REF_COLUMNS} from notifications n join subscription_states s on s.id = n.subscription_id where n.id = $1`,
    values: [decodeId('ntf', id)],
  });
  return rows[0] && toRef(rows[0]);
}

/**
 * Ends all claims, where nobody who made them can still be running: what was claimed need not wait for its claim to lapse. Recorded failures that no
 * workflow took over are found at once, too.
 */
export async function endClaims(db: Executor): Promise<void> {
  await db.query({
    text: `update notifications set claimed_until = null, reconcile_after = now()
           where reconcile_after is not null and claimed_until > now() and (status = 'pending' or last_attempt_key like '${HEAD_START_PREFIX}%')`,
  });
}

/** What was accepted, never opened again, and has no attempt yet. */
const UNATTEMPTED = `n.status = 'pending' and n.attempt_count = 0 and n.opened_at = n.created_at`;

/**
 * Claims the first attempts of those of the given notifications that nobody made or holds a live claim on, as the accept does: for the fast lane, and where
 * no rate limit has a say.
 */
export async function claimUnattempted(
  db: Executor,
  ids: readonly string[],
  processId: string,
): Promise<NotificationRef[]> {
  const { rows } = await db.query<RefRow>({
    text: `update notifications n set claimed_by = $2, claimed_until = now() + make_interval(secs => s.timeout_seconds + ${HEAD_START_WAIT_SECONDS}),
             reconcile_after = now() + make_interval(secs => s.timeout_seconds + ${HEAD_START_WAIT_SECONDS + RECONCILE_AFTER_SECONDS})
           from subscription_states s
           where n.id = any($1) and s.id = n.subscription_id and ${UNATTEMPTED} and (n.claimed_by = $2 or n.claimed_until is null or n.claimed_until <= now())
             and s.rate_limit_per_second is null and s.timeout_seconds <= ${FAST_LANE_MAX_TIMEOUT_SECONDS} and (s.slow_until is null or s.slow_until <= now())
           returning ${REF_COLUMNS}`,
    values: [ids.map((id) => decodeId('ntf', id)), processId],
  });
  return rows.map(toRef);
}

/**
 * Those of the given notifications whose first attempt is still to be made, or was made by a head start and not taken over: what needs a workflow
 * of its own and has none.
 */
export async function findUntaken(db: Executor, ids: readonly string[]): Promise<NotificationRef[]> {
  const { rows } = await db.query<RefRow>({
    text: `select ${REF_COLUMNS} from notifications n left join subscription_states s on s.id = n.subscription_id
           where n.id = any($1) and (${UNATTEMPTED} or n.status in ('retrying', 'failed') and n.last_attempt_key like '${HEAD_START_PREFIX}%')`,
    values: [ids.map((id) => decodeId('ntf', id))],
  });
  return rows.map(toRef);
}

/** A waiting notification is due now: should the signal that says so be lost, the relay acts on this. */
export async function markDue(db: Executor, id: string): Promise<void> {
  await db.query({
    text: `update notifications set next_attempt_at = now(), retry_asked = true, reconcile_after = now() + interval '30 seconds' where id = $1 and status = 'retrying'`,
    values: [decodeId('ntf', id)],
  });
}

interface OverdueRow extends RefRow {
  status: NotificationStatus;
  opened_at: Date;
  retry_asked: boolean;
  unattempted: boolean;
}

/**
 * Takes notifications that nobody seems to look after: accepted and not started, or waiting past their time. Two relays at once get
 * different ones, and none gets the same again within `againAfterSeconds`.
 */
export async function takeOverdue(
  db: Executor,
  limit: number,
  againAfterSeconds: number,
): Promise<OverdueNotification[]> {
  const { rows } = await db.query<OverdueRow>({
    text: `with overdue as (
             update notifications set reconcile_after = now() + make_interval(secs => $2)
             where id in (select id from notifications where reconcile_after < now() order by reconcile_after limit $1 for update skip locked)
             returning *
           )
           select ${REF_COLUMNS}, n.status, n.opened_at, n.retry_asked, ${UNATTEMPTED} as unattempted from overdue n left join subscription_states s on s.id = n.subscription_id order by n.id`,
    values: [limit, againAfterSeconds],
  });
  return rows.map((row) => ({
    ...toRef(row),
    status: row.status,
    openedAt: row.opened_at,
    retryAsked: row.retry_asked,
    unattempted: row.unattempted,
  }));
}

/** Open notifications by status, for the metrics; reads the partial index only. */
export async function countOpen(db: Executor): Promise<Record<string, number>> {
  const { rows } = await db.query<{ status: string; count: number }>({
    text: `select status, count(*) from notifications where status in ('pending', 'delivering', 'retrying', 'held') group by status`,
  });
  return {
    pending: 0,
    delivering: 0,
    retrying: 0,
    held: 0,
    ...Object.fromEntries(rows.map((row) => [row.status, row.count])),
  };
}
