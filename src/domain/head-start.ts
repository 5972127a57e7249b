import type { DeliveryFacts } from './attempt';
import type { EventToAccept, AcceptedNotification } from './acceptance';
import { publicEventId } from './acceptance';
import { encodeId } from './ids';

/** The accepted notification as its first attempt needs it, and the subscription it depends on. */
export interface HeadStartDelivery {
  facts: DeliveryFacts;
  subscriptionId: string;
  subscriptionRevision: number | null;
}

/** @returns `null` if this process has no claim on the first attempt */
export function headStartDelivery(
  event: Pick<EventToAccept, 'id' | 'uuid' | 'type' | 'timestamp' | 'data' | 'user' | 'channels' | 'traceparent'> & {
    chosenByCustomer?: boolean;
  },
  { claimed, notificationId, productId, subscriptionId, subscriptionRevision }: AcceptedNotification,
): HeadStartDelivery | null {
  if (!claimed) return null;
  const facts: DeliveryFacts = {
    notificationId,
    status: 'pending',
    attempts: 0,
    lastAttemptKey: null,
    lastErrorMessage: null,
    nextAttemptAt: null,
    acceptedAt: new Date(),
    claimedBy: null,
    payloadExpired: false,
    event: {
      id: publicEventId(event),
      webhookId: encodeId('evt', event.uuid),
      type: event.type,
      productId,
      timestamp: event.timestamp.text,
      data: event.data,
      user: event.user ?? null,
      channels: event.channels,
      chosenByCustomer: event.chosenByCustomer ?? false,
      traceparent: event.traceparent,
    },
  };
  return { facts, subscriptionId, subscriptionRevision };
}
