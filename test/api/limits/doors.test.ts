import { startTestApi, type Answer, type TestApi } from '../../support/api';
import { startReceiver, type Receiver } from '../../support/receiver';

/** Every call with a limit: the limit holds over HTTP, and others are not affected. */
let api: TestApi;
let receiver: Receiver;
let type: string;
let product: { productId: string; key: string };

beforeAll(async () => {
  api = await startTestApi(undefined, undefined, {
    limits: {
      requests: 40,
      customerRequests: 30,
      events: 1000,
      challenges: 13,
      triggers: 3,
      dryRuns: 3,
      setUps: 3,
      resumes: 3,
    },
    quotas: { subscriptions: 3, eventTypes: 3, portalSessions: 3, credentials: 3 },
  });
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.close();
  await api.stop();
});

let tag = 0;

/** Each test has its own credentials, since the limits of all calls hold as well. */
let admin: string;
beforeEach(async () => {
  tag += 1;
  type = `limited.t${tag}.v1`;
  await api.database.db.query({ text: `delete from api_keys where role = 'admin'` });
  admin = (await api.must('POST', '/v1/api-keys', { name: 'a', role: 'admin' })).key;
  const { id: productId } = await api.must('POST', '/v1/products', { name: `p${tag}`, enabled: true }, admin);
  const { key } = await api.must('POST', '/v1/api-keys', { name: 'k', role: 'product', productId }, admin);
  product = { productId, key };
  await api.must('PUT', `/v1/event-types/${type}`, {}, key);
});

async function customer(name: string): Promise<{ customerId: string; key: string; subscriptionId: string }> {
  const { id: customerId } = await api.must('POST', '/v1/customers', { id: `${name}-${tag}`, name }, product.key);
  const { key } = await api.must('POST', '/v1/api-keys', { name, role: 'customer', customerId }, admin);
  const subscription = { customerId, name: 'main', url: receiver.url('/hook'), eventTypes: [type] };
  const { id: subscriptionId } = await api.must('POST', '/v1/subscriptions', subscription, product.key);
  return { customerId, key, subscriptionId };
}

async function statuses(count: number, call: () => Promise<Answer>): Promise<number[]> {
  const seen: number[] = [];
  for (let done = 0; done < count; done++) seen.push((await call()).status);
  return seen;
}

function expectRefused({ status, body, headers }: Answer, limit: string): void {
  expect({ status, code: body.code }).toEqual({ status: 429, code: 'too-many-requests' });
  expect(headers.get('ratelimit-policy')).toMatch(new RegExp(`^"${limit}";q=\\d+;w=\\d+$`));
  expect(headers.get('ratelimit')).toMatch(new RegExp(`^"${limit}";r=\\d+;t=\\d+$`));
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
}

it('limits the requests of one credential', async () => {
  const list = (key: string) => () => api.call('GET', '/v1/products', { key });
  const { key: other } = await api.must(
    'POST',
    '/v1/api-keys',
    { name: 'other', role: 'product', productId: product.productId },
    admin,
  );
  const first = await list(other)();
  expect(first.headers.get('ratelimit')).toBe('"requests";r=39;t=10');
  expect(await statuses(39, list(other))).toEqual(Array(39).fill(200));
  expectRefused(await list(other)(), 'requests');
  expect((await list(product.key)()).status).toBe(200);
});

it('limits the requests of all credentials of one customer together', async () => {
  const { customerId, key } = await customer('crowd');
  const calm = await customer('calm');
  const { token } = await api.must('POST', '/v1/portal-sessions', { customerId }, product.key);
  const list = (credential: string) => () => api.call('GET', '/v1/subscriptions', { key: credential });
  expect(await statuses(15, list(key))).toEqual(Array(15).fill(200));
  expect(await statuses(15, list(token))).toEqual(Array(15).fill(200));
  expectRefused(await list(token)(), 'customer-requests');
  expectRefused(await list(key)(), 'customer-requests');
  expect((await list(calm.key)()).status).toBe(200);
});

it('limits the events of one credential, and counts each event of a batch', async () => {
  const events = (count: number) => ({ events: Array.from({ length: count }, () => ({ type, data: {} })) });
  const post = (count: number, key: string) => api.call('POST', '/v1/events/batch', { key, body: events(count) });
  expect((await post(999, product.key)).status).toBe(202);
  expectRefused(await post(2, product.key), 'events');
  expect((await api.call('POST', '/v1/events', { key: product.key, body: { type, data: {} } })).status).toBe(202);
  expectRefused(await api.call('POST', '/v1/events', { key: product.key, body: { type, data: {} } }), 'events');
  expect((await post(1, admin)).status).toBe(202);
});

it('limits challenges to 10 a minute for a subscription, and in total for a customer', async () => {
  const { customerId, subscriptionId } = await customer('challenged');
  const settings = { customerId, name: 'second', url: receiver.url('/hook'), eventTypes: [type] };
  const { id: second } = await api.must('POST', '/v1/subscriptions', settings, product.key);
  const other = await customer('unchallenged');
  const challenge = (id: string) => () =>
    api.call('POST', `/v1/subscriptions/${id}/challenge`, { key: admin, body: {} });
  expect(await statuses(10, challenge(subscriptionId))).toEqual(Array(10).fill(200));
  expectRefused(await challenge(subscriptionId)(), 'subscription-challenges');
  expect(await statuses(3, challenge(second))).toEqual([200, 200, 200]);
  expectRefused(await challenge(second)(), 'challenges');
  expect((await challenge(other.subscriptionId)()).status).toBe(200);
});

it('allows one challenge in flight for a subscription', async () => {
  const { subscriptionId } = await customer('slow');
  const other = await customer('quick');
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  receiver.answerWith(async () => {
    await released;
    return { status: 200 };
  });
  const before = receiver.requests.length;
  const challenge = (id: string) => api.call('POST', `/v1/subscriptions/${id}/challenge`, { key: admin, body: {} });
  const first = challenge(subscriptionId);
  await receiver.waitFor(before + 1);
  const second = await challenge(subscriptionId);
  expect(second).toMatchObject({ status: 429, body: { code: 'too-many-requests' } });
  const elsewhere = challenge(other.subscriptionId);
  await receiver.waitFor(before + 2);
  release();
  expect([(await first).status, (await elsewhere).status]).toEqual([200, 200]);
  expect((await challenge(subscriptionId)).status).toBe(200);
});

it('limits the triggers of one customer', async () => {
  const { subscriptionId } = await customer('triggered');
  const other = await customer('untriggered');
  const trigger = (id: string) => () =>
    api.call('POST', `/v1/subscriptions/${id}/trigger`, { key: admin, body: { data: {} } });
  expect(await statuses(3, trigger(subscriptionId))).toEqual([202, 202, 202]);
  expectRefused(await trigger(subscriptionId)(), 'triggers');
  expect((await trigger(other.subscriptionId)()).status).toBe(202);
});

it('limits the dry runs of one customer, on a subscription or without one', async () => {
  const { customerId, subscriptionId } = await customer('trying');
  const other = await customer('resting');
  const transform = { language: 'jsonata', expression: '{"a": 1}' };
  const body = { type, data: {}, transform };
  const saved = (id: string) => () =>
    api.call('POST', `/v1/subscriptions/${id}/transform/dry-run`, { key: admin, body });
  const draft = () => api.call('POST', `/v1/customers/${customerId}/transform/dry-run`, { key: admin, body });
  expect(await statuses(2, saved(subscriptionId))).toEqual([200, 200]);
  expect((await draft()).status).toBe(200);
  expectRefused(await draft(), 'dry-runs');
  expectRefused(await saved(subscriptionId)(), 'dry-runs');
  expect((await saved(other.subscriptionId)()).status).toBe(200);
});

it("limits the calls that set up all of a customer's subscriptions", async () => {
  const { customerId } = await customer('set-up');
  const other = await customer('steady');
  const setUp = (id: string) => () =>
    api.call('PUT', `/v1/customers/${id}/subscriptions`, { key: admin, body: { subscriptions: [] } });
  expect(await statuses(3, setUp(customerId))).toEqual([200, 200, 200]);
  expectRefused(await setUp(customerId)(), 'set-ups');
  expect((await setUp(other.customerId)()).status).toBe(200);
});

it('limits how often a credential resumes the activity stream', async () => {
  const watch = async (lastEventId?: string) => {
    const stop = new AbortController();
    const response = await fetch(`${api.url}/v1/activity`, {
      headers: { 'x-api-key': product.key, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
      signal: stop.signal,
    });
    if (response.status !== 200) return { response, id: '' };
    const { value } = await response.body!.getReader().read();
    stop.abort();
    return { response, id: /^id: ?(.+)$/m.exec(Buffer.from(value!).toString())![1]! };
  };
  const { id } = await watch();
  for (let round = 0; round < 3; round++) expect((await watch(id)).response.status).toBe(200);
  const { response } = await watch(id);
  expectRefused({ status: response.status, headers: response.headers, body: await response.json() }, 'resumes');
  expect((await watch()).response.status).toBe(200);
});

it('counts invalid credentials by address, and never refuses a valid one', async () => {
  const call = (key: string, address: string) =>
    api.call('GET', '/v1/products', { key, headers: { 'x-forwarded-for': address } });
  for (let guess = 0; guess < 300; guess++) {
    expect((await call(`guess-${guess}`, '203.0.113.1')).status).toBe(401);
  }
  expectRefused(await call('guess', '203.0.113.1'), 'failed-credentials');
  expect((await call('guess', '203.0.113.2')).status).toBe(401);
  expect((await call(product.key, '203.0.113.1')).status).toBe(200);
});

it('counts invalid OAuth clients by address', async () => {
  const token = (address: string) =>
    api.call('POST', '/oauth/token', {
      key: null,
      headers: { 'x-forwarded-for': address },
      body: { grant_type: 'client_credentials', client_id: 'unknown', client_secret: 'x' },
    });
  expect(await statuses(300, () => token('203.0.113.3'))).toEqual(Array(300).fill(401));
  expectRefused(await token('203.0.113.3'), 'failed-credentials');
  expect((await token('203.0.113.4')).status).toBe(401);
});

describe('quotas', () => {
  const exceeded = { status: 409, body: { code: 'quota-exceeded' } };

  it('limit the subscriptions of a customer, also if they are created concurrently', async () => {
    const { customerId } = await customer('many');
    const create = (of: string, name: string) =>
      api.call('POST', '/v1/subscriptions', {
        key: product.key,
        body: { customerId: of, name, url: receiver.url('/hook'), eventTypes: [type] },
      });
    const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => create(customerId, name)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)).toMatchObject(exceeded);
    const other = await customer('few');
    expect((await create(other.customerId, 'a')).status).toBe(201);
    const { items } = await api.must('GET', `/v1/subscriptions?customerId=${customerId}`, undefined, product.key);
    await api.call('DELETE', `/v1/subscriptions/${items[0].id}`, { key: product.key });
    expect((await create(customerId, 'again')).status).toBe(201);
  });

  it('limit the subscriptions of one set-up, which then changes nothing', async () => {
    const { customerId } = await customer('whole');
    const settings = (name: string) => ({ name, url: receiver.url('/hook'), eventTypes: [type] });
    const put = (names: string[]) =>
      api.call('PUT', `/v1/customers/${customerId}/subscriptions`, {
        key: product.key,
        body: { subscriptions: names.map(settings) },
      });
    expect(await put(['a', 'b', 'c', 'd'])).toMatchObject(exceeded);
    const { items } = await api.must('GET', `/v1/subscriptions?customerId=${customerId}`, undefined, product.key);
    expect(items.map(({ name }: { name: string }) => name)).toEqual(['main']);
    expect((await put(['a', 'b', 'c'])).status).toBe(200);
  });

  it('limit the event types of a product, and archived ones do not count', async () => {
    const put = (name: string) => api.call('PUT', `/v1/event-types/${name}`, { key: product.key, body: {} });
    const names = ['a', 'b', 'c'].map((part) => `limited.t${tag}${part}.v1`);
    expect(await statuses(2, () => put(names.shift()!))).toEqual([201, 201]);
    expect(await put(names[0]!)).toMatchObject(exceeded);
    expect((await put(type)).status).toBe(200);
    await api.must('POST', `/v1/event-types/${type}/archive`, {}, product.key);
    expect((await put(names[0]!)).status).toBe(201);
    expect(await put(type)).toMatchObject(exceeded);
  });

  it('limit the active portal sessions of a customer', async () => {
    const { customerId } = await customer('portal');
    const other = await customer('no-portal');
    const open = (of: string) => () =>
      api.call('POST', '/v1/portal-sessions', { key: product.key, body: { customerId: of } });
    expect(await statuses(3, open(customerId))).toEqual([201, 201, 201]);
    expect(await open(customerId)()).toMatchObject(exceeded);
    expect((await open(other.customerId)()).status).toBe(201);
  });

  it('limit the active credentials of an owner, keys and clients together', async () => {
    const create = (path: string) => () =>
      api.call('POST', path, { key: admin, body: { name: 'x', role: 'product', productId: product.productId } });
    expect((await create('/v1/api-keys')()).status).toBe(201);
    const client = await create('/v1/oauth-clients')();
    expect(client.status).toBe(201);
    expect(await create('/v1/oauth-clients')()).toMatchObject(exceeded);
    expect(await create('/v1/api-keys')()).toMatchObject(exceeded);
    await api.call('DELETE', `/v1/oauth-clients/${client.body.clientId}`, { key: admin });
    expect((await create('/v1/api-keys')()).status).toBe(201);
  });
});
