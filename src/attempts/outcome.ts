import type { AttemptRecord } from '../domain/attempt';
import {
  CUT_OFF_PREFIX,
  FAST_LANE_MAX_TIMEOUT_SECONDS,
  SLOW_ATTEMPT_MS,
  type DeliverOutcome,
  type Lane,
} from '../domain/delivery';
import type { DeliverySubscription } from '../store/notifications/delivery-subscription';
import type { Delivery } from '../store/notifications/load-deliveries';
import { waitAfter } from './next-wait';
import type { Admitted, AttemptInput, FinishedAttempt } from './stages';

/** HTTP 410: the receiver wants no more deliveries. It is a permanent failure. */
export const GONE = 410;
/**
 * Until the next try of an attempt that was cut off. The timer has the workflow end its task, which
 * another process continues.
 */
const AFTER_CUT_OFF_SECONDS = 1;

/** A finished attempt as it will be recorded, and the outcome that its workflow gets after that. */
export interface ConcludedAttempt {
  record: AttemptRecord;
  outcome: DeliverOutcome;
}

/**
 * Decides what follows from an attempt: delivered, the next step of the ladder, or the end of the
 * ladder.
 */
export function conclude(
  ladder: Pick<AttemptInput, 'step' | 'planRetry' | 'processId'>,
  { delivery, subscription, isOutdated = false, isForRetry = false }: Admitted,
  { facts, failure }: FinishedAttempt,
): ConcludedAttempt {
  const attempts = delivery.attempts + 1;
  const madeFor = isForRetry ? { wasManual: true } : {};
  if (failure === null) {
    return {
      record: { ...facts, error: null, outcome: { status: 'delivered' } },
      outcome: { kind: 'delivered', attempts, ...madeFor },
    };
  }
  const { error } = failure;
  const reason = error.message;
  if ('cutOff' in failure) return concludeCutOff(ladder, { ...facts, error }, attempts);
  const isGone = facts.response?.status === GONE && !isOutdated;
  const isPermanent = isGone || ('permanent' in failure && failure.permanent);
  const schedule = subscription.retrySchedule;
  const leastSeconds = isPermanent ? undefined : waitAfter(schedule, ladder.step + 1, { ...facts, attempts });
  if (leastSeconds === undefined) {
    return {
      record: { ...facts, error, outcome: { status: 'failed' } },
      outcome: { kind: 'failed', attempts, reason, ...madeFor },
    };
  }
  const lane = laneOf(subscription, facts.durationMs);
  const leastMs = leastSeconds * 1000;
  const waitSeconds = (ladder.planRetry?.(lane, subscription.customerId, subscription.id, leastMs) ?? leastMs) / 1000;
  const nextAttemptAt = new Date(facts.finishedAt.getTime() + waitSeconds * 1000);
  return {
    record: { ...facts, error, outcome: { status: 'retrying', nextAttemptAt, schedule } },
    outcome: {
      kind: 'retry',
      attempts,
      waitSeconds,
      dueAt: nextAttemptAt.toISOString(),
      lane,
      reason,
      ...madeFor,
    },
  };
}

/** The attempt is recorded under another key, so under its own it can be made again. */
function concludeCutOff(
  { processId }: Pick<AttemptInput, 'processId'>,
  facts: Omit<AttemptRecord, 'outcome'>,
  attempts: number,
): ConcludedAttempt {
  const outcome = throttledFor(AFTER_CUT_OFF_SECONDS, attempts);
  const nextAttemptAt = new Date(outcome.dueAt);
  const attemptKey = CUT_OFF_PREFIX + facts.attemptKey;
  return { record: { ...facts, attemptKey, outcome: { status: 'cut-off', nextAttemptAt, processId } }, outcome };
}

/** The attempt takes no step of the ladder. The workflow waits, and this process does not. */
export function throttledFor(waitSeconds: number, attempts: number): DeliverOutcome & { kind: 'throttled' } {
  const dueAt = new Date(Date.now() + waitSeconds * 1000).toISOString();
  return { kind: 'throttled', attempts, waitSeconds, dueAt };
}

/** The outcome of an attempt that is already recorded. */
export function recordedOutcome(delivery: Delivery): DeliverOutcome {
  const { attempts, status } = delivery;
  const reason = delivery.lastErrorMessage ?? 'failed';
  switch (status) {
    case 'delivered':
    case 'cancelled':
      return { kind: status, attempts };
    // Pending: the attempt ended its ladder, and the notification was reopened since, which starts
    // a new ladder.
    case 'failed':
    case 'pending':
      return { kind: 'failed', attempts, reason };
    default: {
      const due = delivery.nextAttemptAt ?? new Date();
      return {
        kind: 'retry',
        attempts,
        waitSeconds: Math.max(0, (due.getTime() - Date.now()) / 1000),
        dueAt: due.toISOString(),
        lane: delivery.subscription ? laneOf(delivery.subscription, 0) : 'fast',
        reason,
      };
    }
  }
}

function laneOf(subscription: DeliverySubscription, durationMs: number): Lane {
  return isSlow(subscription) || durationMs > SLOW_ATTEMPT_MS ? 'slow' : 'fast';
}

/** Whether attempts belong to the slow lane now. */
export function isSlow({ slow, timeoutSeconds }: Pick<DeliverySubscription, 'slow' | 'timeoutSeconds'>): boolean {
  return slow || timeoutSeconds > FAST_LANE_MAX_TIMEOUT_SECONDS;
}
