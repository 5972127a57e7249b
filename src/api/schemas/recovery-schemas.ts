import { z } from 'zod';
import { RECOVERY_ACTIONS, RECOVERY_STATUSES } from '../../domain/recovery';
import { ATTEMPT_ERROR_CLASSES, NOTIFICATION_STATUSES } from '../../domain/types';
import { eventTypeName, givenId, idFilter, timestamp, timestampInput } from './schemas';

export const RETRY_RATE_PER_SECOND = 10;
export const CANCEL_RATE_PER_SECOND = 100;
const MIN_RATE_PER_SECOND = 0.1;
const MAX_RATE_PER_SECOND = 1000;
const MAX_TYPES = 50;

const rate = z.number().min(MIN_RATE_PER_SECOND).max(MAX_RATE_PER_SECOND);

export const ratePerSecond = rate
  .default(RETRY_RATE_PER_SECOND)
  .describe(`Maximum number of retries per second, ${MIN_RATE_PER_SECOND} to ${MAX_RATE_PER_SECOND}.`);

/** The rate of a recovery by filter. */
export const bulkRate = rate
  .optional()
  .describe(
    `Maximum number of notifications per second, ${MIN_RATE_PER_SECOND} to ${MAX_RATE_PER_SECOND}. Default: ${RETRY_RATE_PER_SECOND}, and ${CANCEL_RATE_PER_SECOND} for cancelling.`,
  );

/** A status, or a class of a hundred statuses. */
export const responseStatusText = z
  .string()
  .regex(/^[1-9]([0-9]{2}|xx)$/, 'expected a status, such as 503, or a class, such as 5xx');

/** A text with commas, as in the query of a list, or a list. */
const listOf = <Item extends z.ZodType<string, string>>(item: Item, max: number) =>
  z.union([z.string().transform((text) => text.split(',')), z.array(z.string())]).pipe(z.array(item).min(1).max(max));

const owner = {
  customerId: givenId.optional(),
  productId: givenId.optional(),
  subscriptionId: idFilter.optional(),
  responseStatus: responseStatusText
    .optional()
    .describe(
      'Only notifications whose last response had this status, such as `503`, or one of a class, such as `5xx`.',
    ),
};

/** Which notifications a recovery is for: the filters of their list. */
export const recoveryFilterInput = z.strictObject({
  ...owner,
  type: listOf(eventTypeName, MAX_TYPES).optional().describe('Event types: a list, or a text with commas.'),
  status: listOf(z.enum(NOTIFICATION_STATUSES), NOTIFICATION_STATUSES.length)
    .optional()
    .describe(
      'A list, or a text with commas. For `retry`: `failed`, `cancelled`, and `retrying` and `pending`, which need not wait for their next attempt or their turn then; by default `failed` only. For `cancel`: `pending`, `delivering`, `retrying` and `held`, by default all of them.',
    ),
  errorClass: listOf(z.enum(ATTEMPT_ERROR_CLASSES), ATTEMPT_ERROR_CLASSES.length)
    .optional()
    .describe('Only notifications whose last attempt failed with one of these classes: a list, or a text with commas.'),
  since: timestampInput.optional().describe('Only notifications accepted at or after this time.'),
  until: timestampInput.optional().describe('Only notifications accepted before this time. Default and maximum: now.'),
});

/** The filter of a recovery, apart from the period. */
const recoveryFilter = z.object({
  ...owner,
  type: z.array(z.string()).optional().describe('Event types.'),
  status: z.array(z.enum(NOTIFICATION_STATUSES)),
  errorClass: z.array(z.enum(ATTEMPT_ERROR_CLASSES)).optional(),
});

export const recoverySchema = z
  .object({
    id: z.string(),
    subscriptionId: z.string().nullable().describe('Null for a recovery by filter.'),
    action: z.enum(RECOVERY_ACTIONS).describe('What it does with the notifications.'),
    filter: recoveryFilter.nullable().describe('Null for a recovery of one subscription.'),
    status: z.enum(RECOVERY_STATUSES),
    since: timestamp.describe('Includes notifications accepted at or after this time.'),
    until: timestamp.describe('Includes notifications accepted before this time.'),
    ratePerSecond: z.number(),
    total: z.int().describe('Number of notifications to process. It rises if more fail while the recovery runs.'),
    retried: z.int().describe('Number of notifications retried, or cancelled, so far.'),
    skipped: z
      .int()
      .describe(
        'Number of notifications that were no longer failed at their turn, or whose payload had expired. Set when the recovery completes.',
      ),
    createdAt: timestamp,
    finishedAt: timestamp.nullable(),
  })
  .meta({ id: 'Recovery' });

const count = z.int().min(0);
export const recoveryDetailSchema = recoverySchema.extend({
  outcomes: z
    .object({ delivered: count, failed: count, waiting: count, cancelled: count })
    .describe(
      'How many of the processed notifications are in which state now. `waiting`: not closed yet. `GET /v1/notifications?recoveryId=` lists them.',
    ),
});
