/** When and how often a failed request is sent again. */
export interface RetryOptions {
  /**
   * Maximum number of retries of one request.
   * @default 5
   */
  retries?: number;
  /**
   * Upper bound of the first wait, in milliseconds. It doubles with each retry.
   * @default 200
   */
  firstDelayMs?: number;
  /**
   * Upper bound of every wait, in milliseconds. A longer `Retry-After` overrides it.
   * @default 10000
   */
  maxDelayMs?: number;
  /**
   * Longest `Retry-After` to wait for, in milliseconds. If the server asks for more, the call fails
   * immediately with the server's response.
   * @default 60000
   */
  maxRetryAfterMs?: number;
}

export const DEFAULT_RETRY: Required<RetryOptions> = {
  retries: 5,
  firstDelayMs: 200,
  maxDelayMs: 10_000,
  maxRetryAfterMs: 60_000,
};

/**
 * Wait before the next retry: random between zero and an upper bound that doubles (full jitter), so
 * that many clients do not return in step; never less than `Retry-After`.
 *
 * @param retry - number of retries so far; 0 before the first
 * @param retryAfter - the response's `Retry-After`: seconds or an HTTP date (RFC 9110 §10.2.3)
 * @returns milliseconds; `undefined` if the request must not be sent again
 */
export function delayMs(retry: number, retryAfter: string | null, options: Required<RetryOptions>): number | undefined {
  const requestedMs = retryAfterMs(retryAfter);
  if (retry >= options.retries || requestedMs > options.maxRetryAfterMs) return undefined;
  return Math.max(requestedMs, Math.random() * Math.min(options.maxDelayMs, options.firstDelayMs * 2 ** retry));
}

function retryAfterMs(header: string | null): number {
  if (header === null || header === '') return 0;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? 0 : Math.max(0, at - Date.now());
}
