import type { NewEvent } from './types';
import { type NotificationRef } from './delivery';
import { encodeId } from './ids';

/** An event that passed the checks that need no database. */
export interface EventToAccept extends Omit<NewEvent, 'productId'> {
  uuid: string;
  /** Whose event it must be; absent for an admin, who may post for any product. */
  productId?: string;
  /** Version of the event type whose schema the data was held against. */
  schemaVersion: number;
  /** Tells another event with the same id from the same one posted again. */
  bodyHash: Buffer;
}

/** Why an event was not accepted. `stale-schema`: the event type changed meanwhile; check the data again. */
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
  /** Whether the first attempt is the accepting process's to make. */
  claimed: boolean;
  /** Of the subscription as the accept saw it; `null` where an attempt needs more than the subscription and the event. */
  subscriptionRevision: number | null;
}

export function publicEventId(event: Pick<EventToAccept, 'id' | 'uuid'>): string {
  return event.id ?? encodeId('evt', event.uuid);
}
