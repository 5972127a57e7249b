import { startTestApi, type TestApi } from '../../support/api';

/** Event types that only customers with certain capabilities may get. */
let api: TestApi;
let one: { productId: string; key: string };
const OPEN = 'queue.changed.v1';
const VENDORS = 'draft.validated.v1';
const DYNAMIC = 'draft.dynamic.v1';
const URL = 'http://127.0.0.1:1/';

beforeAll(async () => {
  api = await startTestApi();
  one = await api.tenant('marketplace');
  await api.must('PUT', `/v1/event-types/${OPEN}`, {}, one.key);
  await api.must('PUT', `/v1/event-types/${VENDORS}`, { requires: ['vendor'] }, one.key);
  await api.must(
    'PUT',
    `/v1/event-types/${DYNAMIC}`,
    { requires: ['vendor', 'dynamic-validation', 'vendor'] },
    one.key,
  );
});
afterAll(() => api?.stop());

let counter = 0;
const customer = async (capabilities?: string[]) =>
  (await api.must('POST', '/v1/customers', { name: 'C', capabilities }, one.key)).id as string;
const settings = (eventTypes: string[]) => ({ name: `s${++counter}`, url: URL, eventTypes });
const subscribe = (customerId: string, eventTypes: string[], key = one.key) =>
  api.call('POST', '/v1/subscriptions', { key, body: { customerId, ...settings(eventTypes) } });
const count = async (type: string, customerId?: string) =>
  (await api.must('POST', '/v1/events', { type, customerId, data: {} }, one.key)).notifications.length as number;
const refused = (path: string, message: string) => ({
  status: 422,
  body: { code: 'capability-required', errors: [{ path, message }] },
});

it('a customer without the capability may not subscribe to the type, in any call', async () => {
  const id = await customer(['vendor']);
  const message = `${DYNAMIC} requires dynamic-validation`;
  expect((await subscribe(id, [OPEN, VENDORS])).status).toBe(201);
  expect(await subscribe(id, [OPEN, DYNAMIC])).toMatchObject(refused('/eventTypes', message));
  const { body } = await subscribe(id, [OPEN]);
  const portal = await api.must('POST', '/v1/portal-sessions', { customerId: id }, one.key);
  expect(await subscribe(id, [DYNAMIC], portal.token)).toMatchObject(refused('/eventTypes', message));
  expect(
    await api.call('PATCH', `/v1/subscriptions/${body.id}`, { key: one.key, body: { eventTypes: [OPEN, DYNAMIC] } }),
  ).toMatchObject(refused('/eventTypes', message));
  expect(
    await api.call('PUT', `/v1/customers/${id}/subscriptions`, {
      key: one.key,
      body: { subscriptions: [settings([OPEN]), settings([DYNAMIC])] },
    }),
  ).toMatchObject(refused('/subscriptions/1/eventTypes', message));
  expect(
    await api.call('PUT', '/v1/webhooks', { key: one.key, body: { customerId: id, url: URL, events: [DYNAMIC] } }),
  ).toMatchObject(refused('/events', message));
  expect(await subscribe(await customer(), [DYNAMIC])).toMatchObject(
    refused('/eventTypes', `${DYNAMIC} requires dynamic-validation, vendor`),
  );
});

it('a pattern matches only types that the customer may get, as its capabilities are at the event', async () => {
  const id = await customer();
  await subscribe(id, ['*']);
  expect([await count(OPEN, id), await count(VENDORS, id), await count(DYNAMIC, id)]).toEqual([1, 0, 0]);
  const give = (capabilities: string[]) => api.must('PATCH', `/v1/customers/${id}`, { capabilities }, one.key);
  await give(['vendor']);
  expect([await count(OPEN, id), await count(VENDORS, id), await count(DYNAMIC, id)]).toEqual([1, 1, 0]);
  expect(await give(['vendor', 'dynamic-validation', 'vendor'])).toMatchObject({
    capabilities: ['dynamic-validation', 'vendor'],
  });
  expect(await count(DYNAMIC, id)).toBe(1);
  await give([]);
  expect([await count(OPEN, id), await count(VENDORS, id), await count(DYNAMIC, id)]).toEqual([1, 0, 0]);
});

it('an event for all customers notifies those with the capability only', async () => {
  const before = await count(VENDORS);
  await subscribe(await customer(['vendor']), ['*']);
  await subscribe(await customer(['dealer']), ['*']);
  expect(await count(VENDORS)).toBe(before + 1);
});

it('neither Trigger Now nor the list of subscriptions by type matches a type that the customer may not get', async () => {
  const id = await customer();
  const { body } = await subscribe(id, ['*']);
  const trigger = (type: string) =>
    api.call('POST', `/v1/subscriptions/${body.id}/trigger`, { key: one.key, body: { type } });
  expect(await trigger(VENDORS)).toMatchObject({ status: 422, body: { code: 'unknown-event-type' } });
  expect((await trigger(OPEN)).status).toBe(202);
  const listed = async (type: string) =>
    (await api.must('GET', `/v1/subscriptions?customerId=${id}&eventType=${type}`, undefined, one.key)).items.length;
  expect([await listed(OPEN), await listed(VENDORS)]).toEqual([1, 0]);
});

it('a restriction stays where a later change of the type does not mention it', async () => {
  await api.must('PUT', `/v1/event-types/${VENDORS}`, { description: 'Changed' }, one.key);
  expect(await api.must('GET', `/v1/event-types/${VENDORS}`)).toMatchObject({ requires: ['vendor'] });
  await api.must('PUT', '/v1/event-types/lifted.v1', { requires: ['vendor'] }, one.key);
  await api.must('PUT', '/v1/event-types/lifted.v1', { requires: [] }, one.key);
  expect(await api.must('GET', '/v1/event-types/lifted.v1')).toMatchObject({ requires: [] });
  expect((await subscribe(await customer(), ['lifted.v1'])).status).toBe(201);
});

it('a customer cannot give itself a capability', async () => {
  const id = await customer();
  const portal = await api.must('POST', '/v1/portal-sessions', { customerId: id }, one.key);
  const body = { capabilities: ['vendor'] };
  expect((await api.call('PATCH', `/v1/customers/${id}`, { key: portal.token, body })).status).toBe(403);
});

it('the catalog of a customer has only the types that its capabilities allow', async () => {
  const id = await customer(['vendor']);
  const portal = await api.must('POST', '/v1/portal-sessions', { customerId: id }, one.key);
  const key = await api.must('POST', '/v1/api-keys', { name: 'c', role: 'customer', customerId: id });
  const namesOf = async (credential: string, query = '') =>
    (await api.must('GET', `/v1/event-types?limit=200${query}`, undefined, credential)).items.map(
      ({ name }: { name: string }) => name,
    ) as string[];
  const documentOf = async (credential: string) =>
    JSON.stringify(await api.must('GET', '/asyncapi.json', undefined, credential));
  const statusOf = async (name: string, credential: string) =>
    (await api.call('GET', `/v1/event-types/${name}`, { key: credential })).status;
  for (const credential of [portal.token as string, key.key as string]) {
    expect(await namesOf(credential)).toEqual(expect.arrayContaining([OPEN, VENDORS]));
    expect(await namesOf(credential)).not.toContain(DYNAMIC);
    expect(await namesOf(credential, '&q=dynamic')).toEqual([]);
    expect(await documentOf(credential)).toContain(VENDORS);
    expect(await documentOf(credential)).not.toContain(DYNAMIC);
    expect([await statusOf(VENDORS, credential), await statusOf(DYNAMIC, credential)]).toEqual([200, 404]);
  }
  // The owning product sees everything.
  expect(await namesOf(one.key)).toEqual(expect.arrayContaining([OPEN, VENDORS, DYNAMIC]));
  expect(await documentOf(one.key)).toContain(DYNAMIC);
  await api.must('PATCH', `/v1/customers/${id}`, { capabilities: ['vendor', 'dynamic-validation'] }, one.key);
  expect(await namesOf(portal.token)).toContain(DYNAMIC);
});

it('the catalog of a customer that all products share has only the types that its capabilities allow', async () => {
  const { id } = await api.must('POST', '/v1/customers', { name: 'shared' });
  const { key } = await api.must('POST', '/v1/api-keys', { name: 's', role: 'customer', customerId: id });
  const statusOf = async (name: string) => (await api.call('GET', `/v1/event-types/${name}`, { key })).status;
  expect([await statusOf(OPEN), await statusOf(VENDORS)]).toEqual([200, 404]);
});
