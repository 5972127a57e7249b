import type { DeliverOutcome } from '../domain/delivery';
import type { Delivery } from '../store/notifications/load-deliveries';
import { cancelNotification, holdNotification, markDelivering } from '../store/notifications/transitions';
import { takeRateSlot } from '../store/subscriptions/limits';
import type { AttemptDeps } from './deps';
import { recordedOutcome } from './outcome';
import type { Admitted, AttemptInput } from './stages';
import { takeOver } from './take-over';

/**
 * How long a slow attempt may exceed its timeout before the reconciler checks on it, in seconds.
 */
const DELIVERING_GRACE_SECONDS = 300;

/** Reads a notification, its event and its subscription as they are now. */
export type LoadDelivery = (notificationId: string) => Promise<Delivery | undefined>;

/**
 * Decides whether the attempt may be made now.
 *
 * @returns what the attempt needs, or the outcome if there is no attempt to make
 */
export async function admit(
  deps: AttemptDeps,
  load: LoadDelivery,
  input: AttemptInput,
): Promise<Admitted | DeliverOutcome> {
  const { db } = deps;
  const delivery = await load(input.notificationId);
  if (!delivery) return { kind: 'cancelled', attempts: 0 };
  const { subscription, attempts } = delivery;
  if (delivery.lastAttemptKey === input.attemptKey) return { ...recordedOutcome(delivery), repeated: true };
  const taken = await takeOver(db, input, delivery);
  if (taken) return taken === 'read again' ? admit(deps, load, input) : taken;
  if (delivery.status === 'delivered' || delivery.status === 'cancelled') return { kind: delivery.status, attempts };
  if (!subscription) {
    await cancelNotification(db, input.notificationId);
    return { kind: 'cancelled', attempts };
  }
  if (subscription.status !== 'enabled') {
    if (await holdNotification(db, input.notificationId)) return { kind: 'held', attempts };
    // Only a retry by the API reopens what has failed.
    if (delivery.status === 'failed') return recordedOutcome(delivery);
    return admit(deps, load, input);
  }
  if (subscription.rateLimited) {
    const waitSeconds = await takeRateSlot(db, subscription.id);
    if (waitSeconds > 0) {
      const dueAt = new Date(Date.now() + waitSeconds * 1000).toISOString();
      return { kind: 'throttled', attempts, waitSeconds, dueAt };
    }
  }
  if (attempts > 0 || input.slow) {
    await markDelivering(db, input.notificationId, subscription.timeoutSeconds + DELIVERING_GRACE_SECONDS);
  }
  return { delivery, subscription };
}
