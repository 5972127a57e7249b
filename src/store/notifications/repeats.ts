import type { AcceptResult, EventToAccept } from '../../domain/acceptance';
import type { Executor } from '../db/database';
import { resultsOfRepeats } from './accept';
import type { FirstUse } from './event-keys';

/** An event whose id its producer chose. */
export interface GivenEvent extends Pick<EventToAccept, 'uuid' | 'type'> {
  id: string;
  bodyHash: Buffer;
}

/**
 * Looks for events that were accepted before. For those that the catalog of today refuses: a repeat
 * gets the first result, whatever has changed since.
 *
 * @param productIds - the products of the caller; undefined for an admin. If there may be several,
 *   an id counts only with the same content, because each of them may use it
 * @returns one entry per event, in order; undefined if its id is unused, or was used longer ago
 *   than ids are kept
 */
export async function findRepeats(
  db: Executor,
  events: readonly GivenEvent[],
  productIds: readonly string[] | undefined,
): Promise<(AcceptResult | undefined)[]> {
  const { rows } = await db.query<FirstUse & { position: number }>({
    name: 'find-repeats',
    text: `select distinct on (i.position) i.position::int, k.event_id as "eventId", k.product_id as owner, k.body_hash = i.body_hash as "isSame"
           from unnest($1::text[], $2::bytea[]) with ordinality as i (given_id, body_hash, position)
           join event_keys k on k.given_id = i.given_id and ($3::text[] is null or k.product_id = any ($3))
             and (k.body_hash = i.body_hash or cardinality($3::text[]) = 1)
           order by i.position, k.event_id`,
    values: [events.map(({ id }) => id), events.map(({ bodyHash }) => bodyHash), productIds ?? null],
  });
  const found = await resultsOfRepeats(
    db,
    rows.map(({ position, ...use }) => ({ event: events[position - 1]!, use })),
  );
  const results: (AcceptResult | undefined)[] = events.map(() => undefined);
  rows.forEach(({ position }, index) => (results[position - 1] = found[index]));
  return results;
}
