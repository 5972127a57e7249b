import { z } from 'zod';
import { ATTEMPT_ERROR_CLASSES, HTTP_METHODS, NOTIFICATION_STATUSES } from '../../domain/types';
import { timestamp } from './schemas';

const attemptError = z.object({ class: z.enum(ATTEMPT_ERROR_CLASSES), message: z.string() });

/** The last response of a notification, as the product reads it that owns the event. */
export const lastResponseSchema = z
  .object({
    attemptId: z.string(),
    at: timestamp,
    status: z.int().nullable().describe('HTTP status; null if there was no response.'),
    body: z
      .string()
      .nullable()
      .describe('At most 16 KiB. Null if there was no response, if it has expired, or if it was left out.'),
    truncated: z
      .boolean()
      .describe('Whether the body was cut, or left out because the bodies of all notifications exceed 2 MiB.'),
    error: attemptError.nullable(),
  })
  .meta({ id: 'LastResponse' });

export const notificationSchema = z
  .object({
    id: z.string(),
    eventId: z.string(),
    subscriptionId: z.string(),
    customerId: z.string(),
    productId: z.string(),
    eventType: z.string(),
    status: z.enum(NOTIFICATION_STATUSES),
    attemptCount: z.int(),
    nextAttemptAt: timestamp.nullable(),
    lastError: attemptError.nullable(),
    lastResponseStatus: z.int().nullable(),
    createdAt: timestamp.describe('When its event was accepted. Lists are sorted and filtered by this time.'),
    finishedAt: timestamp.nullable(),
    deliveredAt: timestamp
      .nullable()
      .describe('When it was first delivered, also if it was retried since; null if it never was.'),
    workflowId: z.string(),
  })
  .meta({ id: 'Notification' });

const attemptSchema = z
  .object({
    id: z.string(),
    notificationId: z.string(),
    number: z.int(),
    trigger: z.enum(['scheduled', 'manual']),
    startedAt: timestamp,
    finishedAt: timestamp,
    durationMs: z.int(),
    status: z.int().nullable().describe('HTTP status of the response; null if there was none.'),
    error: attemptError.nullable(),
    workflowId: z.string(),
  })
  .meta({ id: 'Attempt' });

export const attemptDetailSchema = attemptSchema.extend({
  payloadExpired: z.boolean().describe('Whether headers or bodies were removed because their retention is over.'),
  request: z.object({
    method: z.enum(HTTP_METHODS),
    url: z.string(),
    headers: z.record(z.string(), z.string()).describe('As sent, but values that are likely secrets are masked.'),
    body: z.string().nullable().describe('As sent, but secrets are masked; null if there was no body.'),
  }),
  response: z
    .object({
      status: z.int(),
      headers: z.record(z.string(), z.string()),
      body: z.string().describe('The first 16 KiB of the body.'),
      truncated: z.boolean(),
    })
    .nullable(),
});

export const notificationDetailSchema = notificationSchema.extend({
  attempts: z.array(attemptSchema),
  live: z
    .object({ phase: z.enum(['delivering', 'waiting', 'held']), attempt: z.int(), nextAttemptAt: timestamp.nullable() })
    .nullable()
    .describe('The current state, read from the running workflow; null if it is not available.'),
});
