import type { z } from 'zod';
import type { Route } from '../http/route';
import type { Json } from './components';

const SUBSCRIPTION = {
  name: 'billing',
  url: 'https://receiver.example.com/hooks',
  eventTypes: ['payment.*.v1'],
};
const TRANSFORM = { language: 'jsonata', expression: '{"id": paymentId}' };
const EVENT = {
  id: 'P-1',
  type: 'payment.confirmed.v1',
  customerId: 'acme',
  data: { paymentId: 'P-1', amount: 125.5 },
};
const CREDENTIAL = { name: 'payments backend', role: 'product', productId: 'payments' };
const WEBHOOK = { events: ['payment.confirmed.v1'], url: 'https://receiver.example.com/hooks' };

/** The body of each call that has one. Tests hold them to the schemas. */
const EXAMPLES: Readonly<Record<string, Json>> = {
  'post /v1/products': { id: 'payments', name: 'Payments', enabled: true },
  'patch /v1/products/:id': { enabled: true },
  'put /v1/event-types/:name': {
    productId: 'payments',
    description: 'A payment was confirmed.',
    schema: {
      type: 'object',
      properties: { paymentId: { type: 'string' }, amount: { type: 'number' } },
      required: ['paymentId'],
    },
    sample: { paymentId: 'P-1', amount: 125.5 },
  },
  'put /v1/event-types/:name/service-definition': {
    steps: [
      {
        kind: 'query',
        dataSource: 'ledger',
        sql: 'select amount from payments where id = :id',
        arguments: [{ name: 'id', type: 'string', from: '$data.paymentId' }],
      },
    ],
  },
  'post /v1/event-types/:name/service-definition/dry-run': { data: { paymentId: 'P-1' } },
  'post /v1/customers': { id: 'acme', name: 'Acme', retrySchedule: [30, 300, 1800, 7200] },
  'patch /v1/customers/:id': { name: 'Acme Ltd.', retrySchedule: 'growing' },
  'put /v1/customers/:id/subscriptions': { subscriptions: [SUBSCRIPTION] },
  'post /v1/customers/:id/transform/dry-run': { type: 'payment.confirmed.v1', transform: TRANSFORM },
  'post /v1/subscriptions': { customerId: 'acme', ...SUBSCRIPTION },
  'patch /v1/subscriptions/:id': { timeoutSeconds: 30, retrySchedule: [60, 600] },
  'post /v1/subscriptions/:id/secret/rotate': { overlapSeconds: 86_400 },
  'post /v1/subscriptions/:id/secret/link': { expiresInSeconds: 86_400 },
  'post /v1/subscriptions/:id/signing-key': { overlapSeconds: 86_400 },
  'post /v1/events/:id/replay': { subscriptionId: 'sub_01m83z393me0082ds1r89mdyt0' },
  'post /v1/subscriptions/:id/trigger': { type: 'payment.confirmed.v1' },
  'post /v1/subscriptions/:id/transform/dry-run': { transform: TRANSFORM },
  'post /v1/subscriptions/:id/recover': { since: '2026-01-31T12:00:00Z', ratePerSecond: 10 },
  'post /v1/recoveries': {
    filter: { customerId: 'acme', since: '2026-01-31T12:00:00Z', responseStatus: '5xx' },
    ratePerSecond: 10,
  },
  'post /v1/events': EVENT,
  'post /v1/events/batch': { events: [EVENT] },
  'post /v1/attempts/:id/signed-request': {},
  'post /v1/notifications/retry': { ids: ['ntf_01m8g4x8y2e00a3v9v4c9k6d1r'] },
  'post /v1/notifications/cancel': { filter: { customerId: 'acme', status: ['held'] } },
  'post /v1/notifications/:id/retry': { force: false },
  'post /v1/url-allowlist': { pattern: 'https://*.example.com' },
  'patch /v1/url-allowlist/:id': { status: 'approved' },
  'post /v1/api-keys': CREDENTIAL,
  'post /v1/api-keys/:id/rotate': { overlapSeconds: 86_400 },
  'post /v1/oauth-clients': CREDENTIAL,
  'post /v1/oauth-clients/:id/rotate': { overlapSeconds: 86_400 },
  'post /oauth/token': { grant_type: 'client_credentials', client_id: 'cli_01m8g4x8y2e00a3v9v4c9k6d1r' },
  'post /login/oauth/access_token': { grant_type: 'client_credentials', client_id: 'cli_01m8g4x8y2e00a3v9v4c9k6d1r' },
  'put /v1/webhooks': WEBHOOK,
  'put /v1/webhook': WEBHOOK,
  'delete /v1/webhooks': { url: WEBHOOK.url },
  'delete /v1/webhook': { url: WEBHOOK.url },
  'post /v1/deploys': {
    customerId: 'acme',
    version: 'orders 2.4.1',
    url: 'https://ci.example.com/acme/orders/builds/812',
  },
  'post /v1/play-inboxes': { customerId: 'acme', name: 'Test inbox' },
  'patch /v1/play-inboxes/:id': { answer: { status: 503, delaySeconds: 2 } },
  'post /v1/portal-sessions': { customerId: 'acme', expiresInSeconds: 3600 },
  'post /v1/session': { credential: 'spk_…' },
};

/** @returns an example of the body of a route, if it has any fields */
export function exampleOf({ method, path, body }: Pick<Route, 'method' | 'path' | 'body'>): Json | undefined {
  const example = EXAMPLES[`${method} ${path}`];
  if (example) return example;
  return takesNothing(body as z.ZodType) ? {} : undefined;
}

/** Whether only an empty object fits. */
function takesNothing(body: z.ZodType): boolean {
  return 'shape' in body && Object.keys(body.shape as object).length === 0;
}
