import { acceptsIdempotencyKey } from '../../../src/api/http/route';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../support/api';
import { CALLS, makeObjects, UNKNOWN, type Objects } from '../permissions.calls';

/** Every POST honours `Idempotency-Key`, whether or not it creates something. */
let api: TestApi;
let objects: Objects;
beforeAll(async () => {
  api = await startTestApi();
  const { productId, key: productKey } = await api.tenant('p');
  const eventType = 'payment.confirmed.v1';
  await api.must('PUT', `/v1/event-types/${eventType}`, {}, productKey);
  objects = await makeObjects(api, { productKey, productId, eventType });
}, 60_000);
afterAll(() => api?.stop());

const FIELDS: Record<string, keyof Omit<Objects, 'productKey'>> = {
  '/v1/event-types/:name': 'eventType',
  '/v1/customers/:id': 'customerId',
  '/v1/events/:id': 'eventId',
  '/v1/subscriptions/:id': 'subscriptionId',
  '/v1/notifications/:id': 'notificationId',
  '/v1/attempts/:id': 'attemptId',
  '/v1/recoveries/:id': 'recoveryId',
  '/v1/api-keys/:id': 'apiKeyId',
  '/v1/oauth-clients/:id': 'oauthClientId',
};
function pathOf(path: string, from: Objects): string {
  const [prefix, field] = Object.entries(FIELDS).find(([start]) => path.startsWith(start)) ?? [];
  return prefix === undefined ? path : path.replace(/:\w+/, String(from[field!] ?? UNKNOWN[field!]));
}

async function effects(): Promise<unknown> {
  const tables = [
    'audit',
    'notifications',
    'events',
    'customers',
    'subscriptions',
    'subscription_secrets',
    'challenges',
    'api_keys',
  ];
  const text = `select ${tables.map((name) => `(select json_agg(t::text order by t::text) from ${name} t) as ${name}`).join(', ')}`;
  return [
    (await api.database.db.query({ text })).rows[0],
    api.retried.length,
    api.cancelled.length,
    api.started.length,
    api.settled.length,
  ];
}

const operations = Object.keys(CALLS).filter((operation) => operation.startsWith('POST '));

it('the table has every POST that accepts the header', async () => {
  const accepting = api.routes.filter(acceptsIdempotencyKey).map(({ path }) => `POST ${path}`);
  expect(operations.sort()).toEqual(accepting.sort());
  const document = await api.must('GET', '/openapi.json');
  for (const operation of operations) {
    const path = operation.slice(5).replace(/:(\w+)/g, '{$1}');
    const { parameters, responses } = document.paths[path].post;
    expect([path, parameters.map(({ name }: { name: string }) => name)]).toEqual([
      path,
      expect.arrayContaining(['Idempotency-Key']),
    ]);
    expect(responses).toHaveProperty('409');
  }
});

it.each(operations)('%s does once what is asked for twice with one Idempotency-Key', async (operation) => {
  const { body = () => ({}), prepare } = CALLS[operation]!;
  const own = { ...objects, ...(await prepare?.(api, objects, ADMIN_KEY)) };
  const path = pathOf(operation.slice(5), own);
  const headers = { 'idempotency-key': `once for ${operation}` };
  const sent = body(own);
  const first = await api.call('POST', path, { body: sent, headers });
  expect([operation, first.status]).toEqual([operation, expect.any(Number)]);
  expect(first.status).toBeLessThan(300);
  const before = await effects();
  const second = await api.call('POST', path, { body: sent, headers });
  expect([second.status, second.body]).toEqual([first.status, first.body]);
  expect(await effects()).toEqual(before);
  const other = { ...sent, unexpected: 1 };
  // A body that is valid, but another one.
  const differs = await api.call('POST', path, { body: OTHERS[operation]?.(own) ?? other, headers });
  expect(differs).toMatchObject(
    OTHERS[operation] ? { status: 409, body: { code: 'idempotency-key-conflict' } } : { status: 422 },
  );
  expect(await effects()).toEqual(before);
});

/** Other bodies of calls that take more than one. The rest take an empty object only. */
const OTHERS: Record<string, (objects: Objects) => object> = {
  'POST /v1/events': ({ eventType }) => ({ type: eventType, data: { other: true } }),
  'POST /v1/events/batch': () => ({ events: [1] }),
  'POST /v1/products': () => ({ name: 'Other' }),
  'POST /v1/event-types/:name/service-definition/dry-run': () => ({ data: {} }),
  'POST /v1/customers': () => ({ name: 'Other' }),
  'POST /v1/customers/:id/transform/dry-run': ({ eventType }) => ({ type: eventType, data: { a: 1 }, transform: null }),
  'POST /v1/subscriptions': ({ customerId }) => ({
    customerId,
    name: 'Other',
    url: 'http://127.0.0.1:1/',
    eventTypes: ['*'],
  }),
  'POST /v1/subscriptions/:id/trigger': () => ({}),
  'POST /v1/subscriptions/:id/transform/dry-run': ({ eventType }) => ({ type: eventType, data: { a: 1 } }),
  'POST /v1/subscriptions/:id/secret/rotate': () => ({ overlapSeconds: 1 }),
  'POST /v1/subscriptions/:id/secret/link': () => ({ expiresInSeconds: 600 }),
  'POST /v1/subscriptions/:id/recover': () => ({ since: '2026-01-03T03:04:05Z' }),
  'POST /v1/recoveries': () => ({ filter: {}, dryRun: true }),
  'POST /v1/url-allowlist': () => ({ pattern: 'https://other.example' }),
  'POST /v1/notifications/retry': () => ({ ids: ['ntf_other'] }),
  'POST /v1/notifications/cancel': () => ({ ids: ['ntf_other'] }),
  'POST /v1/notifications/:id/retry': () => ({ force: true }),
  'POST /v1/api-keys': () => ({ name: 'other', role: 'viewer' }),
  'POST /v1/api-keys/:id/rotate': () => ({ overlapSeconds: 1 }),
  'POST /v1/oauth-clients': () => ({ name: 'other', role: 'viewer' }),
  'POST /v1/oauth-clients/:id/rotate': () => ({ overlapSeconds: 1 }),
  'POST /v1/deploys': ({ customerId }) => ({ customerId, version: 'other' }),
  'POST /v1/play-inboxes': ({ customerId }) => ({ customerId, name: 'Other' }),
  'POST /v1/portal-sessions': ({ customerId }) => ({ customerId, once: true }),
};
