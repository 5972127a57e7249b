import { z } from 'zod';
import { EVENT_TYPE_MAX_LENGTH, EVENT_TYPE_NAME } from '../../domain/event-type-pattern';
import { Problem } from '../../domain/problems';
import { isRetryPreset, MAX_RETRIES, RETRY_PRESETS, retryScheduleFault } from '../../domain/retry-schedule';

export const MAX_GIVEN_ID = 128;
/** Ids that callers choose, of products, customers and events. */
export const givenId = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,128}$/, 'expected 1 to 128 characters of A-Z a-z 0-9 . _ : -');
/** Prefix of the ids of default customers, which only the service creates. */
export const DEFAULT_CUSTOMER_PREFIX = 'webhooks-';
/** The id of a new customer. */
export const newCustomerId = givenId.refine(
  (id) => !id.startsWith(DEFAULT_CUSTOMER_PREFIX),
  `must not begin with ${DEFAULT_CUSTOMER_PREFIX}, which is reserved for default customers`,
);
/** Postgres would keep replacement characters instead of a lone surrogate. */
const isWellFormed = (value: string) => !/\p{Surrogate}/u.test(value);
const WELL_FORMED = 'must be well-formed Unicode, without lone surrogates';
export const displayName = z.string().trim().min(1).max(200).refine(isWellFormed, WELL_FORMED);
export const description = z.string().max(2000).refine(isWellFormed, WELL_FORMED);
export const eventTypeName = z
  .string()
  .max(EVENT_TYPE_MAX_LENGTH)
  .regex(EVENT_TYPE_NAME, 'expected segments of A-Z a-z 0-9 _ -, separated by dots');
/** RFC 3339 in UTC with milliseconds, as in responses. */
export const timestamp = z.iso.datetime({ precision: 3 });
/** RFC 3339 with any offset, as in requests. Becomes a Date. */
export const timestampInput = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

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
    type: ['array', 'string'],
    description: `Waits before the second, third, … attempt, in seconds: at most 5, each at least 1, at most 86400 in total. Or the name of a preset: ${presetNames}.`,
  });

/** The id of any object in a filter. One that names no object matches nothing. */
export const idFilter = givenId;

const DEFAULT_OVERLAP_SECONDS = 86_400;

/** In a request that replaces a secret: how long the one before stays in use. */
export const overlapSeconds = (maxSeconds: number, meaning: string) =>
  z.int().min(0).max(maxSeconds).default(DEFAULT_OVERLAP_SECONDS).describe(meaning);

/** A search term of lists, not case-sensitive. */
export const searchText = z.string().trim().min(1).max(200);

export const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/** `limit` and `cursor` of every list; spread into its query schema. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_PAGE)
    .default(DEFAULT_PAGE)
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
 * @param isKey - whether a decoded cursor is a sort key of this list
 * @throws Problem invalid-cursor
 */
export function pageRequest(
  query: { limit: number; cursor?: string },
  isKey: (key: string) => boolean,
): { limit: number; after?: string } {
  if (query.cursor === undefined) return { limit: query.limit };
  const after = Buffer.from(query.cursor, 'base64url').toString('utf8');
  if (Buffer.from(after).toString('base64url') !== query.cursor || !isKey(after)) {
    throw new Problem('invalid-cursor', 'Send the nextCursor of the previous page, unchanged.', {
      errors: [{ path: 'query/cursor', message: 'is not a cursor of this list' }],
    });
  }
  return { limit: query.limit, after };
}

/** Checks cursors of lists that are sorted by an id that callers choose. */
export const isGivenIdKey = (key: string): boolean => givenId.safeParse(key).success;

/** Any JSON object, kept unchanged. */
export const jsonObject = z
  .custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'expected an object')
  .meta({ type: 'object' });
