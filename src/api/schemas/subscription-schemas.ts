import { z } from 'zod';
import { EVENT_TYPE_MAX_LENGTH, EVENT_TYPE_PATTERN } from '../../domain/event-type-pattern';
import { MASK } from '../../domain/mask';
import { MAX_RATE_PER_SECOND, MIN_RATE_PER_SECOND } from '../../domain/rate-line';
import { RETRY_PRESETS, type RetryPreset } from '../../domain/retry-schedule';
import { FORMATS, HTTP_METHODS, SUBSCRIPTION_STATUSES, type OutOfOrderRule } from '../../domain/types';
import { unstorableTexts } from '../../domain/unstorable-texts';
import { transformSchema } from './composing-schemas';
import { encryptionInput, encryptionSchema } from './encryption-schemas';
import { authSchema, headers, tlsSchema, url } from './receiver-schemas';
import {
  description,
  displayName,
  givenId,
  jsonObject,
  printableText,
  retrySchedule,
  timestamp,
  UNSTORABLE,
  withoutDotSegments,
} from './schemas';

const MAX_ENTRIES = 100;
const MAX_TIMEOUT_SECONDS = 600;
/** 120 hours without a success, and at least ten failures. */
const DEFAULT_OUT_OF_ORDER_RULE: OutOfOrderRule = { afterSeconds: 432_000, minFailures: 10 };
/** The preset that brings an out-of-order rule. */
export const GROWING: RetryPreset = 'growing';
/** Met when the first event that fails has exhausted the schedule `growing`, and not earlier. */
const GROWING_OUT_OF_ORDER_RULE: OutOfOrderRule = {
  afterSeconds: RETRY_PRESETS.growing.reduce((sum, wait) => sum + wait, 0),
  minFailures: RETRY_PRESETS.growing.length + 1,
};
const MAX_OUT_OF_ORDER_SECONDS = 31_536_000;
const MAX_OUT_OF_ORDER_FAILURES = 1_000_000;

/**
 * A customer's own secret. With the prefix `whsec_` it must contain a valid Standard Webhooks key.
 */
export const secretInput = printableText(256, 1)
  .refine(
    (secret) => !secret.startsWith('whsec_') || isStandardKey(secret.slice('whsec_'.length)),
    'expected base64 of 24 to 64 bytes after whsec_',
  )
  .refine((secret) => secret !== MASK, `${MASK} masks a secret: send the secret, or leave it out to keep it`)
  .meta({ not: { const: MASK } });

function isStandardKey(text: string): boolean {
  const key = Buffer.from(text, 'base64');
  return key.length >= 24 && key.length <= 64 && key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
}

export const channelName = withoutDotSegments(printableText(128, 1));

const eventTypes = z
  .array(
    z
      .string()
      .max(EVENT_TYPE_MAX_LENGTH)
      .regex(EVENT_TYPE_PATTERN, 'expected an event type name, or a pattern in which * stands for a segment'),
  )
  .min(1)
  .max(MAX_ENTRIES)
  .describe('Event type names or patterns, such as `payment.*.v1`, `payment.*` or `*`.');

const outOfOrderRule = z
  .strictObject({
    afterSeconds: z
      .int()
      .min(0)
      .max(MAX_OUT_OF_ORDER_SECONDS)
      .describe('Minimum time since the first failure that counts, in seconds.'),
    minFailures: z.int().min(1).max(MAX_OUT_OF_ORDER_FAILURES).describe('Minimum number of failures that count.'),
  })
  .nullable()
  .describe(
    'When the subscription is disabled automatically (status `out-of-order`): both conditions must be met. Failures count since the last success, enabling, or change of URL, method, headers, `auth` or `tls`. With null, only a 410 disables it. Default: 432000 seconds (120 hours) and 10 failures. With the preset `growing` as `retrySchedule`, by its name, default: 62400 seconds and 6 failures, which is when that schedule is exhausted.',
  );

/** Not a record, which would lose a member `__proto__`. */
const customData = jsonObject.superRefine((given, context) => {
  for (const path of unstorableTexts(given)) context.addIssue({ code: 'custom', path, message: UNSTORABLE });
});

/** The settings of a subscription without defaults, as in the body of a PATCH. */
export const settingsSchema = z.strictObject({
  name: displayName,
  description,
  url,
  method: z.enum(HTTP_METHODS),
  enabled: z.boolean(),
  eventTypes,
  channels: z
    .array(channelName)
    .max(MAX_ENTRIES)
    .describe(
      'The subscription gets only events that carry one of these channels. If empty, it gets all events of its customer and event types.',
    ),
  headers,
  auth: authSchema.describe('How deliveries and challenges authenticate. Secrets are write-only.'),
  tls: tlsSchema.nullable().describe('Client certificate and authorities of TLS connections; null for none.'),
  encryption: encryptionInput
    .nullable()
    .describe(
      'Bodies are encrypted with this key, as a compact JWE of type `application/jose`; null sends them in the clear. Requires a method with a body, and a format other than `trigger`.',
    ),
  format: z.enum(FORMATS).describe('Format of the body. docs/receivers/receiving.md describes each.'),
  customData: customData.describe('Sent to the receiver in format `trigger`.'),
  transform: transformSchema.nullable().describe('Expression that computes what is sent from the data of the event.'),
  retrySchedule: retrySchedule
    .nullable()
    .describe(
      "Waits between the attempts in seconds, or the name of a preset; null to use the customer's schedule. Waits of 5 seconds or more are up to 10 % longer. A change moves the attempts of waiting notifications within seconds.",
    ),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(MAX_TIMEOUT_SECONDS)
    .describe('Timeout of the receiver in seconds, from the connection on.'),
  rateLimitPerSecond: z
    .number()
    .min(MIN_RATE_PER_SECOND)
    .max(MAX_RATE_PER_SECOND)
    .nullable()
    .describe(
      'Maximum number of attempts per second, from 1/86400 (one a day) to 1000; null for no limit. Attempts are made in order of acceptance. A change takes effect within 2 s.',
    ),
  outOfOrderRule,
});

/** The settings of a new subscription, with defaults. */
export const newSettingsSchema = settingsSchema.extend({
  description: settingsSchema.shape.description.default(''),
  method: settingsSchema.shape.method.default('POST'),
  enabled: settingsSchema.shape.enabled.default(true),
  channels: settingsSchema.shape.channels.default([]),
  headers: settingsSchema.shape.headers.prefault({}),
  auth: settingsSchema.shape.auth.default({ type: 'none' }),
  tls: settingsSchema.shape.tls.default(null),
  encryption: settingsSchema.shape.encryption.default(null),
  format: settingsSchema.shape.format.default('standard'),
  customData: settingsSchema.shape.customData.default({}),
  transform: settingsSchema.shape.transform.default(null),
  retrySchedule: settingsSchema.shape.retrySchedule.default(null),
  timeoutSeconds: settingsSchema.shape.timeoutSeconds.default(15),
  rateLimitPerSecond: settingsSchema.shape.rateLimitPerSecond.default(null),
  outOfOrderRule: outOfOrderRule.optional(),
  secret: secretInput.optional().describe('The signing secret. Generated if absent.'),
});

/**
 * The out-of-order rule of new settings. If none was given, the preset `growing` brings its own.
 *
 * @param schedule - the retry schedule as it was sent: its name decides, and not its waits, which
 *   somebody may want without the rule
 */
export function ruleOf(given: OutOfOrderRule | null | undefined, schedule?: unknown): OutOfOrderRule | null {
  if (given !== undefined) return given;
  return schedule === GROWING ? GROWING_OUT_OF_ORDER_RULE : DEFAULT_OUT_OF_ORDER_RULE;
}

/** A subscription in a response. */
export const subscriptionSchema = z
  .object({
    id: z.string(),
    customerId: givenId,
    productId: z.string().nullable(),
    name: z.string(),
    description: z.string(),
    url: z.string(),
    method: z.enum(HTTP_METHODS),
    enabled: z.boolean(),
    status: z.enum(SUBSCRIPTION_STATUSES),
    eventTypes: z.array(z.string()),
    channels: z.array(z.string()),
    headers: z
      .record(z.string(), z.string())
      .describe('Values are `***` for callers who may not change the subscription.'),
    auth: authSchema.describe('Secrets are `***`.'),
    tls: tlsSchema.nullable().describe('The key is `***`.'),
    encryption: encryptionSchema.nullable(),
    format: z.enum(FORMATS),
    customData: jsonObject.describe('Values are `***` for callers who may not change the subscription.'),
    transform: transformSchema.nullable(),
    retrySchedule: z.array(z.int()).nullable(),
    timeoutSeconds: z.int(),
    rateLimitPerSecond: z.number().nullable(),
    verification: z.object({ status: z.enum(['unverified', 'verified', 'failed']), at: timestamp.nullable() }),
    outOfOrderRule: z.object({ afterSeconds: z.int(), minFailures: z.int() }).nullable(),
    outOfOrder: z
      .object({ at: timestamp, reason: z.string() })
      .nullable()
      .describe('When and why the service disabled it automatically; null if it did not.'),
    createdAt: timestamp,
    modifiedAt: timestamp,
    secret: z
      .string()
      .optional()
      .describe('The signing secret. Present only in the response that created the subscription.'),
  })
  .meta({ id: 'Subscription' });

export const MAX_OVERLAP_SECONDS = 604_800;
