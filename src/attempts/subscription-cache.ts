import type { DeliverySubscription } from '../store/notifications/delivery-subscription';

const MAX_KEPT = 10_000;

/**
 * Subscriptions as attempts read them, so that a head start need not read its own. Nothing here grows old: the statement that accepts an event says which
 * revision holds, and only that one is found.
 */
export class SubscriptionCache {
  private readonly kept = new Map<string, DeliverySubscription>();

  /** @param revision - `null` where an attempt needs more than the subscription: nothing is found */
  find(id: string, revision: number | null): DeliverySubscription | undefined {
    const known = this.kept.get(id);
    return known?.revision === revision ? known : undefined;
  }

  keep(subscription: DeliverySubscription): void {
    if (!isKeepable(subscription)) return;
    if (this.kept.size >= MAX_KEPT) this.kept.clear();
    this.kept.set(subscription.id, subscription);
  }
}

/** Not what depends on more than the subscription's revision: on time (an overlap of secrets or keys), on the event's type, or on attempts before. */
function isKeepable({ status, slow, format, definition, secrets, signingKeys }: DeliverySubscription): boolean {
  return (
    status === 'enabled' &&
    !slow &&
    format !== 'trigger' &&
    definition === null &&
    secrets.length === 1 &&
    signingKeys.length <= 1
  );
}
