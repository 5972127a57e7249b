import { OWN_PRODUCT } from '../../domain/operational-events';
import type { Database, Executor } from '../db/database';
import { allSpans, inSpan, type Span } from '../db/spans';
import { addCounts } from './erasures';

const PAGE = 200;

/**
 * Removes the data of operational events about a customer's subscriptions, as retention does when
 * a payload expires. These events address operators, whose notifications of them stay.
 *
 * @param onPage - called after each page
 */
export async function redactOperationalEvents(
  db: Database,
  erasureId: string,
  customerId: string,
  onPage: () => void,
): Promise<void> {
  const spans = await allSpans(db, 'events');
  for (const span of spans) {
    while ((await redactPage(db, erasureId, customerId, span)) === PAGE) onPage();
    onPage();
  }
}

async function redactPage(db: Database, erasureId: string, customerId: string, span: Span): Promise<number> {
  const { rows } = await db.query<{ id: string }>({
    text: `select id from events
           where product_id in (select product_id from event_types where name like $1) and type like $1 and ${inSpan(span)}
             and data ->> 'customerId' = $2
           order by id limit ${PAGE}`,
    values: [`${OWN_PRODUCT}.%`, customerId],
  });
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  const [newest, ...older] = (await allSpans(db, 'attempts')).filter(([, end]) => end > span[0]);
  // One transaction for each span: one for all would hold the locks of a year of partitions.
  const notificationIds = await notificationsOf(db, ids, span);
  for (const attempts of notificationIds.length > 0 ? older : []) await redactAttempts(db, notificationIds, attempts);
  await db.transaction(async (executor) => {
    if (newest) await redactAttempts(executor, await notificationsOf(executor, ids, span), newest);
    const { rowCount } = await executor.query({
      text: `update events set data = null, user_context = null, search_items = null where id = any($1) and ${inSpan(span)}`,
      values: [ids],
    });
    await addCounts(executor, erasureId, { operationalEvents: rowCount ?? 0 });
  });
  return rows.length;
}

async function notificationsOf(db: Executor, eventIds: readonly string[], span: Span): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: `select id from notifications where event_id = any($1) and ${inSpan(span)}`,
    values: [eventIds],
  });
  return rows.map(({ id }) => id);
}

async function redactAttempts(db: Executor, notificationIds: readonly string[], span: Span): Promise<void> {
  await db.query({
    text: `update attempts set request_headers = null, request_body = null, response_headers = null, response_body = null
           where notification_id = any($1) and ${inSpan(span)}`,
    values: [notificationIds],
  });
}
