import { ADMIN_KEY, startTestApi, type TestApi } from '../../support/api';

/** What entries of the audit log say, what they hide, and who reads them. */
let api: TestApi;
let productId: string;
let key: string;
const TYPE = 'values.happened.v1';
const URL = 'http://127.0.0.1:1/';

beforeAll(async () => {
  api = await startTestApi();
  ({ productId, key } = await api.tenant('values'));
  await api.must('PUT', `/v1/event-types/${TYPE}`, { schema: { type: 'object' } }, key);
});
afterAll(() => api?.stop());

interface Entry {
  action: string;
  object: string;
  actorId: string;
  requestId: string;
  productId: string | null;
  customerId: string | null;
  changes: Record<string, { from: unknown; to: unknown }>;
}

async function entries(query: string, as = ADMIN_KEY): Promise<Entry[]> {
  await api.writeTally();
  return (await api.must('GET', `/v1/audit?limit=200&${query}`, undefined, as)).items;
}

let counter = 0;
async function subscribe(settings: object = {}, as = key): Promise<{ id: string; customerId: string }> {
  const { id: customerId } = await api.must('POST', '/v1/customers', { name: `C${++counter}` }, key);
  const body = { customerId, name: 'main', url: URL, eventTypes: [TYPE], ...settings };
  return { customerId, id: (await api.must('POST', '/v1/subscriptions', body, as)).id };
}

it('shows where deliveries were diverted from and to, in the request with this id', async () => {
  const { id, customerId } = await subscribe();
  const body = { url: `${URL}other`, eventTypes: ['*'], headers: { 'X-Team': 'a' } };
  const { headers } = await api.call('PATCH', `/v1/subscriptions/${id}`, { key, body });
  const [entry] = await entries(`object=${id}`);
  expect(entry).toMatchObject({
    action: 'subscription.change',
    requestId: headers.get('x-request-id'),
    address: '127.0.0.1',
    customerId,
    productId,
    occurrences: 1,
  });
  expect(entry!.changes).toEqual({
    url: { from: URL, to: `${URL}other` },
    eventTypes: { from: [TYPE], to: ['*'] },
    headers: { from: null, to: '***' },
  });
});

it('shows the URL and event types of a new and of a deleted subscription', async () => {
  const { id } = await subscribe();
  await api.must('DELETE', `/v1/subscriptions/${id}`, undefined, key);
  const facts = { url: URL, enabled: true, eventTypes: [TYPE] };
  const sides = (await entries(`object=${id}`)).map(({ action, changes }) => [
    action,
    Object.fromEntries(Object.entries(changes).map(([field, { from }]) => [field, from])),
    Object.fromEntries(Object.entries(changes).map(([field, { to }]) => [field, to])),
  ]);
  const none = { url: null, enabled: null, eventTypes: null };
  expect(sides).toEqual([
    ['subscription.delete', facts, none],
    ['subscription.create', none, facts],
  ]);
});

it('shows old and new values of customers and products', async () => {
  const { id: customerId } = await api.must('POST', '/v1/customers', { name: 'Old' }, key);
  await api.must('PATCH', `/v1/customers/${customerId}`, { name: 'New', retrySchedule: [5] }, key);
  expect((await entries(`object=${customerId}`))[0]!.changes).toEqual({
    name: { from: 'Old', to: 'New' },
    retrySchedule: { from: [30, 300, 1800, 7200], to: [5] },
  });
  const { id } = await api.must('POST', '/v1/products', { name: 'P' });
  await api.must('PATCH', `/v1/products/${id}`, { enabled: true, name: 'P' });
  expect((await entries(`object=${id}`))[0]!.changes).toEqual({ enabled: { from: false, to: true } });
});

it('contains no secret, header value, credential, custom data, transform, query value or payload', async () => {
  const canary = (name: string) => `canary-${name}`;
  const password = { type: 'basic', username: canary('user'), password: canary('password') };
  const settings = {
    url: `${URL}?token=${canary('query')}&${canary('bare')}`,
    secret: canary('secret'),
    headers: { 'X-Api-Key': canary('header') },
    customData: { note: canary('custom') },
    transform: { language: 'jsonata', expression: `{"x": "${canary('transform')}"}` },
    auth: password,
  };
  const { id, customerId } = await subscribe(settings);
  const change = {
    url: `${URL}?token=${canary('query2')}`,
    headers: { 'X-Api-Key': canary('header2') },
    auth: { type: 'bearer', token: canary('token') },
    customData: { note: canary('custom2') },
    transform: { language: 'jsonata', expression: `{"y": "${canary('transform2')}"}` },
  };
  await api.must('PATCH', `/v1/subscriptions/${id}`, change, key);
  await api.must('POST', `/v1/subscriptions/${id}/secret/rotate`, { secret: canary('rotated') }, key);
  const sample = { note: canary('sample') };
  await api.must('PUT', '/v1/event-types/canary.happened.v1', { sample, schema: { const: sample } }, key);
  const event = { type: TYPE, customerId, data: { note: canary('payload') }, user: { id: canary('user') } };
  const { id: eventId } = await api.must('POST', '/v1/events', event, key);
  await api.must('GET', `/v1/events/${eventId}`, undefined, key);
  const { key: made } = await api.must('POST', '/v1/api-keys', { name: 'k', role: 'viewer' });
  await api.call('GET', '/v1/products', { key: canary('key') });
  await api.call('POST', '/v1/session', { key: null, body: { credential: canary('credential') } });
  await api.call('POST', '/v1/session', { key: null, body: { credential: made } });
  const form = { grant_type: 'client_credentials', client_id: canary('client'), client_secret: canary('client') };
  await api.call('POST', '/oauth/token', { key: null, body: form });
  await api.writeTally();
  const { rows } = await api.database.db.query<{ text: string }>({ text: 'select a::text as text from audit a' });
  const text = rows.map((row) => row.text).join('\n');
  expect(text).toContain('token.refuse');
  expect(text).not.toMatch(/canary-/);
  expect(text).not.toContain(made);
});

describe('a write that changes nothing', () => {
  const changing: [string, () => Promise<[string, string, object | undefined]>][] = [
    ['a customer', async () => ['PATCH', `/v1/customers/${(await subscribe()).customerId}`, { retrySchedule: [5] }]],
    [
      'a product',
      async () => ['PATCH', `/v1/products/${productId}`, { enabled: true, retention: { historyDays: 90 } }],
    ],
    ['an event type', async () => ['PUT', `/v1/event-types/${TYPE}`, { productId, description: 'Same' }]],
    [
      'an archived event type',
      async () => {
        await api.must('PUT', '/v1/event-types/old.happened.v1', {}, key);
        return ['POST', '/v1/event-types/old.happened.v1/archive', {}];
      },
    ],
    [
      'a service definition',
      async () => {
        await api.must('PUT', '/v1/event-types/defined.happened.v1', {}, key);
        const definition = { steps: [], transform: { language: 'jsonata', expression: '{"ok": true}' } };
        return ['PUT', '/v1/event-types/defined.happened.v1/service-definition', definition];
      },
    ],
    ['a disabled subscription', async () => ['POST', `/v1/subscriptions/${(await subscribe()).id}/disable`, {}]],
    [
      'an enabled subscription',
      async () => {
        const { id } = await subscribe({ enabled: false });
        return ['POST', `/v1/subscriptions/${id}/enable`, {}];
      },
    ],
    [
      'a secret',
      async () => [
        'POST',
        `/v1/subscriptions/${(await subscribe()).id}/secret/rotate`,
        { secret: 'a-secret-that-stays' },
      ],
    ],
    [
      'a webhook',
      async () => {
        const { customerId } = await subscribe();
        return [
          'PUT',
          '/v1/webhooks',
          { customerId, url: `${URL}hook`, events: [TYPE], secret: 'a-secret-that-stays' },
        ];
      },
    ],
    [
      'an allow-list entry',
      async () => {
        const { id } = await api.must('POST', '/v1/url-allowlist', { pattern: 'https://same.example' }, key);
        return ['PATCH', `/v1/url-allowlist/${id}`, { status: 'rejected' }];
      },
    ],
    [
      'a revoked API key',
      async () => {
        const { id } = await api.must('POST', '/v1/api-keys', { name: 'k', role: 'viewer' });
        return ['DELETE', `/v1/api-keys/${id}`, undefined];
      },
    ],
  ];

  it.each(changing)('leaves no entry and no new modifiedAt: %s', async (_, prepare) => {
    const [method, path, body] = await prepare();
    const count = async () => (await api.database.db.query({ text: 'select from audit' })).rowCount;
    const first = await api.must(method, path, body);
    const before = await count();
    expect(await api.must(method, path, body)).toEqual(first);
    expect(await count()).toBe(before);
    expect(before).toBeGreaterThan(0);
  });

  it('leaves no entry when a closed notification or recovery is cancelled', async () => {
    const { id, customerId } = await subscribe();
    const { notifications } = await api.must('POST', '/v1/events', { type: TYPE, customerId, data: {} }, key);
    const recovery = await api.must('POST', `/v1/subscriptions/${id}/recover`, { since: '2026-01-02T03:04:05Z' }, key);
    for (const path of [`/v1/notifications/${notifications[0].id}`, `/v1/recoveries/${recovery.id}`]) {
      await api.must('POST', `${path}/cancel`, {}, key);
      await api.must('POST', `${path}/cancel`, {}, key);
    }
    const cancelled = [...(await entries('action=notification.cancel')), ...(await entries('action=recovery.cancel'))];
    expect(cancelled.map(({ object }) => object).sort()).toEqual([notifications[0].id, recovery.id].sort());
  });
});

it('repeating a webhook with its secret keeps the secret before, which is in its overlap', async () => {
  const { customerId } = await subscribe();
  const webhook = { customerId, url: `${URL}rotated`, events: [TYPE] };
  await api.must('PUT', '/v1/webhooks', { ...webhook, secret: 'the-secret-number-one' }, key);
  const { items } = await api.must('GET', `/v1/subscriptions?customerId=${customerId}`, undefined, key);
  const { id } = items.find(({ url }: { url: string }) => url === webhook.url);
  await api.must('POST', `/v1/subscriptions/${id}/secret/rotate`, { secret: 'the-secret-number-two' }, key);
  await api.must('PUT', '/v1/webhooks', { ...webhook, secret: 'the-secret-number-two' }, key);
  const secret = await api.must('GET', `/v1/subscriptions/${id}/secret`, undefined, key);
  expect(secret).toMatchObject({ secret: 'the-secret-number-two', previous: { expiresAt: expect.any(String) } });
});

describe('readers', () => {
  it('a product sees what admins and portal users do with its customers, and nothing of other products', async () => {
    const { id, customerId } = await subscribe();
    const portal = await api.must('POST', '/v1/portal-sessions', { customerId });
    await api.must('PATCH', `/v1/subscriptions/${id}`, { url: `${URL}portal` }, portal.token);
    await api.must('POST', `/v1/subscriptions/${id}/disable`, {});
    const actions = (await entries(`object=${id}`, key)).map(({ action }) => action);
    expect(actions).toEqual(['subscription.disable', 'subscription.change', 'subscription.create']);
    const stranger = await api.tenant('stranger');
    expect(await entries(`object=${id}`, stranger.key)).toEqual([]);
    expect(new Set((await entries('', stranger.key)).map((entry) => entry.productId))).toEqual(
      new Set([stranger.productId]),
    );
  });

  it('a product sees changes to its subscription of a shared customer, and another product does not', async () => {
    const { id: shared } = await api.must('POST', '/v1/customers', { name: 'Shared' });
    const settings = { customerId: shared, name: 's', url: URL, eventTypes: ['*'] };
    const { id } = await api.must('POST', '/v1/subscriptions', settings, key);
    await api.must('POST', `/v1/subscriptions/${id}/disable`, {});
    expect(await entries(`object=${id}`, key)).toHaveLength(2);
    expect(await entries(`object=${id}`, (await api.tenant('sharer')).key)).toEqual([]);
  });

  it('repeated reads of a payload leave one entry in a minute', async () => {
    const { customerId } = await subscribe();
    const { id } = await api.must('POST', '/v1/events', { type: TYPE, customerId, data: {} }, key);
    for (let i = 0; i < 3; i++) await api.must('GET', `/v1/events/${id}`, undefined, key);
    expect(await entries(`object=${id}`, key)).toMatchObject([{ action: 'event.read', customerId }]);
  });
});
