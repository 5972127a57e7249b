import { encodeId, uuidTime } from '../../domain/ids';
import { JsonText } from '../../domain/lossless-json';
import { storedText } from '../../domain/timestamp';
import type { EventSearch } from './search';
import type { Event } from '../../domain/types';

/** A row of `EVENT_COLUMNS`. */
export interface EventRow {
  id: string;
  given_id: string | null;
  product_id: string;
  type: string;
  customer_id: string | null;
  channels: string[];
  occurred_at: Date;
  /** The time with more digits; null if `occurred_at` has them all. */
  occurred_text: string | null;
  /** JSON text; null if it has expired. */
  data: string | null;
  user_context: string | null;
}

export const EVENT_COLUMNS =
  'id, given_id, product_id, type, customer_id, channels, occurred_at, occurred_text, data::text as data, user_context::text as user_context';

export function toEvent(row: EventRow): Event {
  const webhookId = encodeId('evt', row.id);
  return {
    id: row.given_id ?? webhookId,
    webhookId,
    productId: row.product_id,
    type: row.type,
    customerId: row.customer_id,
    channels: row.channels,
    timestamp: storedText(row),
    data: row.data === null ? null : new JsonText(row.data),
    user: row.user_context === null ? null : new JsonText(row.user_context),
    payloadExpired: row.data === null,
    payloadWithheld: false,
    acceptedAt: uuidTime(row.id),
  };
}

/** The characters of the payload. */
export function sizeOf({ data, user_context: user }: EventRow): number {
  return (data?.length ?? 0) + (user?.length ?? 0);
}

/** Filters a list of events. An absent field does not filter. */
export interface EventFilter {
  type?: string;
  customerId?: string;
  since?: Date;
  until?: Date;
  /** What the text that is searched for may mean. */
  search?: EventSearch;
}
