import { startTestApi, type TestApi } from '../support/api';

/** The rules of matching, and the separation of tenants in the catalog. */
let api: TestApi;
let a: { productId: string; key: string };
let b: { productId: string; key: string };
const A_TYPES = ['payment.confirmed.v1', 'payment.confirmed.v2', 'payment.card.confirmed.v1', 'refund.confirmed.v1'];
const B_TYPE = 'payment.other.v1';
const URL = 'http://127.0.0.1:1/';

beforeAll(async () => {
  api = await startTestApi();
  [a, b] = [await api.tenant('A'), await api.tenant('B')];
  for (const type of A_TYPES) await api.must('PUT', `/v1/event-types/${type}`, {}, a.key);
  await api.must('PUT', `/v1/event-types/${B_TYPE}`, {}, b.key);
});
afterAll(() => api?.stop());

const customer = async (key?: string) => (await api.must('POST', '/v1/customers', { name: 'C' }, key)).id as string;

/** Creates a subscription for each name, with its entries. */
async function subscribe(customerId: string, entries: Record<string, object>, key?: string): Promise<void> {
  for (const [name, settings] of Object.entries(entries))
    await api.must('POST', '/v1/subscriptions', { customerId, name, url: URL, eventTypes: ['*'], ...settings }, key);
}

/** Names of the subscriptions that an event notified. */
async function notified(event: object, key: string): Promise<string[]> {
  const { notifications } = await api.must('POST', '/v1/events', { data: {}, ...event }, key);
  const names = await Promise.all(
    notifications.map(
      async ({ subscriptionId }: { subscriptionId: string }) =>
        (await api.must('GET', `/v1/subscriptions/${subscriptionId}`)).name,
    ),
  );
  return names.sort();
}

it.each([
  ['payment.confirmed.v1', ['all', 'last', 'middle', 'name', 'two']],
  ['payment.confirmed.v2', ['all', 'last', 'two']],
  ['payment.card.confirmed.v1', ['all', 'last']],
  ['refund.confirmed.v1', ['all', 'first', 'two']],
])('an event of type %s notifies the subscriptions %j', async (type, names) => {
  const customerId = await customer(a.key);
  await subscribe(
    customerId,
    {
      name: { eventTypes: ['payment.confirmed.v1'] },
      middle: { eventTypes: ['payment.*.v1'] },
      last: { eventTypes: ['payment.*'] },
      all: { eventTypes: ['*'] },
      two: { eventTypes: ['*.confirmed.*', 'refund.confirmed.v1'] },
      first: { eventTypes: ['refund.*.*'] },
      none: { eventTypes: ['confirmed.*', 'Payment.*', 'payment.confirmed.v1.*'] },
    },
    a.key,
  );
  expect(await notified({ type, customerId }, a.key)).toEqual(names);
});

it('a dot in an event type entry matches only a dot', async () => {
  const customerId = await customer(a.key);
  await api.must('PUT', '/v1/event-types/dotXted.v1', {}, a.key);
  await subscribe(customerId, { dotted: { eventTypes: ['dot.ted.*', 'dot-ted.*'] } }, a.key);
  expect(await notified({ type: 'dotXted.v1', customerId }, a.key)).toEqual([]);
});

it('a shared customer is notified by every product that it subscribed to', async () => {
  const customerId = await customer();
  await subscribe(customerId, { 'all products': {} });
  await subscribe(customerId, { 'only A': {} }, a.key);
  await subscribe(customerId, { 'only B': {} }, b.key);
  expect(await notified({ type: A_TYPES[0], customerId }, a.key)).toEqual(['all products', 'only A']);
  expect(await notified({ type: B_TYPE, customerId }, b.key)).toEqual(['all products', 'only B']);
});

it("an event without a customer notifies the product's own and the shared customers only", async () => {
  const [ofA, ofB, shared] = [await customer(a.key), await customer(b.key), await customer()];
  const eventTypes = ['broadcast.*'];
  await api.must('PUT', '/v1/event-types/broadcast.v1', {}, a.key);
  await subscribe(ofA, { 'cast to A': { eventTypes } }, a.key);
  await subscribe(ofB, { 'cast to B': { eventTypes } }, b.key);
  await subscribe(shared, { 'cast to all': { eventTypes } });
  await subscribe(shared, { 'cast to all, for A': { eventTypes } }, a.key);
  await subscribe(shared, { 'cast to all, for B': { eventTypes } }, b.key);
  // The subscriptions of earlier tests are notified too.
  const names = (await notified({ type: 'broadcast.v1' }, a.key)).filter((name) => name.startsWith('cast to'));
  expect(names).toEqual(['cast to A', 'cast to all', 'cast to all, for A']);
});

it('an event without a customer notifies no customer of another product, whoever subscribed it', async () => {
  const ofB = await customer(b.key);
  const { token } = await api.must('POST', '/v1/portal-sessions', { customerId: ofB }, b.key);
  await api.must('PUT', '/v1/event-types/broadcast.v2', {}, a.key);
  // Neither subscription belongs to a product, so their customer alone separates them from A.
  await subscribe(ofB, { 'by admin': {} });
  await subscribe(ofB, { 'by portal': {} }, token);
  const { items } = await api.must('GET', `/v1/subscriptions?customerId=${ofB}`);
  expect(items.map(({ productId }: { productId: string | null }) => productId)).toEqual([null, null]);
  const names = await notified({ type: 'broadcast.v2' }, a.key);
  expect(names.filter((name) => name.startsWith('by '))).toEqual([]);
  await api.must('PUT', '/v1/event-types/broadcast.v3', {}, b.key);
  expect(await notified({ type: 'broadcast.v3' }, b.key)).toEqual(expect.arrayContaining(['by admin', 'by portal']));
});

it("refuses another product's customer exactly like an unknown one", async () => {
  const ofB = await customer(b.key);
  const post = (customerId: string) =>
    api.call('POST', '/v1/events', { key: a.key, body: { type: A_TYPES[0], customerId, data: {} } });
  const [foreign, missing] = [await post(ofB), await post('nobody')];
  expect(foreign).toMatchObject({ status: 422, body: { code: 'unknown-customer' } });
  expect(foreign.body).toEqual(missing.body);
});

it('two products may use the same event id', async () => {
  const customerId = await customer();
  const post = (type: string, key: string) =>
    api.call('POST', '/v1/events', { key, body: { id: 'own-1', type, customerId, data: {} } });
  expect((await post(A_TYPES[0]!, a.key)).status).toBe(202);
  expect((await post(B_TYPE, b.key)).status).toBe(202);
  expect((await api.must('GET', '/v1/events/own-1', undefined, a.key)).type).toBe(A_TYPES[0]);
  expect((await api.must('GET', '/v1/events/own-1', undefined, b.key)).type).toBe(B_TYPE);
});

it('an event is stored exactly as posted', async () => {
  const customerId = await customer(a.key);
  const posted = {
    id: 'kept:1',
    type: A_TYPES[0],
    customerId,
    channels: ['client_1', 'Kanal Ä'],
    timestamp: '2026-03-01T12:00:00.123456+02:00',
    data: { b: 1, a: [null, true, 'ä\u2028'], nested: { '': {} }, big: 1e21 },
    user: { id: 'u-1' },
  };
  await api.must('POST', '/v1/events', posted, a.key);
  const event = await api.must('GET', '/v1/events/kept:1', undefined, a.key);
  expect(event).toMatchObject({ ...posted, timestamp: '2026-03-01T10:00:00.123456Z', productId: a.productId });
  expect(Object.keys(event.data)).toEqual(['b', 'a', 'nested', 'big']);
});

it('matching uses a subscription that was just created or changed', async () => {
  const customerId = await customer(a.key);
  const post = () => notified({ type: A_TYPES[0], customerId }, a.key);
  expect(await post()).toEqual([]);
  await subscribe(customerId, { new: {} }, a.key);
  expect(await post()).toEqual(['new']);
  const { items } = await api.must('GET', `/v1/subscriptions?customerId=${customerId}`, undefined, a.key);
  await api.must('PATCH', `/v1/subscriptions/${items[0].id}`, { eventTypes: ['refund.*'] }, a.key);
  expect(await post()).toEqual([]);
  await api.must('PATCH', `/v1/subscriptions/${items[0].id}`, { eventTypes: ['*'] }, a.key);
  await api.must('DELETE', `/v1/subscriptions/${items[0].id}`, undefined, a.key);
  expect(await post()).toEqual([]);
});
