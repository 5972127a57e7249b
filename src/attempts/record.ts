import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliverOutcome } from '../domain/delivery';
import { isContended, isUnavailable } from '../store/db/database';
import { markOutOfOrder, markOutOfOrderIfFailing } from '../store/subscriptions/out-of-order';
import type { AttemptDeps } from './deps';
import { GONE, type ConcludedAttempt } from './outcome';
import type { FailureAt } from './stages';

/** How often recording is tried before it counts as failed, if Postgres rejects it. */
const RECORD_TRIES = 5;
/**
 * How long recording is tried while Postgres is unavailable. What was made by then is little: no
 * attempt begins without Postgres.
 */
const RECORD_FOR_MS = 3_600_000;
const MAX_WAIT_MS = 1000;

/**
 * Records an attempt, for as long as it takes while Postgres is unavailable or a lock is held, and
 * disables its subscription if the receiver returned 410 or deliveries have failed for too long.
 *
 * @returns the outcome for the workflow, or the failure after the last try
 */
export async function record(
  deps: AttemptDeps,
  attempt: ConcludedAttempt,
): Promise<DeliverOutcome | FailureAt<'recording'>> {
  const { notificationId } = attempt.record;
  const since = performance.now();
  let rejections = 0;
  for (let tries = 1; ; tries++) {
    try {
      return await recordOnce(deps, attempt);
    } catch (error) {
      if (!isUnavailable(error) && !isContended(error)) rejections += 1;
      if (rejections >= RECORD_TRIES || performance.now() - since > RECORD_FOR_MS)
        return { stage: 'recording', cause: error };
      if (tries === 1)
        deps.log.warn(
          { err: error, notificationId },
          'recording an attempt failed; it is tried again until it succeeds',
        );
      await sleep(Math.min(MAX_WAIT_MS, 100 * 2 ** tries));
    }
  }
}

async function recordOnce(deps: AttemptDeps, { record, outcome }: ConcludedAttempt): Promise<DeliverOutcome> {
  const { db, metrics, recorder, operational } = deps;
  const { subscriptionId } = record;
  // The record comes first. After a crash between the two, a notification without a record would be
  // held, and sent again when the subscription is enabled.
  const recorded = await recorder(record);
  if (record.response?.status === GONE) {
    const marked = await markOutOfOrder(db, subscriptionId, 'the receiver answered 410 Gone', record.failurePeriod);
    reportOutOfOrder(deps, 'gone', subscriptionId, marked);
  }
  // The receiver did not fail.
  if (record.error && record.outcome.status !== 'cut-off') {
    reportOutOfOrder(deps, 'failing', subscriptionId, await markOutOfOrderIfFailing(db, subscriptionId, operational));
  }
  if (recorded.status === 'cancelled') return { kind: 'cancelled', attempts: recorded.attempts };
  // Another attempt delivered it, at the same time or before a person retried it.
  if (recorded.status === 'delivered' && record.error) return { kind: 'delivered', attempts: recorded.attempts };
  metrics.notificationsFinished(recorded.status);
  return { ...outcome, attempts: recorded.attempts };
}

/** Counts and logs that a subscription was disabled automatically, if it was. */
function reportOutOfOrder(
  { metrics, log }: AttemptDeps,
  cause: 'gone' | 'failing',
  subscriptionId: string,
  marked: boolean,
): void {
  if (!marked) return;
  metrics.outOfOrder.inc({ cause });
  log.warn({ subscriptionId, cause }, 'a subscription was disabled automatically');
}
