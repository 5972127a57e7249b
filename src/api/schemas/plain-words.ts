import type { z } from 'zod';

const TYPES: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  date: 'a date',
  null: 'null',
};
const FORMATS: Record<string, string> = {
  url: 'a URL',
  datetime: 'a time such as 2026-01-31T12:00:00Z',
  date: 'a date such as 2026-01-31',
  email: 'an e-mail address',
  uuid: 'a UUID',
};
/** What the limits of a text, a list or a number count. */
const UNITS: Record<string, string> = { string: 'characters', array: 'entries', set: 'entries', object: 'fields' };

/**
 * Words for the errors of schemas that have no message of their own. The library's own texts name
 * its types, not what to write.
 *
 * @returns undefined for the text of the library
 */
export function plainWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is required';
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `must be ${text(issue.values[0])}`
        : `must be one of ${issue.values.map(text).join(', ')}`;
    case 'too_small':
      if (isEmpty(issue) && issue.minimum === 1) return 'must not be empty';
      return `must ${verb(issue.origin)} ${issue.inclusive === false ? 'more than' : 'at least'} ${limit(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `must ${verb(issue.origin)} ${issue.inclusive === false ? 'less than' : 'at most'} ${limit(issue.maximum, issue.origin)}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return FORMATS[issue.format] === undefined ? undefined : `must be ${FORMATS[issue.format]}`;
    case 'invalid_union':
      return 'has none of the allowed forms';
    case 'invalid_key':
      return 'has a name that is not allowed';
    default:
      return undefined;
  }
}

function isEmpty({ origin, input }: { origin: string; input?: unknown }): boolean {
  return UNITS[origin] !== undefined && (input === '' || (Array.isArray(input) && input.length === 0));
}

function verb(origin: string): string {
  return UNITS[origin] === undefined ? 'be' : 'have';
}

function limit(count: number | bigint, origin: string): string {
  const unit = UNITS[origin];
  if (unit === undefined) return String(count);
  return `${count} ${Number(count) === 1 ? { characters: 'character', entries: 'entry', fields: 'field' }[unit] : unit}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
