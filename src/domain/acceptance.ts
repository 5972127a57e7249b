import type { NewEvent } from './types';
import { type NotificationRef } from './delivery';
import { encodeId } from './ids';

/** An event that has passed the checks that need no database. */
export interface EventToAccept extends Omit<NewEvent, 'productId'> {
  uuid: string;
  /**
   * The product that must own the event type. Absent for an admin, who may post for any product.
   */
  productId?: string;
  /** Version of the event type whose schema the data was validated against. */
  schemaVersion: number;
  /** Distinguishes a repost from a different event that reuses the id; null without one. */
  bodyHash: Buffer | null;
  /** The values by which the event is found; absent for a type without search keys. */
  searchItems?: string[];
  /** Where the trace of the event continues; absent if it has none. */
  traceparent?: string;
}

/**
 * Why an event was rejected. `stale-schema`: the event type changed meanwhile; validate the data
 * again.
 */
export type AcceptFault =
  | 'unknown-event-type'
  | 'event-type-archived'
  | 'product-disabled'
  | 'unknown-customer'
  | 'event-id-conflict'
  | 'stale-schema';

export type AcceptResult =
  | { kind: 'accepted'; id: string; duplicate: boolean; notifications: AcceptedNotification[] }
  | { kind: 'refused'; fault: AcceptFault };

export interface AcceptedNotification extends NotificationRef {
  status: 'pending' | 'held';
  /** The product that the event belongs to. */
  productId: string;
  /** Whether the accepting process has the claim on the first attempt. */
  claimed: boolean;
  /** Host and port of the subscription's URL. `null` if it is not claimed. */
  host: string | null;
  /**
   * The subscription's revision that the accept statement read. `null` if an attempt needs more
   * than the subscription and the event.
   */
  subscriptionRevision: number | null;
}

export function publicEventId(event: Pick<EventToAccept, 'id' | 'uuid'>): string {
  return event.id ?? encodeId('evt', event.uuid);
}
