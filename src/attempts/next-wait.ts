import type { AttemptRecord } from '../domain/attempt';
import { nextWaitSeconds, type RetrySchedule } from '../domain/retry-schedule';
import { sha256 } from '../domain/sha256';
import { parseRetryAfter } from '../delivery/http-client';

const RETRY_AFTER_STATUSES = [429, 503];
const UINT32 = 2 ** 32;

/** A failed attempt, as far as the wait after it depends on it. */
export interface FailedAttempt extends Pick<AttemptRecord, 'notificationId' | 'finishedAt'> {
  /** Its number. */
  attempts: number;
  response: { status: number; headers: Readonly<Record<string, string>> } | null;
}

/**
 * The wait depends on nothing but the arguments: after a change of the schedule it is calculated
 * again.
 *
 * @param step - number of failed attempts in the ladder, at least 1
 * @returns the wait in seconds, or undefined if the ladder is exhausted
 */
export function waitAfter(
  schedule: RetrySchedule,
  step: number,
  { notificationId, attempts, response, finishedAt }: FailedAttempt,
): number | undefined {
  const retryAfterSeconds = RETRY_AFTER_STATUSES.includes(response?.status ?? 0)
    ? parseRetryAfter(response?.headers['retry-after'], finishedAt)
    : undefined;
  return nextWaitSeconds(schedule, step, jitterOf(notificationId, attempts), retryAfterSeconds);
}

/** @returns a number from 0 to 1, always the same for an attempt */
function jitterOf(notificationId: string, attempts: number): number {
  return sha256(`${notificationId} ${attempts}`).readUInt32BE() / UINT32;
}
