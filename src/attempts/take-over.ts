import { HEAD_START_PREFIX, type DeliverInput, type DeliverOutcome } from '../domain/delivery';
import type { Database } from '../store/db/database';
import { claimFirstAttempt } from '../store/notifications/claims';
import type { DeliverySubscription } from '../store/notifications/delivery-subscription';
import type { Delivery } from '../store/notifications/load-deliveries';
import { handOver } from '../store/notifications/transitions';
import { isSlow, recordedOutcome } from './outcome';
import { AttemptLeftError } from './stages';

/** The attempt key of the head starts of a process. */
export function headStartKey(processId: string): string {
  return HEAD_START_PREFIX + processId;
}

/**
 * Whether a head start may have made this attempt: the first of a workflow run, and of its ladder.
 */
export function mayHaveHeadStart({ sequence, step }: Pick<DeliverInput, 'sequence' | 'step'>): boolean {
  return sequence === 1 && step === 0;
}

/**
 * Settles who makes a first attempt. Takes over the outcome that a head start recorded.
 *
 * @returns the outcome; `claimed elsewhere` if another process has a live claim and may be sending;
 *   or undefined if the caller makes the attempt itself
 * @throws AttemptLeftError if a head start must not be made any more
 */
export async function takeOver(
  db: Database,
  input: DeliverInput & { attemptKey: string; processId: string },
  delivery: Delivery,
): Promise<DeliverOutcome | 'claimed elsewhere' | undefined> {
  if (!mayHaveHeadStart(input)) return undefined;
  const { lastAttemptKey, status, attempts, claimedBy, subscription } = delivery;
  const { notificationId, attemptKey, processId } = input;
  const failed = status === 'retrying' || status === 'failed';
  if (attempts === 1 && failed && lastAttemptKey?.startsWith(HEAD_START_PREFIX)) {
    await handOver(db, notificationId, lastAttemptKey, attemptKey);
    return { ...recordedOutcome(delivery), repeated: true };
  }
  if (!isUnattempted(delivery)) return undefined;
  if (attemptKey === headStartKey(processId)) {
    if (claimedBy !== processId) throw new AttemptLeftError('late');
    if (subscription?.slow) throw new AttemptLeftError('slow');
    return undefined;
  }
  return claimedBy === null || claimedBy === processId ? undefined : 'claimed elsewhere';
}

/**
 * Claims a first attempt that a workflow is about to make in the fast lane, as a head start does,
 * so that no burst claims it meanwhile. Other attempts need no claim.
 *
 * @returns false if the attempt must not be made now: another process was faster
 */
export async function claimForWorkflow(
  db: Database,
  input: DeliverInput & { attemptKey: string; processId: string },
  delivery: Delivery,
  subscription: DeliverySubscription,
): Promise<boolean> {
  const { notificationId, attemptKey, processId } = input;
  const isHeadStart = attemptKey === headStartKey(processId);
  if (isHeadStart || !mayHaveHeadStart(input) || !isUnattempted(delivery) || isSlow(subscription)) return true;
  return claimFirstAttempt(db, notificationId, processId, subscription.timeoutSeconds);
}

function isUnattempted({ attempts, status }: Delivery): boolean {
  return attempts === 0 && status === 'pending';
}
