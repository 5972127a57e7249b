import { startTestApi, type TestApi } from '../../support/api';

/** Events for customers that a product does not have, which it may refuse or accept. */
let api: TestApi;
let open: { productId: string; key: string };
let other: { productId: string; key: string };
const TYPE = 'visit.ended.v1';
const URL = 'http://127.0.0.1:1/';

beforeAll(async () => {
  api = await startTestApi();
  [open, other] = [await api.tenant('open'), await api.tenant('other')];
  await api.must('PUT', `/v1/event-types/${TYPE}`, {}, open.key);
  await api.must('PATCH', `/v1/products/${open.productId}`, { unknownCustomers: 'accept' });
  await api.must('POST', '/v1/customers', { id: 'known', name: 'Known' }, open.key);
  await api.must('POST', '/v1/customers', { id: 'foreign', name: 'Foreign' }, other.key);
  for (const [customerId, key] of [
    ['known', open.key],
    ['foreign', other.key],
  ] as const)
    await api.must('POST', '/v1/subscriptions', { customerId, name: 'all', url: URL, eventTypes: ['*'] }, key);
  // As an admin makes a subscription: bound to no product.
  await api.must('POST', '/v1/subscriptions', { customerId: 'foreign', name: 'any', url: URL, eventTypes: ['*'] });
});
afterAll(() => api?.stop());

const post = (event: object) =>
  api.call('POST', '/v1/events', { key: open.key, body: { type: TYPE, data: { n: 1 }, ...event } });

it('a product refuses them by default, and a change of the setting is audited', async () => {
  expect(await api.must('GET', `/v1/products/${other.productId}`)).toMatchObject({ unknownCustomers: 'refuse' });
  const { items } = await api.must('GET', '/v1/audit?action=product.change');
  expect(items[0].changes).toEqual({ unknownCustomers: { from: 'refuse', to: 'accept' } });
  expect(
    await api.call('PATCH', `/v1/products/${open.productId}`, { body: { unknownCustomers: 'drop' } }),
  ).toMatchObject({
    status: 422,
    body: { errors: [{ path: '/unknownCustomers' }] },
  });
  await api.must('PATCH', `/v1/products/${open.productId}`, { unknownCustomers: 'refuse' });
  expect(await post({ customerId: 'nobody' })).toMatchObject({
    status: 422,
    body: { code: 'unknown-customer', errors: [{ path: '/customerId' }] },
  });
  await api.must('PATCH', `/v1/products/${open.productId}`, { unknownCustomers: 'accept' });
});

it('an accepted event has no notifications, and its product reads it', async () => {
  const { status, body } = await post({ id: 'first', customerId: 'nobody' });
  expect({ status, body }).toEqual({ status: 202, body: { id: 'first', duplicate: false, notifications: [] } });
  expect(await api.must('GET', '/v1/events/first', undefined, open.key)).toMatchObject({
    customerId: 'nobody',
    data: { n: 1 },
    notifications: [],
  });
  const { items } = await api.must('GET', '/v1/events?customerId=nobody', undefined, open.key);
  expect(items).toHaveLength(1);
  expect((await api.call('GET', '/v1/events/first', { key: other.key })).status).toBe(404);
  expect((await post({ id: 'first', customerId: 'nobody' })).body).toMatchObject({ duplicate: true });
});

it("an event that names another product's customer notifies none of its subscriptions", async () => {
  const { status, body } = await post({ id: 'strange', customerId: 'foreign' });
  expect({ status, notifications: body.notifications }).toEqual({ status: 202, notifications: [] });
  const portal = await api.must('POST', '/v1/portal-sessions', { customerId: 'foreign' }, other.key);
  expect((await api.call('GET', '/v1/events/strange', { key: portal.token })).status).toBe(404);
  expect((await api.must('GET', '/v1/events', undefined, portal.token)).items).toEqual([]);
});

it('known customers are notified as always, in the same batch', async () => {
  const events = ['known', 'nobody', 'foreign'].map((customerId) => ({ type: TYPE, data: {}, customerId }));
  const { results } = await api.must('POST', '/v1/events/batch', { events }, open.key);
  expect(results.map(({ notifications }: { notifications: object[] }) => notifications.length)).toEqual([1, 0, 0]);
});

it('customers with audience product are notified of an event for an unknown customer', async () => {
  await api.must('POST', '/v1/customers', { id: 'all', name: 'All', audience: 'product' }, open.key);
  await api.must(
    'POST',
    '/v1/subscriptions',
    { customerId: 'all', name: 'all', url: URL, eventTypes: ['*'] },
    open.key,
  );
  expect((await post({ customerId: 'nobody' })).body.notifications).toHaveLength(1);
  await api.must('DELETE', '/v1/customers/all', undefined, open.key);
});

it('an event for a customer who is being erased is refused', async () => {
  await api.must('DELETE', '/v1/customers/known', undefined, open.key);
  expect(await post({ customerId: 'known' })).toMatchObject({ status: 422, body: { code: 'unknown-customer' } });
});
