/** One invalid field of a request. */
export interface FieldError {
  /** JSON Pointer into the body, or `query/<name>`, `path/<name>`, `header/<name>`. */
  path: string;
  message: string;
}

/**
 * The API returned a problem (RFC 9457). Branch on {@link SignpostError.code}: it is stable, the
 * texts are not.
 *
 * @example
 * ```ts
 * try {
 *   await signpost.customers.get('customer1');
 * } catch (error) {
 *   if (error instanceof SignpostError && error.code === 'not-found') return undefined;
 *   throw error;
 * }
 * ```
 */
export class SignpostError extends Error {
  override readonly name: string = 'SignpostError';

  constructor(
    /** HTTP status. */
    readonly status: number,
    /**
     * Stable, kebab-case; `unknown` if the response is not one of Signpost's, for example a
     * proxy's.
     */
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    /** The invalid fields, if the request was invalid. */
    readonly errors: readonly FieldError[] = [],
  ) {
    super(`${code}: ${detail || title}`);
  }
}

/**
 * Signpost is unreachable or did not respond within the timeout, and all retries are exhausted.
 * Signpost may or may not have processed the request. To send it again safely, reuse the event's
 * `id` or the `idempotencyKey`; the SDK's own retries do the same.
 */
export class SignpostUnreachableError extends Error {
  override readonly name = 'SignpostUnreachableError';
}

/** `fetch` nests what went wrong, as in `fetch failed` → `connect ECONNREFUSED 127.0.0.1:8080`. */
const MAX_CAUSES = 10;

interface Nested {
  message?: string;
  name?: string;
  code?: string;
  cause?: unknown;
  errors?: unknown[];
}

/**
 * The text of the innermost cause of an error.
 *
 * @returns its message, or its code if the message is empty. For several attempts to connect, such
 * as to `localhost` by IPv6 and IPv4, the text of each
 */
export function deepestCause(error: unknown): string {
  let deepest = error as Nested | undefined;
  for (let depth = 0; depth < MAX_CAUSES && isObject(deepest?.cause); depth++) deepest = deepest.cause;
  if (!isObject(deepest)) return String(error);
  const { message = '', name = 'Error', code = '', errors = [] } = deepest;
  if (errors.length > 0) return [...new Set(errors.map(deepestCause))].join('; ');
  if (code === '' || message.includes(code)) return message || name;
  return [code, message].filter(Boolean).join(': ');
}

function isObject(value: unknown): value is Nested {
  return typeof value === 'object' && value !== null;
}

/**
 * `events.sendMany` sent some events and then failed. Send {@link PartlySentError.unsent} again:
 * those events carry their ids, so Signpost recognises any that it has already accepted.
 */
export class PartlySentError<Result, Event> extends Error {
  override readonly name = 'PartlySentError';

  constructor(
    /** Results of the leading events, in order. */
    readonly results: readonly Result[],
    /** The remaining events, in order, each with an id. */
    readonly unsent: readonly Event[],
    /**
     * Why sending stopped: a {@link SignpostError}, a {@link SignpostUnreachableError} or an abort.
     */
    override readonly cause: Error,
  ) {
    super(`${results.length} events were sent, ${unsent.length} were not: ${cause.message}`, { cause });
  }
}
