/** A problem that the API answered (RFC 9457), or that kept it from answering: then the status is 0. */
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

  /** What was said of a field, by JSON Pointer; those of what the field holds included. */
  messageFor(pointer: string): string | undefined {
    return this.errors.find(({ path }) => path === pointer || path.startsWith(`${pointer}/`))?.message;
  }
}

/** What to tell of something that was thrown. */
export function sayError(error: unknown): string {
  if (error instanceof ProblemError) return error.detail || error.title;
  return error instanceof Error ? error.message : 'Something went wrong.';
}
