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

/** Signpost could not be reached, or did not answer in time. Whether it took the request is not known; repeating it is safe where the SDK did. */
export class SignpostUnreachableError extends Error {
  override readonly name = 'SignpostUnreachableError';
}
