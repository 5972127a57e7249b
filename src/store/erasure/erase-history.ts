import type { ErasedCounts } from '../../domain/erasure';
import { decodeId, encodeId, uuidFloor, uuidTimeMs } from '../../domain/ids';
import type { Database, Executor } from '../db/database';
import { DAY_MS } from '../db/partition-catalog';
import { allSpans, inSpan, type Span } from '../db/spans';
import { addCounts } from './erasures';

/** Rows that one transaction removes, so that it holds their locks for a moment only. */
const PAGE = 200;

/** @returns ids of notifications of the customer, at most one page */
export async function listNotifications(db: Executor, customerId: string, span: Span): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: `select id from notifications where customer_id = $1 and ${inSpan(span)} order by id limit ${PAGE}`,
    values: [customerId],
  });
  return rows.map(({ id }) => encodeId('ntf', id));
}

/**
 * Deletes notifications with their attempts. Older attempts go first, in transactions of their own:
 * one for all would hold the locks of every partition since the notifications were accepted. Then
 * the notifications go before the newest attempts: an attempt that is being recorded waits for
 * their locks, and then finds nothing to record.
 *
 * @param span - the ids are within
 * @param counts - what was removed before in connection with them
 */
export async function deleteNotifications(
  db: Database,
  erasureId: string,
  ids: readonly string[],
  span: Span,
  counts: ErasedCounts = {},
): Promise<void> {
  const uuids = ids.map((id) => decodeId('ntf', id)!);
  const [newest, ...older] = await allSpans(db, 'attempts');
  const { rows } = await db.query<{ last_attempt_id: string }>({
    text: `select last_attempt_id from notifications where id = any($1) and ${inSpan(span)} and last_attempt_id is not null`,
    values: [uuids],
  });
  for (const part of spansOfAttempts(
    older,
    span,
    rows.map((row) => row.last_attempt_id),
  ))
    await db.transaction(async (executor) => {
      await addCounts(executor, erasureId, { attempts: await deleteAttempts(executor, uuids, part) });
    });
  await db.transaction(async (executor) => {
    const { rowCount } = await executor.query({
      text: `delete from notifications where id = any($1) and ${inSpan(span)}`,
      values: [uuids],
    });
    const attempts = await deleteAttempts(executor, uuids, newest!);
    await addCounts(executor, erasureId, { ...counts, notifications: rowCount ?? 0, attempts });
  });
}

async function deleteAttempts(db: Executor, notificationUuids: readonly string[], span: Span): Promise<number> {
  const { rowCount } = await db.query({
    text: `delete from attempts where notification_id = any($1) and ${inSpan(span)}`,
    values: [notificationUuids],
  });
  return rowCount ?? 0;
}

/**
 * The spans in which notifications of a span can have attempts. No attempt is older than its
 * notification, or younger than the last one, apart from differences between clocks.
 */
function spansOfAttempts(spans: readonly Span[], [first]: Span, lastAttempts: readonly string[]): Span[] {
  if (lastAttempts.length === 0) return [];
  const last = lastAttempts.reduce((max, id) => (id > max ? id : max));
  const end = uuidFloor(uuidTimeMs(last) + DAY_MS);
  return spans.filter(([from, to]) => to > first && from < end);
}

/** An event of the customer. */
export interface EventToErase {
  uuid: string;
  productId: string;
  givenId: string | null;
}

/**
 * Lists events that are addressed to the customer, at most one page. Another product may accept
 * events for customers that it does not have, and so for one of the same id.
 *
 * @param productId - the owner of the customer; null if all products shared the customer
 */
export async function listEvents(
  db: Executor,
  customerId: string,
  productId: string | null,
  span: Span,
): Promise<EventToErase[]> {
  const { rows } = await db.query<{ id: string; product_id: string; given_id: string | null }>({
    text: `select id, product_id, given_id from events where customer_id = $1 and ($2::text is null or product_id = $2) and ${inSpan(span)} order by id limit ${PAGE}`,
    values: [customerId, productId],
  });
  return rows.map((row) => ({ uuid: row.id, productId: row.product_id, givenId: row.given_id }));
}

/** @returns notifications of the events, whoever gets them, at most one page */
export async function listNotificationsOf(
  db: Executor,
  events: readonly EventToErase[],
  span: Span,
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: `select id from notifications where event_id = any($1) and ${inSpan(span)} order by id limit ${PAGE}`,
    values: [events.map(({ uuid }) => uuid)],
  });
  return rows.map(({ id }) => encodeId('ntf', id));
}

/** Deletes events, and the ids that their producers chose. */
export async function deleteEvents(
  db: Database,
  erasureId: string,
  events: readonly EventToErase[],
  span: Span,
): Promise<void> {
  const named = events.filter(({ givenId }) => givenId !== null);
  await db.transaction(async (executor) => {
    const keys = await executor.query({
      text: `delete from event_keys k using unnest($1::text[], $2::text[], $3::uuid[]) as e (product_id, given_id, event_id)
             where k.product_id = e.product_id and k.given_id = e.given_id and k.event_id = e.event_id`,
      values: [
        named.map(({ productId }) => productId),
        named.map(({ givenId }) => givenId),
        named.map(({ uuid }) => uuid),
      ],
    });
    const gone = await executor.query({
      text: `delete from events where id = any($1) and ${inSpan(span)}`,
      values: [events.map(({ uuid }) => uuid)],
    });
    await addCounts(executor, erasureId, { events: gone.rowCount ?? 0, eventIds: keys.rowCount ?? 0 });
  });
}
