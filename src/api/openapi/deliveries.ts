import { z } from 'zod';
import type { Format } from '../../domain/types';
import { timestamp } from '../schemas/schemas';
import type { Components, Json } from './components';

const data = z.looseObject({}).describe('The data of the event.');
const user = z.looseObject({}).optional().describe('Who caused the event.');
const eventId = z.string().describe('The id that the producer chose, else the `evt_…` id.');

const envelopePayload = z.object({
  details: z.looseObject({ messageType: z.string() }).describe('The event type as `messageType`, and the data.'),
  messageId: eventId,
  timestamp,
  user,
});

/** The body of each format. */
export const DELIVERIES: Readonly<Record<Format, { name: string; summary: string; body: z.ZodType; example: Json }>> = {
  standard: {
    name: 'StandardDelivery',
    summary: 'An event in format `standard`',
    body: z
      .object({ id: eventId, type: z.string(), timestamp, data, user, channels: z.array(z.string()).optional() })
      .meta({ id: 'StandardDelivery' }),
    example: {
      id: 'P-1',
      type: 'payment.confirmed.v1',
      timestamp: '2026-01-31T12:00:00.000Z',
      data: { paymentId: 'P-1', amount: 125.5 },
    },
  },
  envelope: {
    name: 'EnvelopeDelivery',
    summary: 'An event in format `envelope`',
    body: z
      .object({
        payload: envelopePayload,
        signature: z.string().describe('Hex HMAC-SHA256 of `payloadAsString`, with the text of the secret as key.'),
        payloadAsString: z.string().describe('The exact JSON text of `payload`.'),
      })
      .meta({ id: 'EnvelopeDelivery' }),
    example: {
      payload: {
        details: { messageType: 'claim.created.v1', claimId: 'C-1' },
        messageId: 'C-1',
        timestamp: '2026-01-31T12:00:00.000Z',
      },
      signature: '0'.repeat(64),
      payloadAsString:
        '{"details":{"messageType":"claim.created.v1","claimId":"C-1"},"messageId":"C-1","timestamp":"2026-01-31T12:00:00.000Z"}',
    },
  },
  trigger: {
    name: 'TriggerDelivery',
    summary: 'An event in format `trigger`',
    body: z
      .object({
        webhook_id: z.string().describe('Id of the subscription.'),
        webhook_name: z.string(),
        object_class: z.string().describe('The event type.'),
        account_id: z.string().describe('Id of the customer.'),
        product_id: z.string(),
        api_url: z.string().describe('The subscription in the API.'),
        triggered_at: timestamp,
        last_success_at: timestamp.nullable(),
        last_failure_at: timestamp.nullable(),
        processing_timeout: z.int().describe('Timeout of the attempt in seconds.'),
        data: z.looseObject({ event: data }).describe('The custom data of the subscription, and `event`.'),
      })
      .meta({ id: 'TriggerDelivery' }),
    example: {
      webhook_id: 'sub_01m8g4x8y2e00a3v9v4c9k6d1r',
      webhook_name: 'billing',
      object_class: 'claim.created.v1',
      account_id: 'acme',
      product_id: 'claims',
      api_url: 'https://signpost.example.com/v1/subscriptions/sub_01m8g4x8y2e00a3v9v4c9k6d1r',
      triggered_at: '2026-01-31T12:00:00.000Z',
      last_success_at: null,
      last_failure_at: null,
      processing_timeout: 15,
      data: { event: { claimId: 'C-1' } },
    },
  },
  flat: {
    name: 'FlatDelivery',
    summary: 'An event in format `flat`',
    body: z
      .looseObject({ secret: z.string().describe('The shared secret.') })
      .meta({ id: 'FlatDelivery', description: 'The fields of the data, and the secret.' }),
    example: { paymentId: 'P-1', amount: 125.5, secret: 'shared-secret' },
  },
};

/** Headers of every delivery. */
export const DELIVERY_HEADERS: Readonly<Record<string, { description: string; schema: Json; example: string }>> = {
  'webhook-id': {
    description: 'The `evt_…` id of the event, the same in every retry.',
    schema: { type: 'string' },
    example: 'evt_01m8g4x8y2e00a3v9v4c9k6d1r',
  },
  'webhook-timestamp': {
    description: 'Time of this attempt in Unix seconds.',
    schema: { type: 'string', pattern: '^[0-9]+$' },
    example: '1769860800',
  },
  'webhook-signature': {
    description: '`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`. Several are separated by spaces.',
    schema: { type: 'string' },
    example: 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  },
  'signpost-attempt': {
    description: 'Number of the attempt, from 1.',
    schema: { type: 'string', pattern: '^[1-9][0-9]*$' },
    example: '1',
  },
  'signpost-notification': {
    description: 'Id of the notification.',
    schema: { type: 'string' },
    example: 'ntf_01m8g4x8y2e00a3v9v4c9k6d1r',
  },
};

/** The section `webhooks` of the OpenAPI document: what Signpost sends to receivers. */
export function deliveryWebhooks(components: Components): Json {
  const parameters = Object.entries(DELIVERY_HEADERS).map(([name, header]) => ({
    name,
    in: 'header',
    required: true,
    ...header,
  }));
  const formats = Object.entries(DELIVERIES).map(([format, { name, summary, body, example }]) => {
    const schema = components.schemaOf(body, 'output');
    const operation = {
      operationId: `receive${name}`,
      summary,
      description: `Sent to subscriptions of format \`${format}\` by POST or PUT. A GET has no body.`,
      tags: ['Deliveries'],
      security: [],
      parameters,
      requestBody: { required: true, content: { 'application/json': { schema, example } } },
      responses: RECEIVER_RESPONSES,
    };
    return [format, { post: operation }];
  });
  return { ...Object.fromEntries(formats), challenge: { get: CHALLENGE } };
}

const RECEIVER_RESPONSES = {
  '2XX': { description: 'Delivered.' },
  '410': { description: 'No more deliveries: the subscription is disabled.' },
  '429': { description: 'Retried, not before `Retry-After`.' },
  '4XX': { description: 'Retried.' },
  '5XX': { description: 'Retried; for 503 not before `Retry-After`.' },
};

const CHALLENGE = {
  operationId: 'answerChallenge',
  summary: 'A challenge',
  description: 'Checks that the receiver knows the secret. Answer within 10 seconds.',
  tags: ['Deliveries'],
  security: [],
  parameters: [
    {
      name: 'crc_token',
      in: 'query',
      required: true,
      description: 'Sign only values that match.',
      schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,200}$' },
    },
  ],
  responses: {
    '200': {
      description: 'The base64 HMAC-SHA256 of the token, with the text of the secret as key.',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            properties: { response_token: { type: 'string', pattern: '^sha256=[A-Za-z0-9+/]{43}=$' } },
            required: ['response_token'],
          },
        },
      },
    },
    '4XX': { description: 'Not verified.' },
  },
};
