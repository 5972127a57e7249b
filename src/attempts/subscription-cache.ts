import type { DeliverySubscription } from '../store/notifications/delivery-subscription';

const MAX_ENTRIES = 10_000;

/**
 * Caches subscriptions as attempts read them, so that a head start does not have to read its own.
 * Entries cannot become stale: the accept statement returns the current revision, and only that
 * revision is found.
 */
export class SubscriptionCache {
  private readonly entries = new Map<string, DeliverySubscription>();

  /**
   * @param revision - null if the attempt depends on more than the subscription; nothing is found
   *   then
   */
  find(id: string, revision: number | null): DeliverySubscription | undefined {
    const cached = this.entries.get(id);
    return cached?.revision === revision ? cached : undefined;
  }

  keep(subscription: DeliverySubscription): void {
    if (!isCacheable(subscription)) return;
    if (this.entries.size >= MAX_ENTRIES) this.entries.clear();
    this.entries.set(subscription.id, subscription);
  }
}

/**
 * Excludes subscriptions whose attempts depend on more than the revision: on the time (an overlap
 * of secrets or signing keys), on the event type (a service definition), or on earlier attempts
 * (the slow lane).
 */
function isCacheable({ status, slow, format, definition, secrets, signingKeys }: DeliverySubscription): boolean {
  return (
    status === 'enabled' &&
    !slow &&
    format !== 'trigger' &&
    definition === null &&
    secrets.length === 1 &&
    signingKeys.length <= 1
  );
}
