import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliverOutcome } from '../domain/delivery';
import { DRAIN_PER_SECOND } from '../domain/rate-line';
import type { DeliverySubscription } from '../store/notifications/delivery-subscription';
import type { Delivery } from '../store/notifications/load-deliveries';
import { cancelNotification, holdNotification, markDelivering, postpone } from '../store/notifications/transitions';
import type { AttemptDeps } from './deps';
import { isSlow, recordedOutcome } from './outcome';
import { planTakenOver } from './plan-retry';
import type { RateLimiter } from './rate-limiter';
import type { Admitted, AttemptInput } from './stages';
import { claimForWorkflow, takeOver } from './take-over';

/**
 * How long a slow attempt may exceed its timeout before the reconciler checks on it, in seconds.
 */
const DELIVERING_GRACE_SECONDS = 300;

/** Reads a notification, its event and its subscription as they are now. */
export type LoadDelivery = (notificationId: string) => Promise<Delivery | undefined>;

/** How often the claim of another process is checked. */
const CLAIM_POLL_MS = 100;
/** Checks before the attempt needs a place in its lane to wait further. */
const POLLS_WITHOUT_PLACE = 3;

/** What `admit` needs of the attempt runner. */
interface Means {
  load: LoadDelivery;
  limit: RateLimiter;
}

/**
 * Decides whether the attempt may be made now.
 *
 * @param polls - how often the claim of another process was checked already
 * @returns what the attempt needs, or the outcome if there is no attempt to make
 */
export async function admit(
  deps: AttemptDeps,
  means: Means,
  input: AttemptInput,
  polls = 0,
): Promise<Admitted | DeliverOutcome> {
  const { db } = deps;
  const delivery = await means.load(input.notificationId);
  if (!delivery) return { kind: 'cancelled', attempts: 0 };
  const { subscription, attempts } = delivery;
  if (delivery.lastAttemptKey === input.attemptKey) return { ...recordedOutcome(delivery), repeated: true };
  const taken = await takeOver(db, input, delivery);
  if (taken === 'claimed elsewhere') {
    const throttled = polls >= POLLS_WITHOUT_PLACE && subscription && enterLane(input, subscription, attempts);
    return throttled || admitLater(deps, means, input, polls);
  }
  if (taken) return subscription ? planTakenOver(db, input, subscription, taken) : taken;
  if (delivery.status === 'delivered' || delivery.status === 'cancelled') return { kind: delivery.status, attempts };
  if (!subscription) {
    await cancelNotification(db, input.notificationId);
    return { kind: 'cancelled', attempts };
  }
  if (subscription.status !== 'enabled') {
    if (await holdNotification(db, input.notificationId)) return { kind: 'held', attempts };
    // Only a retry by the API reopens what has failed.
    if (delivery.status === 'failed') return recordedOutcome(delivery);
    return admit(deps, means, input);
  }
  if (input.mayReroute && isSlow(subscription)) return { kind: 'reroute', attempts, lane: 'slow' };
  const throttled = enterLane(input, subscription, attempts);
  if (throttled) {
    await postpone(db, input.notificationId, throttled.waitSeconds);
    return throttled;
  }
  const reconcileAfterSeconds = subscription.timeoutSeconds + DELIVERING_GRACE_SECONDS;
  const ratePerSecond = subscription.rateLimitPerSecond ?? (delivery.rateSeq === null ? null : DRAIN_PER_SECOND);
  if (ratePerSecond !== null) {
    const { granted, waitMs, at } = await means.limit({
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
    return { delivery, subscription };
  }
  if (!(await claimForWorkflow(db, input, delivery, subscription))) return admitLater(deps, means, input, polls);
  if (attempts > 0 || input.slow || delivery.retryAsked)
    await markDelivering(db, input.notificationId, reconcileAfterSeconds);
  return { delivery, subscription };
}

async function admitLater(
  deps: AttemptDeps,
  means: Means,
  input: AttemptInput,
  polls: number,
): Promise<Admitted | DeliverOutcome> {
  await sleep(CLAIM_POLL_MS);
  return admit(deps, means, input, polls + 1);
}

/** @returns undefined if the attempt has a place in its lane */
function enterLane(
  { visit }: AttemptInput,
  { customerId, id }: DeliverySubscription,
  attempts: number,
): (DeliverOutcome & { kind: 'throttled' }) | undefined {
  const waitSeconds = visit?.enter(customerId, id);
  return waitSeconds === undefined ? undefined : throttledFor(waitSeconds, attempts);
}

/** No attempt was made, so none is counted. The workflow waits, and this process does not. */
export function throttledFor(waitSeconds: number, attempts: number): DeliverOutcome & { kind: 'throttled' } {
  const dueAt = new Date(Date.now() + waitSeconds * 1000).toISOString();
  return { kind: 'throttled', attempts, waitSeconds, dueAt };
}
