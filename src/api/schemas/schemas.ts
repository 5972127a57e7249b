import { MAX_SEARCH_KEYS, SEARCH_KEY } from '../../domain/search-keys';
import { z } from 'zod';
import { EVENT_TYPE_MAX_LENGTH, EVENT_TYPE_NAME } from '../../domain/event-type-pattern';
import type { IdKind } from '../../domain/ids';
import { isStorable } from '../../domain/unstorable-texts';
import { Problem } from '../../domain/problems';
import { atOrAfter, parseTimestamp, RFC_3339_PATTERN } from '../../domain/timestamp';
import {
  isRetryPreset,
  MAX_RETRIES,
  MAX_SCHEDULE_SECONDS,
  RETRY_PRESETS,
  retryScheduleFault,
} from '../../domain/retry-schedule';

export const MAX_GIVEN_ID = 128;
/** Ids that callers choose, of products, customers and events. */
export const givenId = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,128}$/, 'expected 1 to 128 characters of A-Z a-z 0-9 . _ : -');
const DOT_SEGMENTS = ['.', '..'];
/**
 * Refuses `.` and `..` in a new id or name. Clients take them for steps in the path of a URL (RFC
 * 3986 §5.2.4), also percent-encoded, and would call for another object. Existing objects keep such
 * an id.
 */
export const withoutDotSegments = <Text extends z.ZodType<string>>(text: Text): Text =>
  text
    .refine((name) => !DOT_SEGMENTS.includes(name), 'must not be . or .., which clients remove from URLs')
    .meta({ not: { enum: DOT_SEGMENTS } });
/** The id of a new product or event. */
export const newGivenId = withoutDotSegments(givenId);
/** Prefix of the ids of default customers, which only the service creates. */
export const DEFAULT_CUSTOMER_PREFIX = 'webhooks-';
/** The id of a new customer. */
export const newCustomerId = withoutDotSegments(givenId)
  .refine(
    (id) => !id.startsWith(DEFAULT_CUSTOMER_PREFIX),
    `must not begin with ${DEFAULT_CUSTOMER_PREFIX}, which is reserved for default customers`,
  )
  .meta({ not: { pattern: `^(${DEFAULT_CUSTOMER_PREFIX}|\\.{1,2}$)` } });
export const UNSTORABLE = 'must be well-formed Unicode, without lone surrogates and NUL';
/**
 * Patterns for the OpenAPI document, where many regex engines read them: they have no
 * `\p`, which needs a flag in ECMAScript. What they leave out is checked all the same.
 */
const NOT_BLANK = { pattern: '\\S' };
const WITHOUT_CONTROL_CHARACTERS = { pattern: '^[^\\x00-\\x1f\\x7f-\\x9f]*$' };

/** Text without control characters and lone surrogates. */
export function printableText(maxLength: number, minLength = 0) {
  return z
    .string()
    .min(minLength)
    .max(maxLength)
    .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'must not contain control characters')
    .meta(WITHOUT_CONTROL_CHARACTERS);
}

export const displayName = z.string().trim().min(1).max(200).refine(isStorable, UNSTORABLE).meta(NOT_BLANK);
export const description = z.string().max(2000).refine(isStorable, UNSTORABLE);
const MAX_CAPABILITIES = 50;
/** What a customer may do, or an event type requires. Ids in ascending order, each once. */
export const capabilities = z
  .array(givenId)
  .max(MAX_CAPABILITIES)
  .transform((list) => [...new Set(list)].sort());
/** A name that groups product lines. */
export const segmentName = printableText(128).trim().min(1);
export const newSegmentName = withoutDotSegments(segmentName);
/** In the query of a list. */
export const segmentFilter = segmentName.optional().describe('Only of products in this segment.');
export const eventTypeName = z
  .string()
  .max(EVENT_TYPE_MAX_LENGTH)
  .regex(EVENT_TYPE_NAME, 'expected segments of A-Z a-z 0-9 _ -, separated by dots');
/** RFC 3339 in UTC with milliseconds, as in responses. */
export const timestamp = z.iso.datetime({ precision: 3 });
/** RFC 3339 in UTC with all digits that a producer wrote, and at least three after the point. */
export const exactTimestamp = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3,32}Z$/)
  .meta({ format: 'date-time' });
/** RFC 3339 with any offset, as in requests. */
export const exactTimestampInput = z
  .string()
  .transform((text, context) => {
    const parsed = parseTimestamp(text);
    if (parsed) return parsed;
    context.addIssue({ code: 'custom', message: 'expected a time of RFC 3339, in the years 0001 to 9999 in UTC' });
    return z.NEVER;
  })
  .meta({ format: 'date-time', pattern: RFC_3339_PATTERN });
/**
 * A bound on stored times, which are whole milliseconds, as a Date. Further digits are rounded up,
 * because the stored times of that millisecond are before the bound.
 */
export const timestampInput = exactTimestampInput.transform(atOrAfter);

const presetNames = Object.entries(RETRY_PRESETS)
  .map(([name, schedule]) => `\`${name}\` (${schedule.join(', ')})`)
  .join(', ');

const waits = z
  .array(z.number())
  .max(MAX_RETRIES, `at most ${MAX_RETRIES} retries`)
  .superRefine((schedule, context) => {
    const fault = retryScheduleFault(schedule);
    if (fault) context.addIssue({ code: 'custom', message: fault });
  });

/** A retry schedule in a request: its waits, or the name of a preset, which becomes its waits. */
export const retrySchedule = z
  .preprocess((given, context) => {
    if (typeof given !== 'string') return given;
    if (isRetryPreset(given)) return [...RETRY_PRESETS[given]];
    context.addIssue({ code: 'custom', message: `expected a list of seconds or a preset: ${presetNames}` });
    return z.NEVER;
  }, waits)
  .meta({
    type: undefined,
    items: undefined,
    maxItems: undefined,
    anyOf: [
      {
        type: 'array',
        items: { type: 'integer', minimum: 1, maximum: MAX_SCHEDULE_SECONDS },
        maxItems: MAX_RETRIES,
      },
      { type: 'string', enum: Object.keys(RETRY_PRESETS) },
    ],
    description: `Waits before the second, third, … attempt, in seconds: at most 5, each at least 1, at most 86400 in total. Or the name of a preset: ${presetNames}.`,
  });

/** The id of any object in a filter. One that names no object matches nothing. */
export const idFilter = givenId;

/** How long a replaced secret stays in use by default. */
export const DEFAULT_OVERLAP_SECONDS = 86_400;

/** In a request that replaces a secret: how long the one before stays in use. */
export const overlapSeconds = (maxSeconds: number, meaning: string) =>
  z.int().min(0).max(maxSeconds).default(DEFAULT_OVERLAP_SECONDS).describe(meaning);

/** A search term of lists, not case-sensitive. */
export const searchText = z.string().trim().min(1).max(200).refine(isStorable, UNSTORABLE).meta(NOT_BLANK);

/** Paths into the data of events, by whose values they are found. */
export const searchKeys = z
  .array(
    z
      .string()
      .max(200)
      .regex(SEARCH_KEY, 'expected a path of members and elements, such as $.order.id or $.lines[*].sku'),
  )
  .max(MAX_SEARCH_KEYS)
  .transform((keys) => [...new Set(keys)]);

/** Several values of an enum in one query parameter, separated by commas. */
export function commaList<const Values extends readonly string[]>(values: Values) {
  const one = `(${values.join('|')})`;
  return z
    .string()
    .regex(new RegExp(`^${one}(,${one})*$`), `expected one or more of ${values.join(', ')}, separated by commas`)
    .transform((text) => text.split(',') as Values[number][]);
}

/** Ids of one kind in one query parameter, separated by commas. A page has room for all of them. */
export function idList(kind: IdKind) {
  const one = `${kind}_[0-9a-z]{26}`;
  return z
    .string()
    .regex(
      new RegExp(`^${one}(,${one}){0,${MAX_PAGE - 1}}$`),
      `expected 1 to ${MAX_PAGE} ids that begin with ${kind}_, separated by commas`,
    )
    .transform((text) => [...new Set(text.split(','))]);
}

export const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/** `limit` and `cursor` of every list; spread into its query schema. */
export const pageQuery = {
  limit: z
    .preprocess(
      (text) => (typeof text === 'string' && /^[1-9]\d{0,2}$/.test(text) ? Number(text) : text),
      z.int(`expected a whole number, 1 to ${MAX_PAGE}, in decimal digits`).min(1).max(MAX_PAGE),
    )
    .default(DEFAULT_PAGE)
    .meta({ type: 'integer', minimum: 1, maximum: MAX_PAGE })
    .describe(`Maximum number of items in the page, 1 to ${MAX_PAGE}. Default: ${DEFAULT_PAGE}.`),
  cursor: z.string().min(1).optional().describe('`nextCursor` of the previous page.'),
};

/** The response of a list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().describe('Cursor of the next page; null on the last page.'),
  });
}

/**
 * Converts `limit` and `cursor` into the page that the store reads.
 *
 * @param query - its cursor was opened by the application, and is a sort key
 * @param isKey - whether it is a sort key of this list
 * @throws Problem invalid-cursor
 */
export function pageRequest(
  { limit, cursor }: { limit: number; cursor?: string },
  isKey: (key: string) => boolean,
): { limit: number; after?: string } {
  if (cursor !== undefined && !isKey(cursor)) {
    throw new Problem('invalid-cursor', 'Send the nextCursor of the previous page of this list, unchanged.', {
      errors: [{ path: 'query/cursor', message: 'is not a cursor of this list' }],
    });
  }
  return { limit, after: cursor };
}

/** Checks cursors of lists that are sorted by an id that callers choose. */
export const isGivenIdKey = (key: string): boolean => givenId.safeParse(key).success;

/** Any JSON object, kept unchanged. */
export const jsonObject = z
  .custom<Record<string, unknown>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'expected an object',
  )
  .meta({ type: 'object' });
