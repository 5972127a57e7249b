import { decodeId, encodeId, uuidFloor } from '../../domain/ids';
import {
  notificationWorkflowId,
  type AttemptErrorClass,
  type Notification,
  type NotificationStatus,
  type Scope,
} from '../../domain/types';
import type { Executor } from '../db/database';
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
