/** One fault of a request; `path` is a JSON Pointer into the body, or `query/<name>`, `path/<name>`, `header/<name>`. */
export interface FieldError {
  path: string;
  message: string;
}

/** A problem that Signpost answered (RFC 9457). `code` is stable: branch on it. */
export class SignpostError extends Error {
  override readonly name: string = 'SignpostError';

  constructor(
    /** HTTP status. */
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
  ) {
    super(`${code}: ${detail || title}`);
  }
}

/**
 * Signpost could not be reached, or did not answer in time. Whether it took the request is not known. What you send again by yourself needs what the SDK
 * gives its own repetitions: the same event id, or the same idempotency key.
 */
export class SignpostUnreachableError extends Error {
  override readonly name = 'SignpostUnreachableError';
}

/** Of many events some could not be sent. Those that are not in `results` are in `unsent`, with their ids: sending these again is safe. */
export class PartlySentError<Result, Event> extends Error {
  override readonly name = 'PartlySentError';

  constructor(
    /** Of the first events, in order. */
    readonly results: readonly Result[],
    readonly unsent: readonly Event[],
    /** Why it ended: a SignpostError or SignpostUnreachableError. */
    override readonly cause: Error,
  ) {
    super(`${results.length} events were sent, ${unsent.length} were not: ${cause.message}`, { cause });
  }
}
