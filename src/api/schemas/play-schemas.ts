import { z } from 'zod';
import {
  CAPTURED_REQUEST_DAYS,
  IDLE_INBOX_DAYS,
  MAX_ANSWER_BODY_LENGTH,
  MAX_ANSWER_DELAY_SECONDS,
  MAX_CAPTURED_REQUESTS,
  MAX_KEPT_BODY_LENGTH,
  SIGNATURE_STATUSES,
} from '../../domain/play';
import { isStorable } from '../../domain/unstorable-texts';
import { timestamp, UNSTORABLE } from './schemas';

const answerFields = {
  status: z.int().min(200).max(599).describe('Status of the response.'),
  delaySeconds: z.int().min(0).max(MAX_ANSWER_DELAY_SECONDS).describe('Wait before the response, in seconds.'),
  body: z
    .string()
    .max(MAX_ANSWER_BODY_LENGTH)
    .refine(isStorable, UNSTORABLE)
    .describe('Body of the response. It is sent as JSON if it is JSON, otherwise as plain text.'),
};

/** How an inbox answers, in a request. Fields that are absent keep their value. */
export const playAnswerInput = z.strictObject(answerFields).partial().describe('How the inbox answers.');

export const playInboxSchema = z
  .object({
    id: z.string(),
    customerId: z.string(),
    productId: z.string().nullable(),
    name: z.string(),
    url: z.string().describe('Where requests are captured. Whoever knows it can send requests.'),
    answer: z.object(answerFields),
    createdAt: timestamp,
    modifiedAt: timestamp,
    expiresAt: timestamp.describe(`${IDLE_INBOX_DAYS} days after the last request or change.`),
  })
  .meta({ id: 'PlayInbox' });

const summaryFields = {
  id: z.string(),
  inboxId: z.string(),
  at: timestamp,
  expiresAt: timestamp.describe(
    `An inbox keeps ${MAX_CAPTURED_REQUESTS} requests, each for ${CAPTURED_REQUEST_DAYS} days.`,
  ),
  method: z.string(),
  query: z.string().describe('The query of the URL, with its values masked. Empty if there is none.'),
  bodyBytes: z.int().describe('Size of the body.'),
  bodyTruncated: z.boolean().describe(`Whether only the first ${MAX_KEPT_BODY_LENGTH} characters are kept.`),
  responseStatus: z.int().describe('Status of the response.'),
  signature: z
    .object({
      status: z
        .enum(SIGNATURE_STATUSES)
        .describe(
          "`unknown`: no subscription of the customer has the inbox's URL. `challenge`: the request was a challenge, which is answered.",
        ),
      detail: z.string().describe('Explanation of the result.'),
    })
    .describe('The result of checking the signature.'),
  subscriptionId: z.string().nullable().describe('The subscription whose secret was used; null if there is none.'),
  eventId: z.string().nullable(),
  notificationId: z.string().nullable(),
};

export const playRequestSummarySchema = z.object(summaryFields).meta({ id: 'PlayRequestSummary' });

export const playRequestSchema = z
  .object({
    ...summaryFields,
    headers: z.record(z.string(), z.string()).describe('With secrets masked.'),
    body: z.string().describe('The start of the body, with secrets masked.'),
  })
  .meta({ id: 'PlayRequest' });
