import { t } from '@lingui/core/macro';

/** A problem returned by the API (RFC 9457). Status 0 means that there was no response. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly detail: string;
  readonly errors: readonly { path: string; message: string }[];

  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    detail: string,
    errors: readonly { path: string; message: string }[] = [],
  ) {
    super(inUiWords(detail || title));
    this.detail = inUiWords(detail);
    this.errors = errors.map(({ path, message }) => ({ path, message: inUiWords(message) }));
  }

  /** Returns the first message for a field or anything inside it, by JSON Pointer. */
  messageFor(pointer: string): string | undefined {
    return this.errors.find(({ path }) => path === pointer || path.startsWith(`${pointer}/`))?.message;
  }
}

/** Returns the text to show for a caught error. */
export function errorText(error: unknown): string {
  if (error instanceof ProblemError) return error.detail || error.title;
  return error instanceof Error ? error.message : t`Something went wrong.`;
}

/** The API says subscription where the screens say endpoint. Paths and field names stay. */
const inUiWords = (text: string): string =>
  text.replace(/(?<![/\w-])subscription(s?)\b/g, 'endpoint$1').replace(/(?<![/\w-])Subscription(s?)\b/g, 'Endpoint$1');
