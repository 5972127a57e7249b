import type { DeliveryFacts } from './attempt';
import type { EventToAccept, AcceptedNotification} from './acceptance';
import { publicEventId } from './acceptance';

/** What the accept wrote, as the first attempt needs it, and the subscription that is to be known beside it. */
export interface HeadStartDelivery {
  facts: DeliveryFacts;
  subscriptionId: string;
  subscriptionRevision: number | null;
}

/** @returns `null` where the first attempt is not this process's to make */
export function headStartDelivery(
  event: Pick<EventToAccept, 'id' | 'uuid' | 'type' | 'timestamp' | 'data' | 'user' | 'channels'>,
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
    event: {
      id: publicEventId(event),
      type: event.type,
      productId,
      occurredAt: event.timestamp,
      data: event.data,
      user: event.user ?? null,
      channels: event.channels,
    },
  };
  return { facts, subscriptionId, subscriptionRevision };
}
