/** How requests are repeated. */
export interface RetryOptions {
  /** Repetitions of one request, at most. @default 5 */
  retries?: number;
  /** Longest wait before the first repetition, in milliseconds; it doubles each time. @default 200 */
  firstDelayMs?: number;
  /** No wait is longer, unless the server asks for it. In milliseconds. @default 10000 */
  maxDelayMs?: number;
}

export const DEFAULT_RETRY: Required<RetryOptions> = { retries: 5, firstDelayMs: 200, maxDelayMs: 10_000 };

/**
 * How long to wait before a repetition: anything up to twice what it was (full jitter), so that many clients do not come back at once; and no less than
 * the server asked for.
 *
 * @param retry - 0 for the first
 * @param retryAfter - the header of the answer, in seconds or as a date (RFC 9110 §10.2.3)
 * @returns milliseconds
 */
export function delayMs(retry: number, retryAfter: string | null, options: Required<RetryOptions>): number {
  const jittered = Math.random() * Math.min(options.maxDelayMs, options.firstDelayMs * 2 ** retry);
  return Math.max(jittered, askedForMs(retryAfter));
}

function askedForMs(retryAfter: string | null): number {
  if (retryAfter === null || retryAfter === '') return 0;
  const seconds = Number(retryAfter);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? 0 : Math.max(0, at - Date.now());
}
