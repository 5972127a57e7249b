import { z } from 'zod';
import { NOTIFICATION_STATUSES } from '../../domain/types';
import { lastResponseSchema } from './notification';
import { exactTimestamp, timestamp } from './schemas';

export const acceptedSchema = z.object({
  id: z.string(),
  duplicate: z.boolean().describe('Whether the event had been accepted before.'),
  notifications: z.array(
    z.object({
      id: z.string(),
      subscriptionId: z.string(),
      status: z.enum(NOTIFICATION_STATUSES),
      lastResponse: lastResponseSchema
        .nullable()
        .optional()
        .describe('Only with `awaitResponse`. Null if there was no attempt.'),
    }),
  ),
});

export const batchResultSchema = z.object({
  status: z
    .int()
    .describe(
      'The status that `POST /v1/events` would have returned for this event: 200, 202 or the status of a problem.',
    ),
  id: z.string().optional(),
  duplicate: z.boolean().optional(),
  notifications: acceptedSchema.shape.notifications.optional(),
  code: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

export const lastResponseOfEvent = lastResponseSchema
  .nullable()
  .optional()
  .describe('Null if there was no attempt. Left out for customers.');

export const eventSchema = z
  .object({
    id: z.string().describe('The id that the producer chose, else the generated one.'),
    webhookId: z.string().describe('The generated id. Receivers get it as header `webhook-id`.'),
    productId: z.string(),
    type: z.string(),
    customerId: z.string().nullable(),
    channels: z.array(z.string()),
    timestamp: exactTimestamp.describe('When the event happened, in UTC, with the digits that the producer wrote.'),
    data: z.unknown().describe('Null if the payload has expired or is withheld.'),
    user: z.unknown(),
    payloadExpired: z.boolean().describe('Whether `data` and `user` were removed because their retention is over.'),
    payloadWithheld: z
      .boolean()
      .describe(
        'Whether `data` and `user` are left out, because a service definition or a transform composes what this customer receives. Always false for other roles.',
      ),
    acceptedAt: timestamp.describe('Lists are sorted and filtered by this time.'),
  })
  .meta({ id: 'Event' });
