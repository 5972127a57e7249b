/**
 * A retry schedule: the waits before the second, third, … attempt, in seconds. After the last one
 * the ladder is exhausted and the notification fails. At most five waits, 24 hours in total.
 */
export type RetrySchedule = readonly number[];

export const DEFAULT_RETRY_SCHEDULE: RetrySchedule = [30, 300, 1800, 7200];

/**
 * Schedules that a caller may give by name. The waits are stored, not the name. `growing` is for
 * handlers that recover slowly: no wait is shorter than five minutes, and each is longer than the
 * previous.
 */
export const RETRY_PRESETS = {
  default: DEFAULT_RETRY_SCHEDULE,
  growing: [300, 900, 3600, 14_400, 43_200],
} as const satisfies Record<string, RetrySchedule>;

export type RetryPreset = keyof typeof RETRY_PRESETS;

export function isRetryPreset(name: unknown): name is RetryPreset {
  return typeof name === 'string' && Object.hasOwn(RETRY_PRESETS, name);
}

export const MAX_RETRIES = 5;
export const MAX_SCHEDULE_SECONDS = 86_400;
/**
 * Part of a wait by which it may be longer, so that notifications that failed together are not
 * attempted together.
 */
const MAX_JITTER = 0.1;
/** Shorter waits have no jitter. */
const EXACT_BELOW_SECONDS = 5;

/** @returns the error of a schedule, or `undefined` if it is valid */
export function retryScheduleFault(schedule: RetrySchedule): string | undefined {
  if (schedule.length > MAX_RETRIES) return `at most ${MAX_RETRIES} retries`;
  if (schedule.some((seconds) => !Number.isInteger(seconds) || seconds < 1))
    return 'each wait must be a whole number of seconds, at least 1';
  if (schedule.reduce((sum, seconds) => sum + seconds, 0) > MAX_SCHEDULE_SECONDS)
    return `the waits must add up to at most ${MAX_SCHEDULE_SECONDS} seconds`;
  return undefined;
}

/**
 * @param step - number of failed attempts in the current ladder, at least 1
 * @param jitter - from 0 to 1: the part of the longest jitter to add
 * @param retryAfterSeconds - the receiver's `Retry-After` (RFC 9110 §10.2.3); honoured if it is
 *   longer than the schedule's wait. More than a day counts as a day
 * @returns seconds to wait before the next attempt, or `undefined` if the ladder is exhausted
 */
export function nextWaitSeconds(
  schedule: RetrySchedule,
  step: number,
  jitter: number,
  retryAfterSeconds = 0,
): number | undefined {
  const wait = schedule[step - 1];
  if (wait === undefined) return undefined;
  const waitSeconds = wait < EXACT_BELOW_SECONDS ? wait : wait * (1 + jitter * maxJitter(schedule));
  return Math.max(Math.round(waitSeconds * 1000) / 1000, Math.min(retryAfterSeconds, MAX_SCHEDULE_SECONDS));
}

/** Waits with their jitter add up to a day at most. */
function maxJitter(schedule: RetrySchedule): number {
  const total = schedule.reduce((sum, seconds) => sum + seconds, 0);
  return Math.min(MAX_JITTER, MAX_SCHEDULE_SECONDS / total - 1);
}
