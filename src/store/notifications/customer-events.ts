import type { Event } from '../../domain/types';
import { uuidsSharingTime } from '../../domain/ids';
import type { Executor } from '../db/database';
import { newestFirst } from '../db/spans';
import { PageSize } from '../db/page-size';
import { toPage, type Page, type PageRequest } from '../db/pages';
import { boundsOfSearch, isFound, searchValues } from './search';
import { EVENT_COLUMNS, sizeOf, toEvent, type EventFilter, type EventRow } from './event-rows';

/**
 * Events as a customer may read them: only those that it has a notification of, whoever they were
 * addressed to, and their data only as deliveries contain it. A service definition may leave out
 * fields that the customer must not see, and so may the transform of its subscription.
 */

interface Row extends EventRow {
  /** Whether a subscription of the customer gets the data unchanged. */
  sent_unchanged: boolean;
}

/** @param id - SQL expressions of the first and the last id of notifications */
const notificationOf = (customer: string, [first, last]: [string, string]) =>
  `from notifications n join subscriptions s on s.id = n.subscription_id
   where n.event_id = e.id and n.customer_id = ${customer} and n.id between ${first} and ${last}`;

/**
 * SQL: a subscription of the customer gets the data of `events e` unchanged.
 *
 * @param ids - the first and the last id of notifications
 */
export const isSentUnchanged = (customer: string, ids: [string, string]) =>
  `(not exists (select from service_definitions d where d.event_type = e.type)
  and exists (select ${notificationOf(customer, ids)} and s.transform is null))`;

const columns = (customer: string, ids: [string, string]) => `${EVENT_COLUMNS},
  ${isSentUnchanged(customer, ids)} as sent_unchanged`;

function toCustomersEvent(row: Row): Event {
  const event = toEvent(row);
  return row.sent_unchanged || event.payloadExpired
    ? event
    : { ...event, data: null, user: null, payloadWithheld: true };
}

/**
 * Finds the event that a customer has a notification of.
 *
 * @param uuids - the events to choose from, by preference
 */
export async function findEventOfCustomer(
  db: Executor,
  uuids: readonly string[],
  customerId: string,
): Promise<{ uuid: string; event: Event } | undefined> {
  // One statement for each, because the bounds of all would cover the partitions between them.
  for (const uuid of uuids) {
    const { rows } = await db.query<Row>({
      text: `select ${columns('$2', ['$3', '$4'])} from events e
             where e.id = $1 and exists (select ${notificationOf('$2', ['$3', '$4'])})`,
      values: [uuid, customerId, ...uuidsSharingTime(uuid)],
    });
    if (rows[0]) return { uuid, event: toCustomersEvent(rows[0]) };
  }
  return undefined;
}

/** Lists the events that a customer has a notification of, newest first. */
export async function listEventsOfCustomer(
  db: Executor,
  customerId: string,
  filter: EventFilter,
  page: PageRequest,
): Promise<Page<Event>> {
  const ids: [string, string] = ['$7', '$8'];
  const { search } = filter;
  const found = search ? `and ${isFound(['$9', '$10', '$11', '$12'], isSentUnchanged('$1', ids))}` : '';
  const text = `select ${columns('$1', ids)} from events e
           where ($2::text is null or e.customer_id = $2) and ($3::text is null or e.type = $3) and e.id >= $4 and e.id < $5
             and exists (select ${notificationOf('$1', ids)}) ${found}
           order by ${search ? 'e.id::text' : 'e.id'} desc limit $6`;
  const values = [customerId, filter.customerId ?? null, filter.type ?? null];
  const searched = search ? searchValues(search) : [];
  const all = { since: filter.since, until: filter.until, after: page.after, sought: { customerId } };
  const bounds = search ? boundsOfSearch(search, all) : all;
  const size = new PageSize<Row>(sizeOf);
  const rows = await newestFirst(db, 'events', bounds, page.limit + 1, ([from, to], left) =>
    size.read(left, async (count, last) => {
      const end = last?.id ?? to;
      const notifications = [uuidsSharingTime(from)[0], uuidsSharingTime(end)[1]];
      return (await db.query<Row>({ text, values: [...values, from, end, count, ...notifications, ...searched] })).rows;
    }),
  );
  return toPage(rows, page, toCustomersEvent, (row) => row.id, size.isReached);
}
