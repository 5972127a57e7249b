import { t } from '@lingui/core/macro';

/** The error of one field. `path` is a JSON Pointer into the request body. */
export interface FieldError {
  path: string;
  message: string;
}

const ANNOUNCES_ERRORS = /; errors lists /;

/** A problem returned by the API (RFC 9457). Status 0 means that there was no response. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly detail: string;
  readonly errors: readonly FieldError[];

  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    detail: string,
    errors: readonly FieldError[] = [],
  ) {
    super(inUiWords(detail || title));
    this.detail = inUiWords(detail);
    this.errors = errors.map(({ path, message }) => ({ path, message: inUiWords(message) }));
  }

  /** Returns the errors of a field and of anything inside it, by JSON Pointer. */
  errorsOf(pointer: string): readonly FieldError[] {
    return this.errors.filter(({ path }) => path === pointer || path.startsWith(`${pointer}/`));
  }

  /** Whether the detail only repeats or announces the errors of the fields. */
  get isAboutFields(): boolean {
    return this.errors.some(({ message }) => this.detail.includes(message) || ANNOUNCES_ERRORS.test(this.detail));
  }

  /** The error as a whole: the title, if it is about the fields. */
  get summary(): string {
    return this.isAboutFields ? `${this.title}.` : errorText(this);
  }
}

/** Whether an error says that something does not exist. Trying again does not help. */
export const isNotFound = (error: unknown): boolean => error instanceof ProblemError && error.status === 404;

/** Returns the text to show for a caught error. */
export function errorText(error: unknown): string {
  if (error instanceof ProblemError) return error.detail || error.title;
  return error instanceof Error ? error.message : t`Something went wrong.`;
}

/** The API says subscription where the screens say endpoint. Paths and field names stay. */
const inUiWords = (text: string): string =>
  text.replace(/(?<![/\w-])subscription(s?)\b/g, 'endpoint$1').replace(/(?<![/\w-])Subscription(s?)\b/g, 'Endpoint$1');
