import { generateKeyPairSync } from 'node:crypto';
import { startTestApi, type Answer, type TestApi } from '../../support/api';
import { makeTenant, settings } from '../../support/tenant';

/**
 * Every field of every request body is honoured: it is sent with a value that is not its default,
 * and read back. The table has the fields of the OpenAPI document, so a new field fails until
 * somebody reads it back here.
 */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
let document: Answer['body'];
beforeAll(async () => {
  api = await startTestApi();
  tenant = await makeTenant(api);
  document = await api.must('GET', '/openapi.json');
});
afterAll(() => api?.stop());

const URL = 'http://127.0.0.1:1/hook';
const SOON = new Date(Date.now() + 3_600_000).toISOString();
const TRANSFORM = { language: 'jsonata', expression: '{"sum": a + 1}' };
const PUBLIC_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const DEFINITION = { steps: [], transform: TRANSFORM };
const SETTINGS = {
  name: 'Named',
  description: 'D',
  url: `${URL}/changed`,
  method: 'PUT',
  enabled: false,
  eventTypes: ['payment.*'],
  channels: ['a'],
  headers: { 'X-One': '1' },
  auth: { type: 'basic', username: 'u', password: 'p' },
  tls: null,
  encryption: { publicKey: PUBLIC_KEY, algorithm: 'ECDH-ES' },
  format: 'envelope',
  customData: { a: 1 },
  transform: TRANSFORM,
  retrySchedule: [1, 2],
  timeoutSeconds: 7,
  rateLimitPerSecond: 0.5,
  outOfOrderRule: { afterSeconds: 10, minFailures: 3 },
};
const CUSTOMER = { name: 'C', audience: 'product', capabilities: ['vendor'] };
const shown = ({ auth: _, ...rest }: typeof SETTINGS) => ({
  ...rest,
  auth: { type: 'basic', username: 'u', password: '***' },
});

const subscription = async (overrides = {}) =>
  (await api.must('POST', '/v1/subscriptions', settings({ customerId: tenant.customerId, ...overrides }), tenant.key))
    .id as string;
const get = (path: string) => api.must('GET', path);
const failed = async () => {
  await subscription();
  const event = { type: tenant.eventType, customerId: tenant.customerId, data: {} };
  const { notifications } = await api.must('POST', '/v1/events', event, tenant.key);
  await api.database.db.query({ text: "update notifications set status = 'delivered', finished_at = now()" });
  return notifications[0].id as string;
};
const pending = async () => {
  const id = await failed();
  await api.database.db.query({ text: "update notifications set status = 'pending', finished_at = null" });
  return id;
};
const secretOf = (id: string) => get(`/v1/subscriptions/${id}/secret`);
const secondsUntil = (time: string) => Math.round((Date.parse(time) - Date.now()) / 1000);

interface Case {
  path: () => string | Promise<string>;
  body: () => Record<string, unknown> | Promise<Record<string, unknown>>;
  /** What the service then shows, by the answer and the path of the call. */
  read: (answer: Answer['body'], path: string) => unknown;
  expected: () => unknown;
}
const echo = (answer: Answer['body']) => answer;
const at = (path: string) => () => path;

let replayed: string;
let deployed: string;
const deploy = () => ({
  customerId: tenant.customerId,
  productId: tenant.productId,
  version: 'orders 2.4.1',
  description: 'New parser',
  url: 'https://ci.example/812#log',
  at: '2026-01-02T03:04:05.678Z',
});
let recovered: string;

const CASES: Record<string, Case> = {
  'POST /v1/products': {
    path: at('/v1/products'),
    body: () => ({
      id: 'honoured',
      name: 'P',
      enabled: true,
      requireVerification: true,
      segment: 'S',
      unknownCustomers: 'accept',
      branding: { name: 'B', logoUrl: 'https://b.example/b.svg', accentColor: '#0a5c3b' },
      retention: { payloadDays: 3, historyDays: 4 },
    }),
    read: () => get('/v1/products/honoured'),
    expected: () => ({
      id: 'honoured',
      name: 'P',
      enabled: true,
      requireVerification: true,
      segment: 'S',
      unknownCustomers: 'accept',
      branding: { name: 'B', logoUrl: 'https://b.example/b.svg', accentColor: '#0a5c3b' },
      retention: { payloadDays: 3, historyDays: 4 },
    }),
  },
  'PATCH /v1/products/{id}': {
    path: async () => `/v1/products/${(await api.must('POST', '/v1/products', { name: 'Q' })).id}`,
    body: () => ({
      name: 'P',
      enabled: true,
      requireVerification: true,
      segment: 'S',
      unknownCustomers: 'accept',
      branding: { name: 'B', logoUrl: 'https://b.example/b.svg', accentColor: '#0a5c3b' },
      retention: { historyDays: 4 },
    }),
    read: (_, path) => get(path),
    expected: () => ({
      name: 'P',
      enabled: true,
      requireVerification: true,
      segment: 'S',
      unknownCustomers: 'accept',
      branding: { name: 'B', logoUrl: 'https://b.example/b.svg', accentColor: '#0a5c3b' },
      retention: { payloadDays: null, historyDays: 4 },
    }),
  },
  'PUT /v1/event-types/{name}': {
    path: at('/v1/event-types/honoured.v1'),
    body: () => ({
      productId: tenant.productId,
      description: 'D',
      schema: { type: 'object' },
      sample: { a: 1 },
      requires: ['vendor'],
      searchKeys: ['$.a'],
    }),
    read: (_, path) => get(path),
    expected: () => ({
      productId: tenant.productId,
      description: 'D',
      schema: { type: 'object' },
      sample: { a: 1 },
      requires: ['vendor'],
      searchKeys: ['$.a'],
    }),
  },
  'PUT /v1/event-types/{name}/service-definition': {
    path: async () => {
      await api.must('PUT', '/v1/event-types/defined.v1', {}, tenant.key);
      return '/v1/event-types/defined.v1/service-definition';
    },
    body: () => DEFINITION,
    read: (_, path) => get(path),
    expected: () => DEFINITION,
  },
  'POST /v1/event-types/{name}/service-definition/dry-run': {
    path: () => `/v1/event-types/${tenant.eventType}/service-definition/dry-run`,
    body: () => ({
      definition: {
        steps: [],
        transform: { language: 'jsonata', expression: '{"sum": a + 1, "c": $event.customerId}' },
      },
      data: { a: 1 },
      customerId: 'me',
      secret: 's',
    }),
    // No argument of a transform is the secret; test/composition reads it in a query.
    read: ({ body }) => JSON.parse(body),
    expected: () => ({ sum: 2, c: 'me' }),
  },
  'POST /v1/customers': {
    path: at('/v1/customers'),
    body: () => ({ id: 'honoured', productId: tenant.productId, ...CUSTOMER, retrySchedule: [5] }),
    read: () => get('/v1/customers/honoured'),
    expected: () => ({ id: 'honoured', productId: tenant.productId, ...CUSTOMER, retrySchedule: [5] }),
  },
  'PATCH /v1/customers/{id}': {
    path: () => `/v1/customers/${tenant.customerId}`,
    body: () => ({ ...CUSTOMER, name: 'Changed', retrySchedule: [6] }),
    read: (_, path) => get(path),
    expected: () => ({ ...CUSTOMER, name: 'Changed', retrySchedule: [6] }),
  },
  'PUT /v1/customers/{id}/subscriptions': {
    path: at('/v1/customers/honoured-2/subscriptions'),
    body: () => ({
      customer: { productId: tenant.productId, ...CUSTOMER, retrySchedule: [7] },
      subscriptions: [{ ...SETTINGS, productId: tenant.productId, secret: 'the-secret' }],
      // The tests of the call itself have dry runs.
      dryRun: false,
    }),
    read: async ({ items }) => [
      await get('/v1/customers/honoured-2'),
      await get(`/v1/subscriptions/${items[0].id}`),
      await secretOf(items[0].id),
    ],
    expected: () => [
      { productId: tenant.productId, ...CUSTOMER, retrySchedule: [7] },
      { ...shown(SETTINGS), productId: tenant.productId },
      { secret: 'the-secret' },
    ],
  },
  'POST /v1/customers/{id}/transform/dry-run': {
    path: () => `/v1/customers/${tenant.customerId}/transform/dry-run`,
    body: () => ({ type: tenant.eventType, data: { a: 1 }, transform: TRANSFORM }),
    read: ({ type, data }) => ({ type, data: JSON.parse(data) }),
    expected: () => ({ type: tenant.eventType, data: { sum: 2 } }),
  },
  'POST /v1/subscriptions': {
    path: at('/v1/subscriptions'),
    body: () => ({ ...SETTINGS, customerId: tenant.customerId, productId: tenant.productId, secret: 'the-secret' }),
    read: async ({ id }) => [await get(`/v1/subscriptions/${id}`), await secretOf(id)],
    expected: () => [
      { ...shown(SETTINGS), customerId: tenant.customerId, productId: tenant.productId },
      { secret: 'the-secret' },
    ],
  },
  'PATCH /v1/subscriptions/{id}': {
    path: async () => `/v1/subscriptions/${await subscription()}`,
    body: () => ({ ...SETTINGS, name: 'Renamed' }),
    read: (_, path) => get(path),
    expected: () => ({ ...shown(SETTINGS), name: 'Renamed' }),
  },
  'POST /v1/subscriptions/{id}/trigger': {
    path: async () => `/v1/subscriptions/${await subscription()}/trigger`,
    body: () => ({ type: tenant.eventType, data: { a: 1.5 } }),
    read: ({ eventId }) => get(`/v1/events/${eventId}`),
    expected: () => ({ type: tenant.eventType, data: { a: 1.5 } }),
  },
  'POST /v1/subscriptions/{id}/transform/dry-run': {
    path: async () => `/v1/subscriptions/${await subscription({ format: 'flat' })}/transform/dry-run`,
    body: () => ({
      type: tenant.eventType,
      data: { a: 1 },
      transform: { language: 'jsonata', expression: '{"only": a}' },
    }),
    read: ({ body }) => JSON.parse(body),
    expected: () => ({ only: 1 }),
  },
  'POST /v1/subscriptions/{id}/secret/rotate': {
    path: async () => `/v1/subscriptions/${await subscription()}/secret/rotate`,
    body: () => ({ secret: 'another', overlapSeconds: 600 }),
    read: ({ secret, previous }) => ({ secret, minutes: Math.round(secondsUntil(previous.expiresAt) / 60) }),
    expected: () => ({ secret: 'another', minutes: 10 }),
  },
  'POST /v1/subscriptions/{id}/secret/link': {
    path: async () => `/v1/subscriptions/${await subscription()}/secret/link`,
    body: () => ({ expiresInSeconds: 600 }),
    read: ({ expiresAt }) => ({ minutes: Math.round(secondsUntil(expiresAt) / 60) }),
    expected: () => ({ minutes: 10 }),
  },
  'POST /v1/subscriptions/{id}/signing-key': {
    path: async () => {
      const path = `/v1/subscriptions/${await subscription()}/signing-key`;
      await api.must('POST', path, {});
      return path;
    },
    body: () => ({ overlapSeconds: 600 }),
    read: async (_, path) => ({ minutes: Math.round(secondsUntil((await get(path)).previous.expiresAt) / 60) }),
    expected: () => ({ minutes: 10 }),
  },
  'POST /v1/subscriptions/{id}/recover': {
    path: async () => `/v1/subscriptions/${await subscription()}/recover`,
    body: () => ({ since: '2026-01-02T03:04:05Z', until: '2026-01-03T03:04:05Z', status: 'failed', ratePerSecond: 3 }),
    read: ({ id }) => get(`/v1/recoveries/${id}`),
    expected: () => ({ since: '2026-01-02T03:04:05.000Z', until: '2026-01-03T03:04:05.000Z', ratePerSecond: 3 }),
  },
  'POST /v1/recoveries': {
    path: at('/v1/recoveries'),
    body: async () => ({
      action: 'retry',
      dryRun: false,
      ratePerSecond: 3,
      filter: {
        customerId: tenant.customerId,
        productId: tenant.productId,
        subscriptionId: (recovered = await subscription()),
        type: [tenant.eventType],
        status: ['cancelled'],
        responseStatus: '5xx',
        errorClass: ['status'],
        since: '2026-01-02T03:04:05Z',
        until: '2026-01-03T03:04:05Z',
      },
    }),
    read: ({ id }) => get(`/v1/recoveries/${id}`),
    expected: () => ({
      action: 'retry',
      ratePerSecond: 3,
      since: '2026-01-02T03:04:05.000Z',
      until: '2026-01-03T03:04:05.000Z',
      filter: {
        customerId: tenant.customerId,
        productId: tenant.productId,
        subscriptionId: recovered,
        type: [tenant.eventType],
        status: ['cancelled'],
        responseStatus: '5xx',
        errorClass: ['status'],
      },
    }),
  },
  'POST /v1/url-allowlist': {
    path: at('/v1/url-allowlist'),
    body: () => ({ pattern: 'https://honoured.example', customerId: tenant.customerId }),
    read: echo,
    expected: () => ({ pattern: 'https://honoured.example', customerId: tenant.customerId }),
  },
  'PATCH /v1/url-allowlist/{id}': {
    path: async () =>
      `/v1/url-allowlist/${(await api.must('POST', '/v1/url-allowlist', { pattern: 'https://decided.example' })).id}`,
    body: () => ({ status: 'rejected' }),
    read: async (_, path) =>
      ((await get('/v1/url-allowlist?limit=200')).items as { id: string }[]).find(({ id }) => path.endsWith(id)),
    expected: () => ({ status: 'rejected' }),
  },
  'POST /v1/notifications/retry': {
    path: at('/v1/notifications/retry'),
    body: async () => ({ ids: [await failed()], force: true }),
    read: ({ results }) => results,
    expected: () => [{ retried: true, status: 'pending' }],
  },
  'POST /v1/notifications/cancel': {
    path: at('/v1/notifications/cancel'),
    body: async () => ({ ids: [await pending()] }),
    read: ({ results }) => results,
    expected: () => [{ cancelled: true, status: 'cancelled' }],
  },
  'POST /v1/notifications/{id}/retry': {
    path: async () => `/v1/notifications/${await failed()}/retry`,
    body: () => ({ force: true }),
    read: echo,
    expected: () => ({ status: 'pending', deliveredAt: expect.any(String) }),
  },
  'POST /v1/api-keys': {
    path: at('/v1/api-keys'),
    body: () => ({
      name: 'K',
      role: 'customer',
      customerId: tenant.customerId,
      expiresAt: SOON,
      productId: null,
      segment: null,
    }),
    read: echo,
    expected: () => ({ name: 'K', role: 'customer', customerId: tenant.customerId, expiresAt: SOON }),
  },
  'POST /v1/oauth-clients': {
    path: at('/v1/oauth-clients'),
    async body() {
      await api.must('PATCH', `/v1/products/${tenant.productId}`, { segment: 'Honoured' });
      return { name: 'K', role: 'viewer', segment: 'Honoured', expiresAt: SOON, productId: null, customerId: null };
    },
    read: echo,
    expected: () => ({ name: 'K', role: 'viewer', segment: 'Honoured', expiresAt: SOON }),
  },
  'PUT /v1/webhooks': {
    path: at('/v1/webhooks'),
    body: () => ({
      url: `${URL}/webhook`,
      events: ['payment.*'],
      secret: 'the-secret',
      method: 'PUT',
      customerId: tenant.customerId,
    }),
    read: async () => {
      const { items } = await get(`/v1/subscriptions?customerId=${tenant.customerId}&limit=200`);
      const found = (items as { id: string; url: string }[]).find(({ url }) => url === `${URL}/webhook`)!;
      return [found, await secretOf(found.id)];
    },
    expected: () => [
      { eventTypes: ['payment.*'], method: 'PUT', customerId: tenant.customerId },
      { secret: 'the-secret' },
    ],
  },
  'POST /v1/portal-sessions': {
    path: at('/v1/portal-sessions'),
    body: () => ({
      customerId: tenant.customerId,
      expiresInSeconds: 600,
      once: true,
      returnUrl: 'https://shop.example/',
      theme: 'dark',
    }),
    read: async ({ expiresAt, url }) => [
      (await get('/v1/portal-sessions')).items[0],
      Math.round(secondsUntil(expiresAt) / 60),
      url,
    ],
    expected: () => [
      { customerId: tenant.customerId, once: true, returnUrl: 'https://shop.example/' },
      10,
      expect.stringMatching(/#token=.+&theme=dark$/),
    ],
  },
  'POST /v1/deploys': {
    path: at('/v1/deploys'),
    body: async () => ({ ...deploy(), subscriptionId: (deployed = await subscription()) }),
    read: ({ id }) => get(`/v1/deploys/${id}`),
    expected: () => ({ ...deploy(), subscriptionId: deployed }),
  },
  'POST /v1/play-inboxes': {
    path: at('/v1/play-inboxes'),
    body: () => ({
      customerId: tenant.customerId,
      productId: tenant.productId,
      name: 'I',
      answer: { status: 503, delaySeconds: 2, body: 'no' },
    }),
    read: ({ id }) => get(`/v1/play-inboxes/${id}`),
    expected: () => ({
      customerId: tenant.customerId,
      productId: tenant.productId,
      name: 'I',
      answer: { status: 503, delaySeconds: 2, body: 'no' },
    }),
  },
  'PATCH /v1/play-inboxes/{id}': {
    async path() {
      const inbox = { customerId: tenant.customerId, name: 'before' };
      return `/v1/play-inboxes/${(await api.must('POST', '/v1/play-inboxes', inbox)).id}`;
    },
    body: () => ({ name: 'after', answer: { status: 204, delaySeconds: 1, body: '' } }),
    read: echo,
    expected: () => ({ name: 'after', answer: { status: 204, delaySeconds: 1, body: '' } }),
  },
  'POST /v1/events/{id}/replay': {
    path: async () => {
      const event = { type: tenant.eventType, customerId: tenant.customerId, data: {} };
      return `/v1/events/${(await api.must('POST', '/v1/events', event, tenant.key)).id}/replay`;
    },
    body: async () => ({ subscriptionId: (replayed = await subscription()) }),
    read: echo,
    expected: () => ({ subscriptionId: replayed }),
  },
  'POST /v1/events': {
    path: at('/v1/events'),
    body: () => ({
      id: 'honoured',
      type: tenant.eventType,
      customerId: tenant.customerId,
      channels: ['a'],
      timestamp: '2026-01-31T12:00:00.1234Z',
      data: { a: 1 },
      user: { u: 1 },
      // In test/api/events/await-response, the answer waits.
      awaitResponse: 1,
    }),
    read: () => get('/v1/events/honoured'),
    expected: () => ({
      id: 'honoured',
      type: tenant.eventType,
      customerId: tenant.customerId,
      channels: ['a'],
      timestamp: '2026-01-31T12:00:00.1234Z',
      data: { a: 1 },
      user: { u: 1 },
    }),
  },
};

/** Bodies that other tests read back, or that are the same as one of the table. */
const ELSEWHERE = [
  // Either ids or a filter, which is that of `POST /v1/recoveries`.
  'POST /v1/notifications/retry',
  'POST /v1/notifications/cancel',
  'POST /v1/events/batch',
  'PUT /v1/webhook',
  'POST /v1/api-keys/{id}/rotate',
  'POST /v1/oauth-clients/{id}/rotate',
  'POST /v1/session',
  'POST /oauth/token',
  'POST /login/oauth/access_token',
];

function resolve(schema: Answer['body']): Answer['body'] {
  return schema?.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)!] : schema;
}
const fieldsOf = (schema: Answer['body']) => Object.keys(resolve(schema)?.properties ?? {});

it('the table has every field of every request body', async () => {
  const missing: string[] = [];
  for (const [path, methods] of Object.entries<Answer['body']>(document.paths)) {
    for (const method of ['post', 'put', 'patch']) {
      const schema = resolve(methods[method]?.requestBody?.content['application/json']?.schema);
      const operation = `${method.toUpperCase()} ${path}`;
      if (!schema || fieldsOf(schema).length === 0 || ELSEWHERE.includes(operation)) continue;
      const body: Answer['body'] = (await CASES[operation]?.body()) ?? {};
      for (const field of fieldsOf(schema)) {
        if (!(field in body)) missing.push(`${operation} ${field}`);
        const inner = resolve(schema.properties[field]);
        const [value, nested] = inner.type === 'array' ? [body[field]?.[0], inner.items] : [body[field], inner];
        for (const name of operation.startsWith('PUT /v1/customers') ? fieldsOf(nested) : [])
          if (!(name in (value ?? {}))) missing.push(`${operation} ${field}.${name}`);
      }
    }
  }
  expect(missing).toEqual([]);
});

it.each(Object.keys(CASES))('%s honours every field', async (operation) => {
  const { path, body, read, expected } = CASES[operation]!;
  const target = await path();
  const answer = await api.must(operation.split(' ')[0]!, target, await body());
  expect(await read(answer, target)).toMatchObject(expected() as object);
});
