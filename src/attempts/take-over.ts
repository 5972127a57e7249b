import { HEAD_START_PREFIX, type DeliverInput, type DeliverOutcome } from '../domain/delivery';
import type { Database } from '../store/db/database';
import { workflowClaim } from '../store/notifications/claim-grace';
import { claimFirstAttempt } from '../store/notifications/claims';
import type { DeliverySubscription } from '../store/notifications/delivery-subscription';
import type { Delivery } from '../store/notifications/load-deliveries';
import { handOver } from '../store/notifications/transitions';
import { isSlow, recordedOutcome } from './outcome';
import { AttemptLeftError, MadeElsewhereError, type AttemptInput } from './stages';

/** The attempt key of the head starts of a process. */
export function headStartKey(processId: string): string {
  return HEAD_START_PREFIX + processId;
}

/**
 * Whether a head start may make this attempt, or have made it: the first of its ladder. The
 * workflow may ask several times before it is made, because it had no place in its lane.
 */
export function mayHaveHeadStart({ step }: Pick<DeliverInput, 'step'>): boolean {
  return step === 0;
}

/**
 * Settles who makes an attempt. Takes over the outcome that a head start recorded.
 *
 * @returns the outcome; `claimed elsewhere` if another process has a live claim on a first attempt
 *   and may be sending; or undefined if the caller makes the attempt itself
 * @throws AttemptLeftError if a head start must not be made any more
 * @throws MadeElsewhereError if another process makes the attempt for this workflow, whose task it
 *   has lost meanwhile
 */
export async function takeOver(
  db: Database,
  input: AttemptInput,
  delivery: Delivery,
): Promise<DeliverOutcome | 'claimed elsewhere' | undefined> {
  const { lastAttemptKey, status, attempts, claimedBy, subscription } = delivery;
  const { notificationId, attemptKey, processId } = input;
  const isClaimedElsewhere = claimedBy !== null && claimedBy !== processId;
  if (status === 'delivering' && isClaimedElsewhere) throw new MadeElsewhereError();
  if (!mayHaveHeadStart(input)) return undefined;
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
  return isClaimedElsewhere ? 'claimed elsewhere' : undefined;
}

/**
 * Claims a first attempt that a workflow is about to make in the fast lane, as a head start does,
 * so that no burst claims it meanwhile. Other attempts are claimed when they begin.
 *
 * @returns false if the attempt must not be made now: another process was faster
 */
export async function claimForWorkflow(
  db: Database,
  input: AttemptInput,
  delivery: Delivery,
  subscription: DeliverySubscription,
): Promise<boolean> {
  const { notificationId, attemptKey, processId } = input;
  const isHeadStart = attemptKey === headStartKey(processId);
  if (isHeadStart || !mayHaveHeadStart(input) || !isUnattempted(delivery) || isSlow(subscription)) return true;
  return claimFirstAttempt(db, notificationId, workflowClaim(processId, subscription.timeoutSeconds));
}

function isUnattempted({ attempts, status }: Delivery): boolean {
  return attempts === 0 && status === 'pending';
}
