import { decodeId, idsWithPrefix, uuidsSharingTime } from '../../domain/ids';
import type { Scope } from '../../domain/types';
import type { Executor } from '../db/database';
import { newestFirst, type Bounds } from '../db/spans';
import { isSentUnchanged } from './customer-events';
import { eventsWithin } from './reopen';
import { readSearch, type EventSearch } from './search';

/** Events that a search of notifications considers. */
const MAX_EVENTS = 200;

/** Finds the newest events by the values of search keys. @returns their UUIDs, at most 200 */
async function findByValue(db: Executor, scope: Scope, search: EventSearch, bounds: Bounds): Promise<string[]> {
  if (search.terms.length === 0) return [];
  const { customerId } = scope;
  const mayRead = customerId === undefined ? 'true' : isSentUnchanged('$6', ['$7', '$8']);
  // The order by text keeps Postgres from reading all events in the order of their index.
  const text = `select e.id from events e
    where ($1::text[] is null or e.product_id = any ($1)) and e.search_items && $2::text[] and e.id >= $3 and e.id < $4 and ${mayRead}
    order by e.id::text desc limit $5`;
  const rows = await newestFirst(db, 'events', bounds, MAX_EVENTS, async (span, left) => {
    const ofCustomer = customerId === undefined ? [] : [customerId, ...eventsWithin(span)];
    const values = [scope.productIds ?? null, search.terms, ...span, left, ...ofCustomer];
    return (await db.query<{ id: string }>({ text, values })).rows;
  });
  return rows.map(({ id }) => id);
}

/** Notifications that a search finds: those with ids in a range, or of some events. */
interface NotificationSearch {
  between?: [first: string, last: string];
  events?: string[];
}

/** @returns undefined if the search finds nothing */
export async function searchNotifications(
  db: Executor,
  scope: Scope,
  text: string,
  bounds: Pick<Bounds, 'since' | 'until'>,
): Promise<NotificationSearch | undefined> {
  const id = decodeId('ntf', text);
  const between = id === undefined ? idsWithPrefix('ntf', text) : ([id, id] as [string, string]);
  if (between) return { between };
  const search = await readSearch(db, text);
  // The ids of notifications begin like those of their events.
  if (search.prefix && search.ids.length === 0)
    return { between: [uuidsSharingTime(search.prefix[0])[0], uuidsSharingTime(search.prefix[1])[1]] };
  const events = [...search.ids, ...(await findByValue(db, scope, search, bounds))];
  return events.length > 0 ? { events } : undefined;
}
