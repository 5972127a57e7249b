import { OWN_PRODUCT } from '../../domain/operational-events';
import type { Database } from '../db/database';
import { allSpans, type Span } from '../db/spans';
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

async function redactPage(db: Database, erasureId: string, customerId: string, [from, to]: Span): Promise<number> {
  const { rows } = await db.query<{ id: string }>({
    text: `select id from events
           where product_id in (select product_id from event_types where name like $1) and type like $1 and id >= '${from}' and id < '${to}'
             and data ->> 'customerId' = $2
           order by id limit ${PAGE}`,
    values: [`${OWN_PRODUCT}.%`, customerId],
  });
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  const later = (await allSpans(db, 'attempts')).filter(([, end]) => end > from);
  await db.transaction(async (executor) => {
    const notified = await executor.query<{ id: string }>({
      text: `select id from notifications where event_id = any($1) and id >= '${from}' and id < '${to}'`,
      values: [ids],
    });
    const notificationIds = notified.rows.map(({ id }) => id);
    for (const [start, end] of notificationIds.length > 0 ? later : [])
      await executor.query({
        text: `update attempts set request_headers = null, request_body = null, response_headers = null, response_body = null
               where notification_id = any($1) and id >= '${start}' and id < '${end}'`,
        values: [notificationIds],
      });
    const { rowCount } = await executor.query({
      text: `update events set data = null, user_context = null where id = any($1) and id >= '${from}' and id < '${to}'`,
      values: [ids],
    });
    await addCounts(executor, erasureId, { operationalEvents: rowCount ?? 0 });
  });
  return rows.length;
}
