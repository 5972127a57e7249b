import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings, unique } from '../../support/tenant';

/**
 * Every operation that sets a state, made twice. The second time the body has its names in another
 * order and its numbers in another form, and nothing may change.
 */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
beforeAll(async () => {
  api = await startTestApi();
  tenant = await makeTenant(api);
});
afterAll(() => api?.stop());

const URL = 'http://127.0.0.1:1/hook';
const SETTINGS = {
  description: 'D',
  method: 'PUT',
  channels: ['a', 'b'],
  headers: { 'X-One': '1', 'X-Two': '2' },
  auth: { type: 'oauth2', tokenUrl: `${URL}/token`, clientId: 'c', clientSecret: 's', scope: 'x' },
  customData: { n: 1.5, deep: { a: 1, b: [1, 2] } },
  transform: { language: 'jsonata', expression: '{"x": 1}' },
  retrySchedule: [1, 2],
  timeoutSeconds: 7,
  rateLimitPerSecond: 0.5,
  outOfOrderRule: { afterSeconds: 10, minFailures: 3 },
};
const schema = { type: 'object', properties: { a: { type: 'number', minimum: 1 }, b: { type: 'string' } } };

type Write = [path: string, body: Record<string, unknown>];
const subscription = async (overrides = {}) => {
  const body = settings({ customerId: tenant.customerId, ...overrides });
  return (await api.must('POST', '/v1/subscriptions', body, tenant.key)) as { id: string; name: string };
};
const eventType = async () => {
  const name = unique('unchanged.v');
  await api.must('PUT', `/v1/event-types/${name}`, { schema }, tenant.key);
  return name;
};

/** Operations that set a state, each with calls that do so. */
const STATES: Record<string, (() => Promise<Write>)[]> = {
  'PATCH /v1/products/:id': [
    async () => [`/v1/products/${tenant.productId}`, {}],
    async () => [
      `/v1/products/${tenant.productId}`,
      {
        name: 'P',
        enabled: true,
        requireVerification: false,
        retention: { payloadDays: 5, historyDays: 9 },
        branding: { name: 'B', accentColor: '#0a5c3b' },
      },
    ],
  ],
  'PUT /v1/event-types/:name': [
    async () => [
      `/v1/event-types/${await eventType()}`,
      { productId: tenant.productId, description: 'D', schema, sample: { a: 1.5, b: 'x' } },
    ],
    async () => [`/v1/event-types/${await eventType()}`, { productId: tenant.productId }],
  ],
  'POST /v1/event-types/:name/archive': [async () => [`/v1/event-types/${await eventType()}/archive`, {}]],
  'PUT /v1/event-types/:name/service-definition': [
    async () => [
      `/v1/event-types/${await eventType()}/service-definition`,
      { steps: [], transform: { language: 'jsonata', expression: '{"ok": true}' } },
    ],
  ],
  'PATCH /v1/customers/:id': [
    async () => [`/v1/customers/${tenant.customerId}`, {}],
    async () => [`/v1/customers/${tenant.customerId}`, { name: 'C', retrySchedule: [1, 2] }],
  ],
  'PUT /v1/customers/:id/subscriptions': [
    async () => {
      const { id } = await api.must('POST', '/v1/customers', { name: 'C' });
      const subscriptions = [settings({ ...SETTINGS, secret: 'the-secret', productId: tenant.productId }), settings()];
      return [`/v1/customers/${id}/subscriptions`, { customer: { name: 'C', retrySchedule: [9] }, subscriptions }];
    },
  ],
  'PATCH /v1/subscriptions/:id': [
    async () => [`/v1/subscriptions/${(await subscription()).id}`, {}],
    async () => {
      const { id, name } = await subscription();
      return [
        `/v1/subscriptions/${id}`,
        { name, url: URL, enabled: true, eventTypes: ['*'], format: 'standard', ...SETTINGS },
      ];
    },
  ],
  'POST /v1/subscriptions/:id/enable': [
    async () => [`/v1/subscriptions/${(await subscription({ enabled: false })).id}/enable`, {}],
  ],
  'POST /v1/subscriptions/:id/disable': [async () => [`/v1/subscriptions/${(await subscription()).id}/disable`, {}]],
  'POST /v1/subscriptions/:id/secret/rotate': [
    async () => [
      `/v1/subscriptions/${(await subscription()).id}/secret/rotate`,
      { secret: 'the-secret', overlapSeconds: 60 },
    ],
  ],
  'PATCH /v1/url-allowlist/:id': [
    async () => {
      const entry = { pattern: `https://${unique('host')}.example` };
      const { id } = await api.must('POST', '/v1/url-allowlist', entry, tenant.key);
      return [`/v1/url-allowlist/${id}`, { status: 'approved' }];
    },
  ],
  'POST /v1/notifications/:id/cancel': [
    async () => {
      await subscription();
      const event = { type: tenant.eventType, customerId: tenant.customerId, data: {} };
      const { notifications } = await api.must('POST', '/v1/events', event, tenant.key);
      return [`/v1/notifications/${notifications[0].id}/cancel`, {}];
    },
  ],
  'POST /v1/recoveries/:id/cancel': [
    async () => {
      const path = `/v1/subscriptions/${(await subscription()).id}/recover`;
      return [`/v1/recoveries/${(await api.must('POST', path, { since: '2026-01-02T03:04:05Z' })).id}/cancel`, {}];
    },
  ],
  'PATCH /v1/play-inboxes/:id': [
    async () => {
      const { id } = await api.must('POST', '/v1/play-inboxes', { customerId: tenant.customerId, name: 'I' });
      return [`/v1/play-inboxes/${id}`, { name: 'I', answer: { status: 200, delaySeconds: 0 } }];
    },
  ],
  'PUT /v1/webhooks': [
    async () => [
      '/v1/webhooks',
      { customerId: tenant.customerId, url: URL, events: ['*'], secret: 'the-secret', method: 'PUT' },
    ],
  ],
  'PUT /v1/webhook': [
    async () => ['/v1/webhook', { customerId: tenant.customerId, url: `${URL}/alias`, events: ['*'] }],
  ],
};

/** Operations of which each call makes or does something: a repeat is another one. */
const ACTS = [
  'POST /v1/events',
  'POST /v1/events/batch',
  'POST /v1/events/:id/replay',
  'POST /v1/products',
  'POST /v1/event-types/:name/service-definition/dry-run',
  'POST /v1/customers',
  'POST /v1/customers/:id/transform/dry-run',
  'POST /v1/subscriptions',
  'POST /v1/subscriptions/:id/trigger',
  'POST /v1/subscriptions/:id/transform/dry-run',
  'POST /v1/subscriptions/:id/secret/link',
  'POST /v1/subscriptions/:id/signing-key',
  'POST /v1/subscriptions/:id/challenge',
  'POST /v1/subscriptions/:id/recover',
  'POST /v1/recoveries',
  'POST /v1/url-allowlist',
  'POST /v1/attempts/:id/signed-request',
  'POST /v1/notifications/retry',
  'POST /v1/notifications/cancel',
  'POST /v1/notifications/:id/retry',
  'POST /v1/api-keys',
  'POST /v1/api-keys/:id/rotate',
  'POST /v1/oauth-clients',
  'POST /v1/oauth-clients/:id/rotate',
  'POST /v1/deploys',
  'POST /v1/play-inboxes',
  'POST /v1/portal-sessions',
  'POST /v1/session',
  'POST /oauth/token',
  'POST /login/oauth/access_token',
];

it('every operation that writes is in one of the two tables', () => {
  const writes = api.routes
    .filter(({ method }) => ['post', 'put', 'patch'].includes(method))
    .map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  expect([...Object.keys(STATES), ...ACTS].sort()).toEqual(writes.sort());
});

/** The same JSON value with its names in reverse, and with its numbers as decimals. */
function otherwise(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? `${value}.0` : `${value}0`;
  if (Array.isArray(value)) return `[${value.map(otherwise).join(' , ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .reverse()
    .map(([name, one]) => `${JSON.stringify(name)} : ${otherwise(one)}`)
    .join(',')}}`;
}

const TABLES = [
  'products',
  'event_types',
  'service_definitions',
  'customers',
  'subscriptions',
  'subscription_secrets',
  'url_allowlist',
  'notifications',
  'recoveries',
  'audit',
];
async function state(): Promise<Record<string, unknown>> {
  const text = `select ${TABLES.map((name) => `(select json_agg(t::text order by t::text) from ${name} t) as ${name}`).join(', ')}`;
  return (await api.database.db.query<Record<string, unknown>>({ text })).rows[0]!;
}

const cases = Object.entries(STATES).flatMap(([operation, calls]) =>
  calls.map((prepare, index) => [operation, index, prepare] as const),
);

it.each(cases)('%s (%i) changes nothing if it is made again', async (operation, _, prepare) => {
  const method = operation.split(' ')[0]!;
  const [path, body] = await prepare();
  await api.must(method, path, body);
  const before = await state();
  const settled = api.settled.length;
  const again = await api.call(method, path, { raw: otherwise(body) });
  expect(again.status).toBeLessThan(300);
  expect(await state()).toEqual(before);
  expect(api.settled).toHaveLength(settled);
});
