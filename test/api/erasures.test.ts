import { ADMIN_KEY, startTestApi, type Answer, type TestApi } from '../support/api';

/** Erasure over HTTP: what changes with the request. test/temporal covers its workflow. */
let api: TestApi;
let productId: string;
let key: string;
let otherKey: string;
let customerId: string;
let subscriptionId: string;
let counter = 0;
const TYPE = 'order.shipped.v1';
const URL = 'http://127.0.0.1:1/';

beforeAll(async () => {
  api = await startTestApi();
  ({ productId, key } = await api.tenant('orders'));
  ({ key: otherKey } = await api.tenant('others'));
  await api.must('PUT', `/v1/event-types/${TYPE}`, {}, key);
});
afterAll(() => api?.stop());
beforeEach(async () => {
  api.erasing.length = 0;
  customerId = `customer-${++counter}`;
  await api.must('POST', '/v1/customers', { id: customerId, name: 'C' }, key);
  const settings = { customerId, name: 'main', url: URL, eventTypes: [TYPE] };
  subscriptionId = (await api.must('POST', '/v1/subscriptions', settings, key)).id;
});

const erase = (as = key, id = customerId): Promise<Answer> => api.call('DELETE', `/v1/customers/${id}`, { key: as });
const statusOf = async (method: string, path: string, body?: object, as: string = key) =>
  (await api.call(method, path, { key: as, body })).status;

/** As the workflow does at its end. */
async function finish(): Promise<void> {
  const { db } = api.database;
  await db.query({
    text: `update erasures set status = 'completed', phase = 'finished', customer_id = null, finished_at = now() where customer_id = $1`,
    values: [customerId],
  });
  for (const table of ['subscription_secrets', 'subscriptions', 'api_keys', 'oauth_clients', 'portal_sessions'])
    await db.query({
      text: `delete from ${table} where ${table === 'subscription_secrets' ? 'subscription_id in (select id from subscriptions where customer_id = $1)' : 'customer_id = $1'}`,
      values: [customerId],
    });
  await db.query({ text: 'delete from customers where id = $1', values: [customerId] });
}

it('erasing a customer returns an erasure without their id, starts its workflow, and is audited', async () => {
  const { status, body } = await erase();
  expect({ status, body }).toMatchObject({
    status: 202,
    body: { id: expect.stringMatching(/^ers_/), productId, status: 'running', phase: 'cancelling', finishedAt: null },
  });
  expect(new Set(Object.values(body.counts))).toEqual(new Set([0]));
  expect(JSON.stringify(body)).not.toContain(customerId);
  expect(api.erasing).toEqual([body.id]);
  const { items } = await api.must('GET', '/v1/audit?action=customer.erase');
  expect(items[0]).toMatchObject({ object: body.id, detail: {}, productId });
  expect(await api.must('GET', `/v1/erasures/${body.id}`, undefined, key)).toEqual(body);
});

it('erasing a customer again while the erasure runs returns the same erasure and starts nothing', async () => {
  const first = await erase();
  const second = await erase();
  expect(second).toMatchObject({ status: 202, body: { id: first.body.id } });
  expect((await erase(ADMIN_KEY)).body.id).toBe(first.body.id);
  expect(api.erasing).toEqual([first.body.id]);
  const { items } = await api.must('GET', '/v1/erasures?status=running');
  expect((items as { id: string }[]).filter(({ id }) => id === first.body.id)).toHaveLength(1);
});

it('concurrent requests to erase a customer return the same erasure', async () => {
  const answers = await Promise.all([erase(), erase(), erase(), erase()]);
  expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
  expect(api.erasing).toHaveLength(1);
});

it('a customer whose erasure has finished is unknown, and the receipt stays', async () => {
  const { body } = await erase();
  await finish();
  expect((await erase()).status).toBe(404);
  expect(await api.must('GET', `/v1/erasures/${body.id}`, undefined, key)).toMatchObject({
    status: 'completed',
    phase: 'finished',
    finishedAt: expect.any(String),
  });
  await api.must('POST', '/v1/customers', { id: customerId, name: 'Another' }, key);
});

it('a product cannot erase a customer that all products share, or see its erasure', async () => {
  const shared = (await api.must('POST', '/v1/customers', { name: 'Shared' })).id as string;
  expect((await erase(key, shared)).status).toBe(404);
  const { body } = await api.call('DELETE', `/v1/customers/${shared}`);
  expect(body).toMatchObject({ productId: null });
  expect(await statusOf('GET', `/v1/erasures/${body.id}`)).toBe(404);
});

it('a customer of another product cannot be erased, running or not', async () => {
  expect((await erase(otherKey)).status).toBe(404);
  await erase();
  expect((await erase(otherKey)).status).toBe(404);
});

it('a customer who is being erased is not found by any call', async () => {
  const allowlist = { pattern: 'https://x.example', customerId };
  const put = { subscriptions: [{ name: 'other', url: URL, eventTypes: [TYPE] }] };
  const since = '2026-01-02T03:04:05Z';
  const recovery = (await api.must('POST', `/v1/subscriptions/${subscriptionId}/recover`, { since }, key)).id;
  await erase();
  for (const as of [key, ADMIN_KEY]) {
    expect(await statusOf('GET', `/v1/customers/${customerId}`, undefined, as)).toBe(404);
    expect(await statusOf('PATCH', `/v1/customers/${customerId}`, { name: 'D' }, as)).toBe(404);
    expect(await statusOf('PUT', `/v1/customers/${customerId}/subscriptions`, put, as)).toBe(404);
    expect(await statusOf('POST', '/v1/subscriptions', { customerId, ...put.subscriptions[0] }, as)).toBe(422);
    expect(await statusOf('GET', `/v1/subscriptions/${subscriptionId}`, undefined, as)).toBe(404);
    expect(await statusOf('PATCH', `/v1/subscriptions/${subscriptionId}`, { name: 'x' }, as)).toBe(404);
    expect(await statusOf('GET', `/v1/recoveries/${recovery}`, undefined, as)).toBe(404);
    expect(await statusOf('POST', '/v1/portal-sessions', { customerId }, as)).toBe(422);
    expect(await statusOf('POST', '/v1/url-allowlist', allowlist, as)).toBe(422);
  }
  expect(await statusOf('POST', '/v1/api-keys', { name: 'k', role: 'customer', customerId }, ADMIN_KEY)).toBe(422);
  expect(await statusOf('POST', '/v1/customers', { id: customerId, name: 'C' })).toBe(409);
  const ids = (await api.must('GET', '/v1/customers?limit=200')).items.map(({ id }: { id: string }) => id);
  expect(ids).not.toContain(customerId);
});

it('an event for a customer who is being erased is refused like one for an unknown customer', async () => {
  await erase();
  const post = (to: string) => api.call('POST', '/v1/events', { key, body: { type: TYPE, customerId: to, data: {} } });
  const [refused, unknown] = [await post(customerId), await post('nobody')];
  expect(refused).toMatchObject({ status: 422, body: { code: 'unknown-customer' } });
  expect({ ...refused.body, instance: '' }).toEqual({ ...unknown.body, instance: '' });
  const toAll = await api.must('POST', '/v1/events', { type: TYPE, data: {} }, key);
  const reached = toAll.notifications.map(({ subscriptionId: id }: { subscriptionId: string }) => id);
  expect(reached).not.toContain(subscriptionId);
});

it('the credentials of a customer stop working when the erasure is requested', async () => {
  const body = { name: 'k', role: 'customer', customerId };
  const apiKey = (await api.must('POST', '/v1/api-keys', body)).key;
  const client = await api.must('POST', '/v1/oauth-clients', body);
  const form = { grant_type: 'client_credentials', client_id: client.clientId, client_secret: client.clientSecret };
  const token = (await api.must('POST', '/oauth/token', form)).access_token;
  const portal = (await api.must('POST', '/v1/portal-sessions', { customerId }, key)).token;
  const signedIn = await api.call('POST', '/v1/session', { key: null, body: { credential: apiKey } });
  const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!;
  const statuses = async () => [
    ...(await Promise.all([apiKey, token, portal].map((as) => statusOf('GET', '/v1/subscriptions', undefined, as)))),
    (await api.call('GET', '/v1/subscriptions', { key: null, headers: { cookie } })).status,
    await statusOf('POST', '/oauth/token', form, ADMIN_KEY),
  ];
  expect(await statuses()).toEqual([200, 200, 200, 200, 200]);
  await erase();
  expect(await statuses()).toEqual([401, 401, 401, 401, 401]);
});

it('the default customer of a product is created again after it was erased', async () => {
  const { key: own } = await api.must('POST', '/v1/api-keys', { name: 'hooks', role: 'product', productId });
  const put = { url: 'http://127.0.0.1:1/hook', events: [TYPE] };
  await api.must('PUT', '/v1/webhooks', put, own);
  customerId = `webhooks-${productId}`;
  await erase();
  expect(await api.call('PUT', '/v1/webhooks', { key: own, body: put })).toMatchObject({
    status: 409,
    body: { code: 'erasure-running' },
  });
  expect((await api.must('GET', '/v1/webhooks', undefined, own)).count).toBe(0);
  await finish();
  await api.must('PUT', '/v1/webhooks', put, own);
  expect((await api.must('GET', '/v1/webhooks', undefined, own)).count).toBe(1);
});

it('a running recovery of a customer ends when the erasure is requested', async () => {
  const since = '2026-01-02T03:04:05Z';
  await api.must('POST', `/v1/subscriptions/${subscriptionId}/recover`, { since }, key);
  await erase();
  const { rows } = await api.database.db.query<{ status: string }>({
    text: 'select r.status from recoveries r join subscriptions s on s.id = r.subscription_id where s.customer_id = $1',
    values: [customerId],
  });
  expect(rows).toEqual([{ status: 'failed' }]);
});
