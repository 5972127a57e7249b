import type { Event, Scope } from '../../domain/types';
import type { Executor } from '../db/database';
import { findEventOfCustomer, listEventsOfCustomer } from './customer-events';
import { EVENT_COLUMNS, sizeOf, toEvent, type EventFilter, type EventRow } from './event-rows';
import { eventsNamed } from './event-keys';
import { boundsOfSearch, isFound, searchValues } from './search';
import { newestFirst } from '../db/spans';
import { toPage, type Page, type PageRequest } from '../db/pages';
import { PageSize } from '../db/page-size';

/**
 * Finds an event by the id that its producer chose, or by its generated id. Chosen ids are unique
 * per product only: a caller who sees several products gets the newest event. A generated id names
 * its own event, whatever ids others choose.
 */
export async function findEvent(
  db: Executor,
  id: string,
  scope: Scope,
): Promise<{ uuid: string; event: Event } | undefined> {
  const ids = await eventsNamed(db, id);
  // Postgres would look into every partition for none.
  if (ids.length === 0) return undefined;
  if (scope.customerId !== undefined) return findEventOfCustomer(db, ids, scope.customerId);
  const { rows } = await db.query<EventRow>({
    text: `select ${EVENT_COLUMNS} from events
           where id = any($1) and ($2::text[] is null or product_id = any ($2))
           order by array_position($1::uuid[], id) limit 1`,
    values: [ids, scope.productIds ?? null],
  });
  return rows[0] && { uuid: rows[0].id, event: toEvent(rows[0]) };
}

/**
 * Lists events, newest first. A customer sees those that it has a notification of. A page of large
 * events is shorter.
 */
export async function listEvents(
  db: Executor,
  scope: Scope,
  filter: EventFilter,
  page: PageRequest,
): Promise<Page<Event>> {
  if (scope.customerId !== undefined) return listEventsOfCustomer(db, scope.customerId, filter, page);
  const { search } = filter;
  const [only, ...others] = scope.productIds ?? [];
  // An index on the product yields its events in order, but not those of several products.
  const isOne = only !== undefined && others.length === 0;
  // The order by text keeps Postgres from reading all events in the order of their index.
  const text = `select ${EVENT_COLUMNS} from events e
           where ${isOne ? 'product_id = $1' : '($1::text[] is null or product_id = any ($1))'} and ($2::text is null or customer_id = $2)
             and ($3::text is null or type = $3) and id >= $4 and id < $5 ${search ? `and ${isFound(['$7', '$8', '$9', '$10'])}` : ''}
           order by ${search ? 'id::text' : 'id'} desc limit $6`;
  const values = [isOne ? only : (scope.productIds ?? null), filter.customerId ?? null, filter.type ?? null];
  const searched = search ? searchValues(search) : [];
  const sought = { productIds: scope.productIds, customerId: filter.customerId };
  const all = { since: filter.since, until: filter.until, after: page.after, sought };
  const bounds = search ? boundsOfSearch(search, all) : all;
  const size = new PageSize(sizeOf);
  const rows = await newestFirst(db, 'events', bounds, page.limit + 1, ([from, to], left) =>
    size.read(left, async (count, last) => {
      const span = [from, last?.id ?? to];
      return (await db.query<EventRow>({ text, values: [...values, ...span, count, ...searched] })).rows;
    }),
  );
  return toPage(rows, page, toEvent, (row) => row.id, size.isReached);
}
