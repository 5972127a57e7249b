import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliverOutcome } from '../domain/delivery';
import { DRAIN_PER_SECOND } from '../domain/rate-line';
import type { Delivery } from '../store/notifications/load-deliveries';
import { cancelNotification, holdNotification, markDelivering, postpone } from '../store/notifications/transitions';
import type { AttemptDeps } from './deps';
import { isSlow, recordedOutcome } from './outcome';
import type { RateLimiter } from './rate-limiter';
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
  { load, limit }: { load: LoadDelivery; limit: RateLimiter },
  input: AttemptInput,
): Promise<Admitted | DeliverOutcome> {
  const { db } = deps;
  const delivery = await load(input.notificationId);
  if (!delivery) return { kind: 'cancelled', attempts: 0 };
  const { subscription, attempts } = delivery;
  if (delivery.lastAttemptKey === input.attemptKey) return { ...recordedOutcome(delivery), repeated: true };
  const taken = await takeOver(db, input, delivery);
  if (taken) return taken === 'read again' ? admit(deps, { load, limit }, input) : taken;
  if (delivery.status === 'delivered' || delivery.status === 'cancelled') return { kind: delivery.status, attempts };
  if (!subscription) {
    await cancelNotification(db, input.notificationId);
    return { kind: 'cancelled', attempts };
  }
  if (subscription.status !== 'enabled') {
    if (await holdNotification(db, input.notificationId)) return { kind: 'held', attempts };
    return admit(deps, { load, limit }, input);
  }
  if (input.mayReroute && isSlow(subscription)) return { kind: 'reroute', attempts, lane: 'slow' };
  const waitSeconds = input.visit?.enter(subscription.customerId, subscription.id);
  if (waitSeconds !== undefined) {
    const dueAt = new Date(Date.now() + waitSeconds * 1000);
    await postpone(db, input.notificationId, waitSeconds);
    return { kind: 'throttled', attempts, waitSeconds, dueAt: dueAt.toISOString() };
  }
  const reconcileAfterSeconds = subscription.timeoutSeconds + DELIVERING_GRACE_SECONDS;
  const ratePerSecond = subscription.rateLimitPerSecond ?? (delivery.rateSeq === null ? null : DRAIN_PER_SECOND);
  if (ratePerSecond !== null) {
    const { granted, waitMs, at } = await limit({
      subscriptionId: subscription.id,
      notificationId: input.notificationId,
      seq: delivery.rateSeq,
      // An attempt that is `delivering` was granted before: the execution that made it was lost.
      urgent: delivery.retryAsked || delivery.status === 'delivering',
      ratePerSecond,
      reconcileAfterSeconds,
    });
    if (!granted) return { kind: 'throttled', attempts, waitSeconds: waitMs / 1000, dueAt: at.toISOString() };
    if (waitMs > 0) await sleep(waitMs);
  } else if (attempts > 0 || input.slow || delivery.retryAsked) {
    await markDelivering(db, input.notificationId, reconcileAfterSeconds);
  }
  return { delivery, subscription };
}
