import { setTimeout as sleep } from 'node:timers/promises';
import { HEAD_START_PREFIX, type DeliverInput, type DeliverOutcome } from '../domain/delivery';
import type { Database } from '../store/db/database';
import { recordedOutcome } from './outcome';
import type { Delivery } from '../store/notifications/load-deliveries';
import { handOver } from '../store/notifications/transitions';

const CLAIM_POLL_MS = 100;

/** The name of the head starts of a process. */
export function headStartKey(processId: string): string {
  return HEAD_START_PREFIX + processId;
}

/** Whether this is the attempt that a head start may have made: the first of a ladder that nothing went before. */
export function mayHaveHeadStart({ sequence, step }: Pick<DeliverInput, 'sequence' | 'step'>): boolean {
  return sequence === 1 && step === 0;
}

/**
 * A workflow's first attempt that is another's, or was: the outcome that a head start recorded is taken over, and a live claim of another process
 * is waited for, since that process may be sending at this moment.
 *
 * @returns the outcome; or that the notification is to be looked at again; or `undefined` where the attempt is the workflow's own to make
 */
export async function takeOver(
  db: Database,
  input: DeliverInput & { attemptKey: string; processId: string },
  delivery: Delivery,
): Promise<DeliverOutcome | 'look again' | undefined> {
  if (!mayHaveHeadStart(input)) return undefined;
  const { lastAttemptKey, status, attempts, claimedBy } = delivery;
  const failed = status === 'retrying' || status === 'failed';
  if (attempts === 1 && failed && lastAttemptKey?.startsWith(HEAD_START_PREFIX)) {
    await handOver(db, input.notificationId, lastAttemptKey, input.attemptKey);
    return { ...recordedOutcome(delivery), repeated: true };
  }
  if (attempts === 0 && status === 'pending' && claimedBy !== null && claimedBy !== input.processId) {
    await sleep(CLAIM_POLL_MS);
    return 'look again';
  }
  return undefined;
}
