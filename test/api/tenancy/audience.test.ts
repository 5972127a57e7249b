import { ADMIN_KEY, startTestApi, type TestApi } from '../../support/api';

/** Customers whose subscriptions get their product's events for every customer. */
let api: TestApi;
let one: { productId: string; key: string };
let two: { productId: string; key: string };
const TYPE = 'payment.made.v1';
const OTHER_TYPE = 'refund.made.v1';
const URL = 'http://127.0.0.1:1/';

beforeAll(async () => {
  api = await startTestApi();
  [one, two] = [await api.tenant('one'), await api.tenant('two')];
  await api.must('PUT', `/v1/event-types/${TYPE}`, {}, one.key);
  await api.must('PUT', `/v1/event-types/${OTHER_TYPE}`, {}, two.key);
  for (const [id, audience] of [
    ['brand', 'product'],
    ['client', 'self'],
    ['agent', undefined],
  ] as const)
    await api.must('POST', '/v1/customers', { id, name: id, audience }, one.key);
  await api.must('POST', '/v1/customers', { id: 'stranger', name: 'Stranger', audience: 'product' }, two.key);
  for (const [customerId, key] of [
    ['brand', one.key],
    ['client', one.key],
    ['agent', one.key],
    // As an admin makes a subscription: bound to no product.
    ['stranger', ADMIN_KEY],
  ] as const)
    await subscribe(customerId, {}, key);
});
afterAll(() => api?.stop());

let counter = 0;
const subscribe = (customerId: string, settings: object, key = one.key) =>
  api.must(
    'POST',
    '/v1/subscriptions',
    { customerId, name: `s${++counter}`, url: URL, eventTypes: ['*'], ...settings },
    key,
  );
const post = (event: object, key = one.key) => api.must('POST', '/v1/events', { type: TYPE, data: {}, ...event }, key);
async function notified(event: object, key = one.key): Promise<string[]> {
  const { notifications } = await post(event, key);
  const customers = await Promise.all(
    notifications.map(async ({ id }: { id: string }) => (await api.must('GET', `/v1/notifications/${id}`)).customerId),
  );
  return customers.sort();
}
const patch = (id: string, body: object, key?: string) => api.call('PATCH', `/v1/customers/${id}`, { key, body });

it('a customer with audience product gets the events of its product for every customer', async () => {
  expect(await notified({ customerId: 'client' })).toEqual(['brand', 'client']);
  expect(await notified({ customerId: 'agent' })).toEqual(['agent', 'brand']);
});

it('an event for the customer itself, or for all customers, notifies each subscription once', async () => {
  expect(await notified({ customerId: 'brand' })).toEqual(['brand']);
  expect(await notified({})).toEqual(['agent', 'brand', 'client']);
});

it('a batch with events for one customer and for all notifies each subscription once', async () => {
  const events = [{ customerId: 'client' }, {}, { customerId: 'brand' }].map((event) => ({
    type: TYPE,
    data: {},
    ...event,
  }));
  const { results } = await api.must('POST', '/v1/events/batch', { events }, one.key);
  expect(results.map(({ notifications }: { notifications: object[] }) => notifications.length)).toEqual([2, 3, 1]);
});

it('no event of another product reaches a customer with audience product', async () => {
  expect(await notified({ type: OTHER_TYPE, customerId: 'stranger' }, two.key)).toEqual(['stranger']);
  expect(await notified({ customerId: 'client' })).not.toContain('stranger');
});

it('channels narrow what a subscription of such a customer gets', async () => {
  const { id } = await subscribe('brand', { channels: ['client_7'] });
  const subscriptionsOf = async (event: object) =>
    (await post({ customerId: 'client', ...event })).notifications.map(
      ({ subscriptionId }: { subscriptionId: string }) => subscriptionId,
    );
  expect(await subscriptionsOf({ channels: ['client_7'] })).toContain(id);
  expect(await subscriptionsOf({ channels: ['client_8'] })).not.toContain(id);
  expect(await subscriptionsOf({})).not.toContain(id);
  await api.must('DELETE', `/v1/subscriptions/${id}`, undefined, one.key);
});

it('the customer reads the events that it was notified of, and no others', async () => {
  const portal = await api.must('POST', '/v1/portal-sessions', { customerId: 'brand' }, one.key);
  const bystander = await api.must('POST', '/v1/portal-sessions', { customerId: 'agent' }, one.key);
  const { id } = await post({ customerId: 'client', data: { n: 1 } });
  const seen = await api.must('GET', `/v1/events/${id}`, undefined, portal.token);
  expect(seen).toMatchObject({ customerId: 'client', data: { n: 1 }, notifications: [{ customerId: 'brand' }] });
  expect(seen.notifications).toHaveLength(1);
  expect((await api.call('GET', `/v1/events/${id}`, { key: bystander.token })).status).toBe(404);
});

it('the audience changes with the next event, by an admin or the owning product, and is audited', async () => {
  expect(await patch('agent', { audience: 'product' }, one.key)).toMatchObject({
    status: 200,
    body: { id: 'agent', audience: 'product' },
  });
  expect(await notified({ customerId: 'client' })).toEqual(['agent', 'brand', 'client']);
  expect((await patch('agent', { audience: 'self' })).body.audience).toBe('self');
  expect(await notified({ customerId: 'client' })).toEqual(['brand', 'client']);
  const { items } = await api.must('GET', '/v1/audit?action=customer.change');
  expect(items[0]).toMatchObject({ object: 'agent', changes: { audience: { from: 'product', to: 'self' } } });
  expect((await patch('agent', { audience: 'product' }, two.key)).status).toBe(404);
});

it('a shared customer has no product whose events it could get', async () => {
  const refused = { status: 422, body: { code: 'validation-failed', errors: [{ path: '/audience' }] } };
  const body = { id: 'shared', name: 'Shared' };
  expect(await api.call('POST', '/v1/customers', { body: { ...body, audience: 'product' } })).toMatchObject(refused);
  await api.must('POST', '/v1/customers', body);
  expect(await patch('shared', { audience: 'product' })).toMatchObject(refused);
});

it('a customer who is being erased gets no more events of its product', async () => {
  await api.must('POST', '/v1/customers', { id: 'leaving', name: 'L', audience: 'product' }, one.key);
  await subscribe('leaving', {});
  expect(await notified({ customerId: 'client' })).toContain('leaving');
  await api.must('DELETE', '/v1/customers/leaving', undefined, one.key);
  expect(await notified({ customerId: 'client' })).toEqual(['brand', 'client']);
});
