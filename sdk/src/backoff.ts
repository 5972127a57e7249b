/** How requests are repeated. */
export interface RetryOptions {
  /** Repetitions of one request, at most. @default 5 */
  retries?: number;
  /** Longest wait before the first repetition, in milliseconds; it doubles each time. @default 200 */
  firstDelayMs?: number;
  /** No wait is longer, unless the server asks for it. In milliseconds. @default 10000 */
  maxDelayMs?: number;
  /** Where the server asks for a longer wait than this, its answer is what the call ends with. In milliseconds. @default 60000 */
  maxRetryAfterMs?: number;
}

export const DEFAULT_RETRY: Required<RetryOptions> = {
  retries: 5,
  firstDelayMs: 200,
  maxDelayMs: 10_000,
  maxRetryAfterMs: 60_000,
};

/**
 * How long to wait before a repetition: anything up to twice what it was (full jitter), so that many clients do not come back at once; and no less than
 * the server asked for.
 *
 * @param retry - 0 for the first
 * @param retryAfter - the header of the answer, in seconds or as a date (RFC 9110 §10.2.3)
 * @returns milliseconds; `undefined` where there is to be no repetition
 */
export function delayMs(retry: number, retryAfter: string | null, options: Required<RetryOptions>): number | undefined {
  const asked = askedForMs(retryAfter);
  if (retry >= options.retries || asked > options.maxRetryAfterMs) return undefined;
  return Math.max(asked, Math.random() * Math.min(options.maxDelayMs, options.firstDelayMs * 2 ** retry));
}

function askedForMs(retryAfter: string | null): number {
  if (retryAfter === null || retryAfter === '') return 0;
  const seconds = Number(retryAfter);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? 0 : Math.max(0, at - Date.now());
}
