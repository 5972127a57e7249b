import { setTimeout as sleep } from 'node:timers/promises';
import {
  FAST_LANE_MAX_TIMEOUT_SECONDS,
  HEAD_START_PREFIX,
  type DeliverInput,
  type DeliverOutcome,
} from '../domain/delivery';
import type { Database } from '../store/db/database';
import { claimFirstAttempt } from '../store/notifications/claims';
import type { Delivery } from '../store/notifications/load-deliveries';
import { handOver } from '../store/notifications/transitions';
import { recordedOutcome } from './outcome';
import { AttemptLeftError } from './stages';

const CLAIM_POLL_MS = 100;

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
 * Settles who makes a first attempt. Takes over the outcome that a head start recorded. If another
 * process holds a live claim, waits a moment instead, because that process may be sending. A
 * workflow's attempt in the fast lane claims, as a head start does, so that no burst claims it
 * meanwhile.
 *
 * @returns the outcome, `read again` if another process has the claim, or undefined if the caller
 *   makes the attempt itself
 * @throws AttemptLeftError if a head start must not be made any more
 */
export async function takeOver(
  db: Database,
  input: DeliverInput & { attemptKey: string; processId: string },
  delivery: Delivery,
): Promise<DeliverOutcome | 'read again' | undefined> {
  if (!mayHaveHeadStart(input)) return undefined;
  const { lastAttemptKey, status, attempts, claimedBy, subscription } = delivery;
  const { notificationId, attemptKey, processId } = input;
  const failed = status === 'retrying' || status === 'failed';
  if (attempts === 1 && failed && lastAttemptKey?.startsWith(HEAD_START_PREFIX)) {
    await handOver(db, notificationId, lastAttemptKey, attemptKey);
    return { ...recordedOutcome(delivery), repeated: true };
  }
  if (attempts > 0 || status !== 'pending') return undefined;
  if (attemptKey === headStartKey(processId)) {
    if (claimedBy !== processId) throw new AttemptLeftError('late');
    if (subscription?.slow) throw new AttemptLeftError('slow');
    return undefined;
  }
  const mayBeClaimed =
    subscription?.status === 'enabled' &&
    !subscription.rateLimited &&
    !subscription.slow &&
    subscription.timeoutSeconds <= FAST_LANE_MAX_TIMEOUT_SECONDS;
  const isClaimedElsewhere = claimedBy !== null && claimedBy !== processId;
  if (!isClaimedElsewhere && !mayBeClaimed) return undefined;
  if (!isClaimedElsewhere && (await claimFirstAttempt(db, notificationId, processId, subscription!.timeoutSeconds)))
    return undefined;
  await sleep(CLAIM_POLL_MS);
  return 'read again';
}
