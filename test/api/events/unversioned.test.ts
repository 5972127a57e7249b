import { ADMIN_KEY, startTestApi, type TestApi } from '../../support/api';

/** Events that name their type without its version. */
let api: TestApi;
let one: { productId: string; key: string };
let two: { productId: string; key: string };

beforeAll(async () => {
  api = await startTestApi();
  [one, two] = [await api.tenant('one'), await api.tenant('two')];
});
afterAll(() => api?.stop());

const put = (name: string, body: object = {}, key = one.key) => api.must('PUT', `/v1/event-types/${name}`, body, key);
const archive = (name: string) => api.must('POST', `/v1/event-types/${name}/archive`, {}, one.key);
const post = (event: object, as = one.key) => api.call('POST', '/v1/events', { key: as, body: { data: {}, ...event } });
/** @returns the type that an event was stored with, or the code of the problem */
async function storedAs(type: string, as = one.key): Promise<string> {
  const { status, body } = await post({ type }, as);
  return status === 202 ? (await api.must('GET', `/v1/events/${body.id}`)).type : body.code;
}

it('an event without a version is stored as the highest version that is not archived', async () => {
  const name = 'event.claim.created';
  expect(await storedAs(name)).toBe('unknown-event-type');
  await put(`${name}.v1`);
  expect(await storedAs(name)).toBe(`${name}.v1`);
  for (const version of ['v2', 'v10', 'v9']) await put(`${name}.${version}`);
  expect(await storedAs(name)).toBe(`${name}.v10`);
  await archive(`${name}.v10`);
  expect(await storedAs(name)).toBe(`${name}.v9`);
  for (const version of ['v9', 'v2', 'v1']) await archive(`${name}.${version}`);
  expect(await storedAs(name)).toBe('event-type-archived');
  await put(`${name}.v2`);
  expect(await storedAs(name)).toBe(`${name}.v2`);
});

it('subscriptions, schema and repeats are those of the version', async () => {
  const schema = { type: 'object', properties: { n: { type: 'integer' } } };
  await put('order.placed.v1');
  await put('order.placed.v2', { schema });
  await api.must('POST', '/v1/customers', { id: 'c', name: 'C' }, one.key);
  for (const type of ['order.placed.v1', 'order.placed.v2'])
    await api.must(
      'POST',
      '/v1/subscriptions',
      { customerId: 'c', name: type, url: 'http://127.0.0.1:1/', eventTypes: [type] },
      one.key,
    );
  const event = { id: 'order-1', type: 'order.placed', customerId: 'c', data: { n: 1 } };
  const { status, body } = await post(event);
  expect({ status, count: body.notifications.length }).toEqual({ status: 202, count: 1 });
  expect(await api.must('GET', `/v1/notifications/${body.notifications[0].id}`)).toMatchObject({
    eventType: 'order.placed.v2',
  });
  expect(await post({ ...event, id: 'order-2', data: { n: 'x' } })).toMatchObject({
    status: 422,
    body: { code: 'data-breaks-schema', errors: [{ path: '/data/n' }] },
  });
  await put('order.placed.v3');
  expect(await post(event)).toMatchObject({
    status: 200,
    body: { duplicate: true, notifications: body.notifications },
  });
});

it('a type whose full name has no version is found first', async () => {
  await put('ledgerpayment');
  await put('ledgerpayment.v3');
  expect(await storedAs('ledgerpayment')).toBe('ledgerpayment');
});

it("another product's versions, and its unversioned name, have no effect", async () => {
  await put('shared.name.v1');
  await put('shared.name.v2', {}, two.key);
  await put('shared.name', {}, two.key);
  expect(await storedAs('shared.name')).toBe('shared.name.v1');
  await put('only.two.v1', {}, two.key);
  expect(await storedAs('only.two')).toBe('unknown-event-type');
});

it('an admin names the version where several products have the name', async () => {
  await put('split.v1');
  expect(await storedAs('split', ADMIN_KEY)).toBe('split.v1');
  await put('split.v2', {}, two.key);
  expect(await storedAs('split', ADMIN_KEY)).toBe('unknown-event-type');
});

it('a batch and a large event find the version as well', async () => {
  await put('bulk.done.v1');
  const { results } = await api.must(
    'POST',
    '/v1/events/batch',
    {
      events: [
        { type: 'bulk.done', data: {} },
        { type: 'bulk.done.v1', data: {} },
        { type: 'bulk.undone', data: {} },
      ],
    },
    one.key,
  );
  expect(results.map(({ status }: { status: number }) => status)).toEqual([202, 202, 422]);
  const { status, body } = await post({ type: 'bulk.done', data: { text: 'x'.repeat(200_000) } });
  expect({ status, type: (await api.must('GET', `/v1/events/${body.id}`)).type }).toEqual({
    status: 202,
    type: 'bulk.done.v1',
  });
});
