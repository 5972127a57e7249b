import { decodeId, encodeId, uuidFloor, uuidsSharingTime, uuidTimeMs } from '../../domain/ids';
import {
  notificationWorkflowId,
  type AttemptErrorClass,
  type Notification,
  type NotificationStatus,
  type Scope,
} from '../../domain/types';
import type { Executor } from '../db/database';
import { newestFirst, type Bounds } from '../db/spans';
import { eventsNamed } from './event-keys';
import { eventsWithin } from './reopen';
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

/** Filters a list of notifications. An absent field does not filter. */
export interface NotificationFilter {
  statuses?: readonly NotificationStatus[];
  customerId?: string;
  subscriptionId?: string;
  eventType?: string;
  since?: Date;
  until?: Date;
  /** The public id of the event. */
  eventId?: string;
  /** The id of a notification or an event. */
  q?: string;
}

/** The part of the given bounds in which these ids are, and notifications of these events. */
function around(uuids: readonly string[], { since, until, ...rest }: Bounds): Bounds {
  if (uuids.length === 0) return { since, until, ...rest };
  const times = uuids.map(uuidTimeMs);
  return {
    since: new Date(Math.max(Math.min(...times), since?.getTime() ?? 0)),
    until: new Date(Math.min(Math.max(...times) + 1, until?.getTime() ?? Infinity)),
    ...rest,
  };
}

/** Lists notifications, newest first. */
export async function listNotifications(
  db: Executor,
  scope: Scope,
  filter: NotificationFilter,
  page: PageRequest,
): Promise<Page<Notification>> {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const where = (condition: (parameter: string) => string, value: unknown) => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  where((parameter) => `n.product_id = ${parameter}`, scope.productId);
  where((parameter) => `n.customer_id = ${parameter}`, scope.customerId);
  where((parameter) => `n.customer_id = ${parameter}`, filter.customerId);
  where((parameter) => `n.status = any (${parameter})`, filter.statuses);
  const searched = filter.q && decodeId('ntf', filter.q);
  if (searched) where((parameter) => `n.id = ${parameter}::uuid`, searched);
  const named = searched ? [searched] : [];
  for (const eventId of [filter.eventId, searched ? undefined : filter.q]) {
    if (eventId === undefined) continue;
    const events = await eventsNamed(db, eventId);
    if (events.length === 0) return { items: [], nextCursor: null };
    where((parameter) => `n.event_id = any (${parameter}::uuid[])`, events);
    named.push(...events);
  }
  where((parameter) => `n.event_type = ${parameter}`, filter.eventType);
  // A malformed id matches nothing, but must not fail the statement.
  where(
    (parameter) => `n.subscription_id = ${parameter}::uuid`,
    filter.subscriptionId === undefined ? undefined : (decodeId('sub', filter.subscriptionId) ?? uuidFloor(0)),
  );
  const [from, to, limit, first, last] = [1, 2, 3, 4, 5].map((offset) => `$${values.length + offset}`);
  const all = [...conditions, `n.id >= ${from}`, `n.id < ${to}`, `e.id between ${first} and ${last}`];
  const text = `select ${COLUMNS} from notifications n join events e on e.id = n.event_id
           where ${all.join(' and ')} order by n.id desc limit ${limit}`;
  const bounds = around(named, { since: filter.since, until: filter.until, after: page.after });
  const rows = await newestFirst(db, 'notifications', bounds, page.limit + 1, async (span, left) => {
    return (await db.query<Row>({ text, values: [...values, ...span, left, ...eventsWithin(span)] })).rows;
  });
  return toPage(rows, page, toNotification, (row) => row.id);
}

/** @returns undefined if there is none in scope */
export async function findNotification(db: Executor, id: string, scope: Scope): Promise<Notification | undefined> {
  const uuid = decodeId('ntf', id);
  if (uuid === undefined) return undefined;
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from notifications n join events e on e.id = n.event_id
           where n.id = $1 and ($2::text is null or n.product_id = $2) and ($3::text is null or n.customer_id = $3) and e.id between $4 and $5`,
    values: [uuid, scope.productId ?? null, scope.customerId ?? null, ...uuidsSharingTime(uuid)],
  });
  return rows[0] && toNotification(rows[0]);
}

/** Lists the notifications of an event, at most 1,000. */
export async function notificationsOfEvent(db: Executor, eventUuid: string, scope: Scope): Promise<Notification[]> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from notifications n join events e on e.id = n.event_id
           where n.event_id = $1 and e.id = $1 and n.id between $3 and $4 and ($2::text is null or n.customer_id = $2) order by n.subscription_id limit 1000`,
    values: [eventUuid, scope.customerId ?? null, ...uuidsSharingTime(eventUuid)],
  });
  return rows.map(toNotification);
}
