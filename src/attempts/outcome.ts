import { parseRetryAfter } from '../delivery/http-client';
import { FAST_LANE_MAX_TIMEOUT_SECONDS, SLOW_ATTEMPT_MS, type DeliverOutcome, type Lane } from '../domain/delivery';
import { nextWaitSeconds } from '../domain/retry-schedule';
import type { DeliverySubscription } from '../store/notifications/delivery-subscription';
import type { AttemptRecord, DeliveryFacts } from '../domain/attempt';
import type { Delivery } from '../store/notifications/load-deliveries';

/** HTTP 410: the receiver wants no more. */
export const GONE = 410;
const RETRY_AFTER_STATUSES = [429, 503];

/** An attempt that was made, with what the workflow is told once it is recorded. */
export interface Made {
  record: AttemptRecord;
  outcome: DeliverOutcome;
}

/** What follows from an attempt: delivered, another step of the ladder, or the end of it. */
export function conclude(
  ladder: { schedule: readonly number[]; step: number },
  delivery: DeliveryFacts,
  subscription: DeliverySubscription,
  facts: Omit<AttemptRecord, 'outcome'>,
): Made {
  const attempts = delivery.attempts + 1;
  if (facts.error === null)
    return { record: { ...facts, outcome: { status: 'delivered' } }, outcome: { kind: 'delivered', attempts } };
  const reason = facts.error.message;
  const status = facts.response?.status ?? 0;
  const retryAfterSeconds = RETRY_AFTER_STATUSES.includes(status)
    ? parseRetryAfter(facts.response?.headers['retry-after'], facts.finishedAt)
    : undefined;
  const waitSeconds =
    status === GONE ? undefined : nextWaitSeconds(ladder.schedule, ladder.step + 1, retryAfterSeconds);
  if (waitSeconds === undefined)
    return { record: { ...facts, outcome: { status: 'failed' } }, outcome: { kind: 'failed', attempts, reason } };
  const nextAttemptAt = new Date(facts.finishedAt.getTime() + waitSeconds * 1000);
  return {
    record: { ...facts, outcome: { status: 'retrying', nextAttemptAt } },
    outcome: {
      kind: 'retry',
      attempts,
      waitSeconds,
      dueAt: nextAttemptAt.toISOString(),
      lane: laneOf(subscription, facts.durationMs),
      reason,
    },
  };
}

/** The outcome of an attempt whose record is there already. */
export function recordedOutcome(delivery: Delivery): DeliverOutcome {
  const { attempts, status } = delivery;
  const reason = delivery.lastErrorMessage ?? 'failed';
  switch (status) {
    case 'delivered':
    case 'cancelled':
      return { kind: status, attempts };
    // Pending: the attempt was the last one, and the notification was opened again since, which begins another ladder.
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
  return subscription.slow ||
    durationMs > SLOW_ATTEMPT_MS ||
    subscription.timeoutSeconds > FAST_LANE_MAX_TIMEOUT_SECONDS
    ? 'slow'
    : 'fast';
}
