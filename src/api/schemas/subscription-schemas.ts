import { z } from 'zod';
import { EVENT_TYPE_MAX_LENGTH, EVENT_TYPE_PATTERN } from '../../domain/event-type-pattern';
import { MAX_RATE_PER_SECOND, MIN_RATE_PER_SECOND } from '../../domain/rate-line';
import { FORMATS, HTTP_METHODS, SUBSCRIPTION_STATUSES } from '../../domain/types';
import { transformSchema } from './composing-schemas';
import { authSchema, headers, tlsSchema, url } from './receiver-schemas';
import { description, displayName, givenId, retrySchedule, timestamp } from './schemas';

const MAX_ENTRIES = 100;
const MAX_TIMEOUT_SECONDS = 600;
/** 120 hours without a success, and at least ten failures. */
const DEFAULT_OUT_OF_ORDER_RULE = { afterSeconds: 432_000, minFailures: 10 };
const MAX_OUT_OF_ORDER_SECONDS = 31_536_000;
const MAX_OUT_OF_ORDER_FAILURES = 1_000_000;

/**
 * A customer's own secret. With the prefix `whsec_` it must contain a valid Standard Webhooks key.
 */
export const secretInput = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'must not contain control characters')
  .refine(
    (secret) => !secret.startsWith('whsec_') || isStandardKey(secret.slice('whsec_'.length)),
    'expected base64 of 24 to 64 bytes after whsec_',
  );

function isStandardKey(text: string): boolean {
  const key = Buffer.from(text, 'base64');
  return key.length >= 24 && key.length <= 64 && key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
}

/** Control characters and lone surrogates cannot be stored. */
export const channelName = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}]{1,128}$/u, 'expected 1 to 128 characters without control characters');

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
      .describe('Minimum time since the first failure after the last success, in seconds.'),
    minFailures: z
      .int()
      .min(1)
      .max(MAX_OUT_OF_ORDER_FAILURES)
      .describe('Minimum number of failed attempts since the last success.'),
  })
  .nullable()
  .describe(
    'When the subscription is disabled automatically (status `out-of-order`): both conditions must be met. With null, only a 410 disables it. Default: 432000 seconds (120 hours) and 10 failures.',
  );

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
  format: z.enum(FORMATS).describe('Format of the body. docs/receivers/receiving.md describes each.'),
  customData: z.record(z.string(), z.unknown()).describe('Sent to the receiver in format `trigger`.'),
  transform: transformSchema.nullable().describe('Expression that computes what is sent from the data of the event.'),
  retrySchedule: retrySchedule
    .nullable()
    .describe("Waits between the attempts in seconds, or the name of a preset; null to use the customer's schedule."),
  timeoutSeconds: z.int().min(1).max(MAX_TIMEOUT_SECONDS).describe('Timeout of an attempt, in seconds.'),
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
  format: settingsSchema.shape.format.default('standard'),
  customData: settingsSchema.shape.customData.default({}),
  transform: settingsSchema.shape.transform.default(null),
  retrySchedule: settingsSchema.shape.retrySchedule.default(null),
  timeoutSeconds: settingsSchema.shape.timeoutSeconds.default(15),
  rateLimitPerSecond: settingsSchema.shape.rateLimitPerSecond.default(null),
  outOfOrderRule: outOfOrderRule.default(DEFAULT_OUT_OF_ORDER_RULE),
  secret: secretInput.optional().describe('The signing secret. Generated if absent.'),
});

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
    format: z.enum(FORMATS),
    customData: z.record(z.string(), z.unknown()),
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
