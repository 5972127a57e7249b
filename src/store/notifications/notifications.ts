import { decodeId, encodeId, uuidsSharingTime, uuidTime } from '../../domain/ids';
import {
  notificationWorkflowId,
  type AttemptErrorClass,
  type Notification,
  type NotificationStatus,
  type Scope,
} from '../../domain/types';
import type { Executor } from '../db/database';
import { newestFirst } from '../db/spans';
import { readDueTimes, type InLine } from '../subscriptions/due-in-line';
import { eventsNamed } from './event-keys';
import { Conditions, soughtDays, soughtUuid, type PlainFilter } from './notification-conditions';
import { eventsWithin } from './reopen';
import { around } from './search';
import { searchNotifications } from './search-notifications';
import { toPage, type Page, type PageRequest } from '../db/pages';

interface Row extends InLine {
  id: string;
  event_id: string;
  given_id: string | null;
  customer_id: string;
  product_id: string;
  event_type: string;
  status: NotificationStatus;
  attempt_count: number;
  last_response_status: number | null;
  last_error_class: AttemptErrorClass | null;
  last_error_message: string | null;
  finished_at: Date | null;
  delivered_at: Date | null;
  burst_id: string | null;
}

const COLUMNS = `n.id, n.event_id, e.given_id, n.subscription_id, n.customer_id, n.product_id, n.event_type, n.status, n.attempt_count, n.next_attempt_at, n.rate_seq,
  n.last_response_status, n.last_error_class, n.last_error_message, n.finished_at, n.burst_id,
  coalesce(n.delivered_at, case when n.status = 'delivered' then n.finished_at end) as delivered_at`;

function toNotification(row: Row, nextAttemptAt: Date | null): Notification {
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
    nextAttemptAt,
    lastError: row.last_error_class && { class: row.last_error_class, message: row.last_error_message ?? '' },
    lastResponseStatus: row.last_response_status,
    createdAt: uuidTime(row.id),
    finishedAt: row.finished_at,
    deliveredAt: row.delivered_at,
    workflowId: row.burst_id ?? notificationWorkflowId(id),
  };
}

/** Filters a list of notifications. An absent field does not filter. */
export interface NotificationFilter extends Omit<PlainFilter, 'productIds' | 'eventTypes'> {
  eventType?: string;
  since?: Date;
  until?: Date;
  /** Only what was delivered, failed or ended otherwise at or after this time. */
  finishedSince?: Date;
  /** The public id of the event. */
  eventId?: string;
  /** The recovery that retried or cancelled them. */
  recoveryId?: string;
  /** The id of a notification or an event, its beginning, or the value of a search key. */
  q?: string;
}

/** Lists notifications, newest first. */
export async function listNotifications(
  db: Executor,
  scope: Scope,
  filter: NotificationFilter,
  page: PageRequest,
): Promise<Page<Notification>> {
  const plain: PlainFilter = {
    ...filter,
    productIds: scope.productIds,
    customerId: scope.customerId ?? filter.customerId,
    eventTypes: filter.eventType === undefined ? undefined : [filter.eventType],
  };
  const conditions = new Conditions(plain);
  // A customer that names another one finds nothing.
  if (scope.customerId !== undefined)
    conditions.where((parameter) => `n.customer_id = ${parameter}`, filter.customerId);
  conditions.where((parameter) => `n.finished_at >= ${parameter}`, filter.finishedSince);
  conditions.where(
    (parameter) =>
      `n.id in (select notification_id from recovery_items where recovery_id = ${parameter}::uuid and done)`,
    soughtUuid('rec', filter.recoveryId),
  );
  const named: string[] = [];
  if (filter.eventId !== undefined) {
    const events = await eventsNamed(db, filter.eventId);
    if (events.length === 0) return { items: [], nextCursor: null };
    conditions.where((parameter) => `n.event_id = any (${parameter}::uuid[])`, events);
    named.push(...events);
  }
  if (filter.q !== undefined) {
    const found = await searchNotifications(db, scope, filter.q, filter);
    if (!found) return { items: [], nextCursor: null };
    conditions.where((parameter) => `n.id >= ${parameter}::uuid`, found.between?.[0]);
    conditions.where((parameter) => `n.id <= ${parameter}::uuid`, found.between?.[1]);
    conditions.where((parameter) => `n.event_id = any (${parameter}::uuid[])`, found.events);
    named.push(...(found.between ?? []), ...(found.events ?? []));
  }
  const text = `select ${COLUMNS} from notifications n join events e on e.id = n.event_id
           where n.id >= $1 and n.id < $2 and e.id between $3 and $4${conditions.sql(6)} order by n.id desc limit $5`;
  const { since, until } = filter;
  const bounds = around(named, { since, until, after: page.after, sought: soughtDays(plain) });
  const rows = await newestFirst(db, 'notifications', bounds, page.limit + 1, async (span, left) => {
    return (await db.query<Row>({ text, values: [...span, ...eventsWithin(span), left, ...conditions.values] })).rows;
  });
  const dueTime = await readDueTimes(db, rows);
  return toPage(
    rows,
    page,
    (row) => toNotification(row, dueTime(row)),
    (row) => row.id,
  );
}

/** @returns undefined if there is none in scope */
export async function findNotification(db: Executor, id: string, scope: Scope): Promise<Notification | undefined> {
  const uuid = decodeId('ntf', id);
  if (uuid === undefined) return undefined;
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from notifications n join events e on e.id = n.event_id
           where n.id = $1 and ($2::text[] is null or n.product_id = any ($2)) and ($3::text is null or n.customer_id = $3) and e.id between $4 and $5`,
    values: [uuid, scope.productIds ?? null, scope.customerId ?? null, ...uuidsSharingTime(uuid)],
  });
  const dueTime = await readDueTimes(db, rows);
  return rows[0] && toNotification(rows[0], dueTime(rows[0]));
}

/** Notifications of an event that are read with it. The list of notifications has all of them. */
const MAX_WITH_EVENT = 200;

/** Reads the number of notifications of an event in scope, and the newest 200 of them. */
export async function notificationsOfEvent(
  db: Executor,
  eventUuid: string,
  scope: Scope,
): Promise<{ notificationCount: number; notifications: Notification[] }> {
  const { rows } = await db.query<Row & { total: number }>({
    text: `select ${COLUMNS}, (count(*) over ())::int as total from notifications n join events e on e.id = n.event_id
           where n.event_id = $1 and e.id = $1 and n.id between $3 and $4 and ($2::text is null or n.customer_id = $2)
           order by n.id desc limit ${MAX_WITH_EVENT}`,
    values: [eventUuid, scope.customerId ?? null, ...uuidsSharingTime(eventUuid)],
  });
  const dueTime = await readDueTimes(db, rows);
  return {
    notificationCount: rows[0]?.total ?? 0,
    notifications: rows.map((row) => toNotification(row, dueTime(row))),
  };
}
