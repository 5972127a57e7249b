import { startTestApi, type TestApi } from '../../support/api';
import { watch } from '../../support/activity';
import { makeTenant, settings } from '../../support/tenant';

/** What a customer reads of events: only what it was notified of, and only what it receives. */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
let counter = 0;
const DATA = { paymentid: '18142', internal: 'CANARY-internal' };
const USER = { id: 'CANARY-user' };

beforeAll(async () => {
  api = await startTestApi();
  tenant = await makeTenant(api);
});
afterAll(() => api.stop());

async function makeCustomer() {
  const { key } = tenant;
  const { id } = await api.must('POST', '/v1/customers', { name: 'C' }, key);
  const portal = (await api.must('POST', '/v1/portal-sessions', { customerId: id }, key)).token as string;
  const apiKey = (await api.must('POST', '/v1/api-keys', { name: 'c', role: 'customer', customerId: id }))
    .key as string;
  return { id: id as string, credentials: [portal, apiKey] };
}
async function makeType(): Promise<string> {
  const name = `read.${++counter}.v1`;
  await api.must('PUT', `/v1/event-types/${name}`, {}, tenant.key);
  return name;
}
const define = (type: string) =>
  api.must('PUT', `/v1/event-types/${type}/service-definition`, {
    steps: [],
    transform: { language: 'jsonata', expression: '{"id": paymentid}' },
  });
const subscribe = (customerId: string, eventTypes: string[], overrides = {}) =>
  api.must('POST', '/v1/subscriptions', settings({ customerId, eventTypes, ...overrides }), tenant.key);
const post = async (type: string, customerId?: string, overrides: object = {}) =>
  (await api.must('POST', '/v1/events', { type, customerId, data: DATA, user: USER, ...overrides }, tenant.key)).id;

/** Reads an event in every way that the API offers. */
async function read(key: string, id: string, filter = '') {
  const found = await api.call('GET', `/v1/events/${id}`, { key });
  const { items } = await api.must('GET', `/v1/events?limit=200${filter}`, undefined, key);
  const {
    notifications: _,
    notificationCount: __,
    ...single
  } = found.status === 200 ? found.body : { notifications: null };
  const listed = items.find((event: { id: string }) => event.id === id);
  expect(listed).toEqual(found.status === 200 ? single : undefined);
  return found;
}

it('a customer reads the events that it has a notification of, with their data', async () => {
  const type = await makeType();
  const { id: customerId, credentials } = await makeCustomer();
  await subscribe(customerId, [type]);
  const id = await post(type, customerId);
  for (const key of credentials) {
    const { status, body } = await read(key, id, `&customerId=${customerId}&type=${type}`);
    expect([status, body.data, body.user, body.payloadWithheld]).toEqual([200, DATA, USER, false]);
    expect(body.notifications).toHaveLength(1);
  }
});

it('a customer does not read an event of a type or channel that it has no subscription for', async () => {
  const [subscribed, other] = [await makeType(), await makeType()];
  const { id: customerId, credentials } = await makeCustomer();
  await subscribe(customerId, [subscribed], { channels: ['agent_1'] });
  const ids = [
    await post(other, customerId),
    await post(subscribed, customerId, { channels: ['agent_7'] }),
    await post(subscribed, customerId, { id: `chosen-${++counter}` }),
  ];
  for (const key of credentials) {
    for (const id of ids) {
      expect((await read(key, id)).status).toBe(404);
      expect((await read(tenant.key, id)).body.data).toEqual(DATA);
    }
    expect((await api.must('GET', '/v1/events', undefined, key)).items).toEqual([]);
  }
});

it('a customer reads an event to all customers if it was notified of it, and no notification of others', async () => {
  const type = await makeType();
  const [one, two, none] = [await makeCustomer(), await makeCustomer(), await makeCustomer()];
  await subscribe(one.id, [type]);
  await subscribe(two.id, [type]);
  const id = await post(type);
  for (const { id: customerId, credentials } of [one, two]) {
    const { status, body } = await read(credentials[0]!, id);
    expect([status, body.data]).toEqual([200, DATA]);
    expect(body.notifications).toMatchObject([{ customerId }]);
  }
  expect((await read(none.credentials[0]!, id)).status).toBe(404);
});

describe('where what the customer receives is composed', () => {
  it.each([
    ['by a service definition', { defined: true }],
    ['by the transform of its subscription', { transform: true }],
    ['by both', { defined: true, transform: true }],
  ])('%s, data and user are withheld', async (_, how: { defined?: boolean; transform?: boolean }) => {
    const type = await makeType();
    const { id: customerId, credentials } = await makeCustomer();
    const transform = how.transform ? { language: 'jsonata', expression: '{"id": paymentid}' } : null;
    await subscribe(customerId, [type], { transform });
    if (how.defined) await define(type);
    const id = await post(type, customerId);
    for (const key of credentials) {
      const { status, body } = await read(key, id);
      expect([status, body.data, body.user, body.payloadWithheld]).toEqual([200, null, null, true]);
      const all = await Promise.all([
        api.call('GET', '/v1/events?limit=200', { key }),
        api.call('GET', `/v1/notifications/${body.notifications[0].id}`, { key }),
        api.call('GET', '/v1/notifications?limit=200', { key }),
        api.call('GET', `/v1/event-types/${type}`, { key }),
      ]);
      expect(JSON.stringify([body, ...all.map((answer) => answer.body)])).not.toContain('CANARY');
    }
    for (const key of [tenant.key, undefined]) {
      const { body } = await read(key ?? (await adminKey()), id);
      expect([body.data, body.payloadWithheld]).toEqual([DATA, false]);
    }
  });

  it('a definition that came after the event withholds its data, too', async () => {
    const type = await makeType();
    const { id: customerId, credentials } = await makeCustomer();
    await subscribe(customerId, [type]);
    const id = await post(type, customerId);
    await define(type);
    expect((await read(credentials[0]!, id)).body).toMatchObject({ data: null, user: null, payloadWithheld: true });
  });

  it('data is shown if another subscription of the customer gets it unchanged', async () => {
    const type = await makeType();
    const { id: customerId, credentials } = await makeCustomer();
    await subscribe(customerId, [type], { transform: { language: 'jsonata', expression: '{"a": 1}' } });
    await subscribe(customerId, [type]);
    const id = await post(type, customerId);
    expect((await read(credentials[0]!, id)).body).toMatchObject({ data: DATA, payloadWithheld: false });
  });
});

let admin: string | undefined;
const adminKey = async () =>
  (admin ??= (await api.must('POST', '/v1/api-keys', { name: 'a', role: 'admin' })).key as string);

it('the pages of a customer add up to its events, whatever lies between', async () => {
  const [mine, other] = [await makeType(), await makeType()];
  const { id: customerId, credentials } = await makeCustomer();
  await subscribe(customerId, [mine]);
  await subscribe(customerId, [mine]);
  const ids: string[] = [];
  for (let count = 0; count < 5; count++) {
    ids.unshift(await post(mine, customerId));
    await post(other, customerId);
  }
  const seen: string[] = [];
  for (let cursor = ''; ;) {
    const { items, nextCursor } = await api.must('GET', `/v1/events?limit=2${cursor}`, undefined, credentials[0]);
    seen.push(...items.map(({ id }: { id: string }) => id));
    if (nextCursor === null) break;
    cursor = `&cursor=${nextCursor}`;
  }
  expect(seen).toEqual(ids);
});

it('the activity stream shows a customer no event that it was not notified of', async () => {
  const [mine, other] = [await makeType(), await makeType()];
  const { id: customerId, credentials } = await makeCustomer();
  await subscribe(customerId, [mine]);
  const watcher = await watch(api.url, credentials[0]!, {});
  try {
    await post(other, customerId);
    const id = await post(mine, customerId);
    // Events reach the stream in order, so the other one would have come first.
    await watcher.waitFor(1);
    expect(watcher.events.map(({ data }) => data.eventId)).toEqual([id]);
  } finally {
    watcher.close();
  }
});
