/**
 * A retry schedule: the waits before the second, third, … attempt, in seconds. When they are used up the notification has failed.
 * The rules are the main system's: at most five retries, at most 24 hours in sum.
 */
export type RetrySchedule = readonly number[];

export const DEFAULT_RETRY_SCHEDULE: RetrySchedule = [30, 300, 1800, 7200];

/**
 * Schedules that a caller may give by name; what is kept is the waits. `growing` is document 002's: no wait is shorter than five minutes, and each is longer
 * than the one before.
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

/** What is wrong with a schedule, or `undefined` where nothing is. */
export function retryScheduleFault(schedule: RetrySchedule): string | undefined {
  if (schedule.length > MAX_RETRIES) return `at most ${MAX_RETRIES} retries`;
  if (schedule.some((seconds) => !Number.isInteger(seconds) || seconds < 1))
    return 'each wait is a whole number of seconds, at least 1';
  if (schedule.reduce((sum, seconds) => sum + seconds, 0) > MAX_SCHEDULE_SECONDS)
    return `the waits add up to at most ${MAX_SCHEDULE_SECONDS} seconds`;
  return undefined;
}

/**
 * Seconds to wait before the next attempt, or `undefined` when the ladder is used up.
 *
 * @param step - failed attempts of this run of the ladder so far, at least 1
 * @param retryAfterSeconds - what the receiver asked for (RFC 9110 §10.2.3); honoured where it is later than the step and within a day
 */
export function nextWaitSeconds(schedule: RetrySchedule, step: number, retryAfterSeconds?: number): number | undefined {
  const wait = schedule[step - 1];
  if (wait === undefined) return undefined;
  if (retryAfterSeconds === undefined || retryAfterSeconds > MAX_SCHEDULE_SECONDS) return wait;
  return Math.max(wait, retryAfterSeconds);
}
