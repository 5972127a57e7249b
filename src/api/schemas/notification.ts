import { z } from 'zod';
import { ATTEMPT_ERROR_CLASSES, NOTIFICATION_STATUSES } from '../../domain/types';
import { timestamp } from './schemas';

export const attemptError = z.object({ class: z.enum(ATTEMPT_ERROR_CLASSES), message: z.string() });

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
    createdAt: timestamp,
    finishedAt: timestamp.nullable(),
    workflowId: z.string(),
  })
  .meta({ id: 'Notification' });
