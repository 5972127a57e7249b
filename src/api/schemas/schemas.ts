import { z } from 'zod';
import { EVENT_TYPE_MAX_LENGTH, EVENT_TYPE_NAME } from '../../domain/event-type-pattern';
import { Problem } from '../../domain/problems';
import { isRetryPreset, MAX_RETRIES, RETRY_PRESETS, retryScheduleFault } from '../../domain/retry-schedule';

/** Ids that callers choose: products, customers, events; also channels. */
export const givenId = z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/, '1 to 128 characters of A-Z a-z 0-9 . _ : -');
export const displayName = z.string().trim().min(1).max(200);
export const description = z.string().max(2000);
export const eventTypeName = z
  .string()
  .max(EVENT_TYPE_MAX_LENGTH)
  .regex(EVENT_TYPE_NAME, 'dotted segments of A-Z a-z 0-9 _ -');
/** RFC 3339 UTC with milliseconds, as answers have it. */
export const timestamp = z.iso.datetime({ precision: 3 });
/** RFC 3339 with any offset, as requests may give it; read into a Date. */
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

/** A retry schedule as requests may give it: waits, or the name of a preset, read into its waits. */
export const retrySchedule = z
  .preprocess((given, context) => {
    if (typeof given !== 'string') return given;
    if (isRetryPreset(given)) return [...RETRY_PRESETS[given]];
    context.addIssue({ code: 'custom', message: `expected a list of seconds, or a name: ${presetNames}` });
    return z.NEVER;
  }, waits)
  .meta({
    type: ['array', 'string'],
    description: `Waits before the second, third, … attempt, in seconds: at most 5, each at least 1, in sum at most 86400. Or a name for them: ${presetNames}.`,
  });

/** What lists are searched for: a part of what a row shows, in either case. */
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
    .describe(`1 to ${MAX_PAGE}, default ${DEFAULT_PAGE}.`),
  cursor: z.string().min(1).max(1000).optional().describe('`nextCursor` of the page before.'),
};

/** The answer of a list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/**
 * Reads `limit` and `cursor` into what the store takes.
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
    throw new Problem('invalid-cursor', 'Use the nextCursor of the page before, unchanged.', {
      errors: [{ path: 'query/cursor', message: 'is not a cursor of this list' }],
    });
  }
  return { limit: query.limit, after };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Cursor check of lists sorted by UUID. */
export const isUuidKey = (key: string): boolean => UUID.test(key);
/** Cursor check of lists sorted by an id that callers choose. */
export const isGivenIdKey = (key: string): boolean => givenId.safeParse(key).success;

/** Any JSON object, kept as it is. */
export const jsonObject = z
  .custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'expected an object')
  .meta({ type: 'object' });
