import { idsWithPrefix, uuidTimeMs } from '../../domain/ids';
import { searchTerms } from '../../domain/search-keys';
import type { Executor } from '../db/database';
import type { Bounds } from '../db/spans';
import { eventsNamed } from './event-keys';

/** What a text may mean in a search for events. */
export interface EventSearch {
  /** Events with the text as their id, by UUID. */
  ids: string[];
  /** What `search_items` of an event may contain; empty if the text can only be an id. */
  terms: string[];
  /** The ids that begin with the text. */
  prefix?: [first: string, last: string];
}

/** Reads what a text means: the id of an event or its beginning, or the value of a search key. */
export async function readSearch(db: Executor, text: string): Promise<EventSearch> {
  const prefix = idsWithPrefix('evt', text);
  const ids = await eventsNamed(db, text);
  return prefix ? { ids, terms: [], prefix } : { ids, terms: searchTerms(text) };
}

/** The part of the given bounds in which these ids are. */
export function around(uuids: readonly string[], { since, until, ...rest }: Bounds): Bounds {
  if (uuids.length === 0) return { since, until, ...rest };
  const times = uuids.map(uuidTimeMs);
  return {
    since: new Date(Math.max(Math.min(...times), since?.getTime() ?? 0)),
    until: new Date(Math.min(Math.max(...times) + 1, until?.getTime() ?? Infinity)),
    ...rest,
  };
}

/** The part of the given bounds in which a search can find something. */
export function boundsOfSearch({ ids, terms, prefix }: EventSearch, bounds: Bounds): Bounds {
  return terms.length > 0 ? bounds : around([...ids, ...(prefix ?? [])], bounds);
}

/**
 * SQL: an event is found by a search.
 *
 * @param parameters - placeholders of the values of {@link searchValues}
 * @param mayRead - SQL: the caller may read the data of the event, and so learn it by searching
 */
export const isFound = (
  [ids, terms, first, last]: readonly [string, string, string, string],
  mayRead = 'true',
) => `(e.id = any (${ids}::uuid[]) or e.id between ${first}::uuid and ${last}::uuid
    or e.search_items && ${terms}::text[] and ${mayRead})`;

/** The values of the placeholders of {@link isFound}. */
export const searchValues = ({ ids, terms, prefix }: EventSearch) => [ids, terms, ...(prefix ?? [null, null])];
