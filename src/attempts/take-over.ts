import { setTimeout as sleep } from 'node:timers/promises';
import { HEAD_START_PREFIX, type DeliverInput, type DeliverOutcome } from '../domain/delivery';
import type { Database } from '../store/db/database';
import { recordedOutcome } from './outcome';
import type { Delivery } from '../store/notifications/load-deliveries';
import { handOver } from '../store/notifications/transitions';

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
 * Takes over the outcome that a head start recorded. If another process holds a live claim, waits a
 * moment instead, because that process may be sending.
 *
 * @returns the outcome, `read again` if the claim was live, or undefined if the caller makes the
 *   attempt itself
 */
export async function takeOver(
  db: Database,
  input: DeliverInput & { attemptKey: string; processId: string },
  delivery: Delivery,
): Promise<DeliverOutcome | 'read again' | undefined> {
  if (!mayHaveHeadStart(input)) return undefined;
  const { lastAttemptKey, status, attempts, claimedBy } = delivery;
  const failed = status === 'retrying' || status === 'failed';
  if (attempts === 1 && failed && lastAttemptKey?.startsWith(HEAD_START_PREFIX)) {
    await handOver(db, input.notificationId, lastAttemptKey, input.attemptKey);
    return { ...recordedOutcome(delivery), repeated: true };
  }
  if (attempts === 0 && status === 'pending' && claimedBy !== null && claimedBy !== input.processId) {
    await sleep(CLAIM_POLL_MS);
    return 'read again';
  }
  return undefined;
}
