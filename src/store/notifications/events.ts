import { decodeId, encodeId } from '../../domain/ids';
import type { Event, Scope } from '../../domain/types';
import { JsonText } from '../../domain/lossless-json';
import type { Executor } from '../db/database';
import { findEventsByGivenId } from './event-keys';
import { newestFirst } from '../db/spans';
import { toPage, type Page, type PageRequest } from '../db/pages';
import { PageSize } from '../db/page-size';

interface Row {
  id: string;
  given_id: string | null;
  product_id: string;
  type: string;
  customer_id: string | null;
  channels: string[];
  occurred_at: Date;
  /** JSON text; null if it has expired. */
  data: string | null;
  user_context: string | null;
  accepted_at: Date;
}

const COLUMNS =
  'id, given_id, product_id, type, customer_id, channels, occurred_at, data::text as data, user_context::text as user_context, accepted_at';

function toEvent(row: Row): Event {
  return {
    id: row.given_id ?? encodeId('evt', row.id),
    productId: row.product_id,
    type: row.type,
    customerId: row.customer_id,
    channels: row.channels,
    timestamp: row.occurred_at,
    data: row.data === null ? null : new JsonText(row.data),
    user: row.user_context === null ? null : new JsonText(row.user_context),
    payloadExpired: row.data === null,
    acceptedAt: row.accepted_at,
  };
}

/**
 * Finds an event by the id that its producer chose, or by a generated id. Chosen ids are unique per
 * product only: a caller who sees several products gets the newest event.
 */
export async function findEvent(
  db: Executor,
  id: string,
  scope: Scope,
): Promise<{ uuid: string; event: Event } | undefined> {
  const generated = decodeId('evt', id);
  const ids = [...(await findEventsByGivenId(db, id)), ...(generated ? [generated] : [])];
  // Postgres would look into every partition for none.
  if (ids.length === 0) return undefined;
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from events
           where id = any($1) and (given_id is null or given_id = $2)
             and ($3::text is null or product_id = $3) and ($4::text is null or customer_id = $4)
           order by id desc limit 1`,
    values: [ids, id, scope.productId ?? null, scope.customerId ?? null],
  });
  return rows[0] && { uuid: rows[0].id, event: toEvent(rows[0]) };
}

/** Filters a list of events. An absent field does not filter. */
export interface EventFilter {
  type?: string;
  customerId?: string;
  since?: Date;
  until?: Date;
}

/** Lists events, newest first. A page of large events is shorter. */
export async function listEvents(
  db: Executor,
  scope: Scope,
  filter: EventFilter,
  page: PageRequest,
): Promise<Page<Event>> {
  const text = `select ${COLUMNS} from events
           where ($1::text is null or product_id = $1) and ($2::text is null or customer_id = $2) and ($3::text is null or customer_id = $3)
             and ($4::text is null or type = $4) and id >= $5 and id < $6
           order by id desc limit $7`;
  const values = [scope.productId ?? null, scope.customerId ?? null, filter.customerId ?? null, filter.type ?? null];
  const bounds = { since: filter.since, until: filter.until, after: page.after };
  const size = new PageSize<Row>(({ data, user_context }) => (data?.length ?? 0) + (user_context?.length ?? 0));
  const rows = await newestFirst(db, 'events', bounds, page.limit + 1, ([from, to], left) =>
    size.read(left, async (count, last) => {
      const span = [from, last?.id ?? to];
      return (await db.query<Row>({ text, values: [...values, ...span, count] })).rows;
    }),
  );
  return toPage(rows, page, toEvent, (row) => row.id, size.isReached);
}
