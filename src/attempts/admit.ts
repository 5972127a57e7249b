import { setTimeout as sleep } from 'node:timers/promises';
import { isCutOff } from '../domain/attempt';
import { BURST_PREFIX, OVERDUE_SECONDS, type DeliverOutcome } from '../domain/delivery';
import { DRAIN_PER_SECOND } from '../domain/rate-line';
import { attemptsOf, lastTrigger } from '../store/notifications/attempts';
import { workflowClaim } from '../store/notifications/claim-grace';
import type { DeliverySubscription } from '../store/notifications/delivery-subscription';
import type { Delivery } from '../store/notifications/load-deliveries';
import {
  cancelNotification,
  failNotification,
  holdNotification,
  markDelivering,
  postpone,
} from '../store/notifications/transitions';
import type { AttemptDeps } from './deps';
import { isSlow, recordedOutcome, throttledFor } from './outcome';
import { planTakenOver } from './plan-retry';
import type { RateLimiter } from './rate-limiter';
import type { Admitted, AttemptInput } from './stages';
import { claimForWorkflow, headStartKey, mayHaveHeadStart, takeOver } from './take-over';

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
  if (delivery.lastAttemptKey === input.attemptKey) {
    const wasManual = (await lastTrigger(db, input.notificationId)) === 'manual';
    return { ...recordedOutcome(delivery), repeated: true, ...(wasManual ? { wasManual } : {}) };
  }
  const taken = await takeOver(db, input, delivery);
  if (taken === 'claimed elsewhere') {
    const throttled = polls >= POLLS_WITHOUT_PLACE && subscription && enterLane(input, subscription, attempts);
    return throttled || admitLater(deps, means, input, polls);
  }
  if (taken) return subscription ? planTakenOver(db, input, subscription, taken) : taken;
  if (delivery.status === 'delivered' || delivery.status === 'cancelled') return { kind: delivery.status, attempts };
  if (mayBeMet(input, delivery) && (await isRetryMet(deps, input)))
    return { ...recordedOutcome(delivery), repeated: true, wasManual: true };
  if (!subscription) {
    const closed = await cancelNotification(db, input.notificationId);
    return { kind: closed?.status === 'delivered' ? 'delivered' : 'cancelled', attempts };
  }
  if (isExhausted(input, delivery, subscription)) {
    const closed = await failNotification(db, input.notificationId);
    if (closed === 'delivered') return { kind: 'delivered', attempts };
    if (closed) {
      deps.metrics.notificationsFinished('failed');
      return { kind: 'failed', attempts, reason: delivery.lastErrorMessage ?? 'failed' };
    }
    return admit(deps, means, input);
  }
  if (subscription.status !== 'enabled') {
    if (await holdNotification(db, input.notificationId, burstOf(input))) return { kind: 'held', attempts };
    // Only a retry by the API reopens what has failed.
    if (delivery.status === 'failed') return recordedOutcome(delivery);
    return admit(deps, means, input);
  }
  if (input.mayReroute && isSlow(subscription)) return { kind: 'reroute', attempts, lane: 'slow' };
  const throttled = enterLane(input, subscription, attempts);
  if (throttled) {
    await postpone(db, input.notificationId, throttled.waitSeconds, input.processId);
    return throttled;
  }
  const reconcileAfterSeconds = subscription.timeoutSeconds + OVERDUE_SECONDS;
  // If this process loses the workflow task, another one waits for what this one is sending. An
  // attempt in the slow lane may take 10 minutes: after a crash nobody waits that long.
  const claim = input.slow ? undefined : workflowClaim(input.processId, subscription.timeoutSeconds);
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
      claim,
      visit: input.visit,
    });
    if (!granted) {
      input.visit?.withdraw();
      return { kind: 'throttled', attempts, waitSeconds: waitMs / 1000, dueAt: at.toISOString() };
    }
    return admissionOf(input, delivery, subscription);
  }
  if (!(await claimForWorkflow(db, input, delivery, subscription))) return admitLater(deps, means, input, polls);
  if (attempts > 0 || !mayHaveHeadStart(input) || input.slow || delivery.retryAsked)
    await markDelivering(db, input.notificationId, reconcileAfterSeconds, claim);
  return admissionOf(input, delivery, subscription);
}

/** A head start is made for no retry: the workflow answers one that is asked for meanwhile. */
export function admissionOf(
  { attemptKey, processId }: AttemptInput,
  delivery: Delivery,
  subscription: DeliverySubscription,
): Admitted {
  const isAsked = delivery.retryAsked || (delivery.reopened && delivery.ladderAttempts === 0);
  return { delivery, subscription, isForRetry: isAsked && attemptKey !== headStartKey(processId) };
}

/** @returns the process, if this is a head start in a burst */
function burstOf({ attemptKey, processId, workflowId }: AttemptInput): string | undefined {
  return attemptKey === headStartKey(processId) && workflowId.startsWith(BURST_PREFIX) ? processId : undefined;
}

/**
 * Whether an earlier run may have made the attempt that the retries asked for. It has closed, or it
 * was terminated while it waited, and their signal came later and began this run.
 */
function mayBeMet({ sequence }: AttemptInput, { status }: Delivery): boolean {
  return status === 'failed' || (status === 'retrying' && sequence === 1);
}

/**
 * Whether a manual attempt was made since the retries were asked for. One that was cut off is made
 * again.
 */
async function isRetryMet(
  { db }: AttemptDeps,
  { trigger, askedAfter, notificationId }: AttemptInput,
): Promise<boolean> {
  if (trigger !== 'manual' || askedAfter === undefined) return false;
  const attempts = await attemptsOf(db, notificationId);
  return attempts.some(
    ({ trigger: asked, number, error }) => asked === 'manual' && number > askedAfter && !isCutOff(error),
  );
}

/**
 * Whether the retry schedule was changed during the wait or the hold, and has no further attempt. A
 * manual retry is made whatever the schedule says. One that reopened the record began a ladder
 * without attempts, perhaps before its signal got here.
 */
function isExhausted(
  { trigger, step }: AttemptInput,
  { status, retryAsked, ladderAttempts }: Delivery,
  { retrySchedule }: DeliverySubscription,
): boolean {
  const isWaiting = status === 'retrying' || (status === 'pending' && ladderAttempts > 0);
  return isWaiting && trigger === 'scheduled' && !retryAsked && step > retrySchedule.length;
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
