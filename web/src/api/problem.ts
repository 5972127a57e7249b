/** A problem returned by the API (RFC 9457). Status 0 means that there was no response. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';

  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly errors: readonly { path: string; message: string }[] = [],
  ) {
    super(detail || title);
  }

  /** Returns the first message for a field or anything inside it, by JSON Pointer. */
  messageFor(pointer: string): string | undefined {
    return this.errors.find(({ path }) => path === pointer || path.startsWith(`${pointer}/`))?.message;
  }
}

/** Returns the text to show for a caught error. */
export function errorText(error: unknown): string {
  if (error instanceof ProblemError) return error.detail || error.title;
  return error instanceof Error ? error.message : 'Something went wrong.';
}
