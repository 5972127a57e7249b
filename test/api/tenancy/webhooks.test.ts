import { decodeId } from '../../../src/domain/ids';
import { startTestApi, type TestApi } from '../../support/api';

/** Webhooks by URL: whose default customer they belong to, and who may claim its id. */
let api: TestApi;
let one: { productId: string; key: string };
let two: { productId: string; key: string };
const TYPE = 'hook.happened.v1';

beforeAll(async () => {
  api = await startTestApi();
  one = await api.tenant('one');
  two = await api.tenant('two');
  await api.must('PUT', `/v1/event-types/${TYPE}`, {}, one.key);
});
afterAll(() => api.stop());

const url = (path: string) => `http://127.0.0.1:1/${path}`;
const keyOf = async (body: object) => (await api.must('POST', '/v1/api-keys', { name: 'k', ...body })).key as string;
const put = (body: object, key = one.key) =>
  api.must('PUT', '/v1/webhooks', { events: [TYPE], url: url('hook'), ...body }, key);
const list = async (key = one.key, query = '') =>
  (await api.must('GET', `/v1/webhooks${query}`, undefined, key)).webHooks;

it.each(['webhooks-bootstrap', 'webhooks-key_01m8g4', 'webhooks-cli_01m8g4', 'webhooks-', 'webhooks-one'])(
  'nobody may create a customer with the reserved id %s',
  async (id) => {
    for (const key of [undefined, two.key]) {
      const { status, body } = await api.call('POST', '/v1/customers', { key, body: { id, name: 'C' } });
      expect([status, body.code, body.errors?.[0].path]).toEqual([422, 'validation-failed', '/id']);
    }
  },
);

it("another product's customer with the id of a default customer is not used, and the caller learns why", async () => {
  // As a customer that existed before the prefix was reserved.
  for (const owner of [two.productId, null]) {
    const { productId, key } = await api.tenant('squatted');
    await api.pools.db.query({
      text: 'insert into customers (id, name, product_id) values ($1, $1, $2)',
      values: [`webhooks-${productId}`, owner],
    });
    const { status, body } = await api.call('PUT', '/v1/webhooks', {
      key,
      body: { events: ['*'], url: url('hook'), secret: 'very-secret' },
    });
    expect([status, body.code]).toEqual([409, 'already-exists']);
    const { rows } = await api.pools.db.query({
      text: 'select from subscriptions where customer_id = $1',
      values: [`webhooks-${productId}`],
    });
    expect(rows).toEqual([]);
  }
});

it('every credential of a product manages the same webhooks, so rotating a client loses nothing', async () => {
  await put({});
  const { clientId, clientSecret } = await api.must('POST', '/v1/oauth-clients', {
    name: 'c',
    role: 'product',
    productId: one.productId,
  });
  const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
  const { access_token } = await api.must('POST', '/oauth/token', form);
  const headers = { authorization: `Bearer ${access_token}` };
  const seen = await api.call('GET', '/v1/webhooks', { key: null, headers });
  expect(seen.body.webHooks).toEqual([{ events: [TYPE], url: url('hook'), method: 'POST', status: 'enabled' }]);
  const removed = await api.call('DELETE', '/v1/webhooks', { key: null, headers, body: { url: url('hook') } });
  expect(removed.status).toBe(204);
  expect(await list()).toEqual([]);
});

it('an admin names the customer of a webhook, and finds the webhooks of all products', async () => {
  const admin = await keyOf({ role: 'admin' });
  const body = { events: [TYPE], url: url('admin') };
  for (const key of [admin, undefined])
    expect(await api.call('PUT', '/v1/webhooks', { key, body })).toMatchObject({
      status: 422,
      body: { code: 'validation-failed', errors: [{ path: '/customerId' }] },
    });
  expect(await list(admin)).toEqual([]);
  const { id: customerId } = await api.must('POST', '/v1/customers', { name: 'C' }, one.key);
  await put({ ...body, customerId }, admin);
  await put({ events: ['*'], url: url('of-two') }, two.key);
  for (const key of [admin, await keyOf({ role: 'viewer' })])
    expect(await list(key)).toMatchObject([body, { url: url('of-two') }]);
  expect(await list()).toMatchObject([body]);
  for (const path of ['admin', 'of-two']) await api.must('DELETE', '/v1/webhooks', { url: url(path) }, admin);
  expect(await list(admin)).toEqual([]);
});

describe('with webhooks of two customers and the default one', () => {
  const customers = ['c1', 'c2'];
  beforeAll(async () => {
    for (const id of customers) {
      await api.must('POST', '/v1/customers', { id, name: id }, one.key);
      await put({ customerId: id });
    }
    await put({ url: url('default') });
  });

  it('lists what the product registered for any customer, and one of them with customerId', async () => {
    const urls = async (key: string, query = '') => (await list(key, query)).map((hook: { url: string }) => hook.url);
    expect(await urls(one.key)).toEqual([url('hook'), url('hook'), url('default')]);
    expect(await urls(one.key, '?customerId=c1')).toEqual([url('hook')]);
    expect(await urls(await keyOf({ role: 'viewer', productId: one.productId }))).toHaveLength(3);
    expect(await urls(await keyOf({ role: 'customer', customerId: 'c1' }))).toEqual([url('hook')]);
    expect(await urls(two.key)).toEqual([]);
  });

  it('shows the status of each', async () => {
    await api.must('PUT', '/v1/webhooks', { events: [TYPE], url: 'https://not-approved.example/' }, one.key);
    expect(await list()).toContainEqual({
      events: [TYPE],
      url: 'https://not-approved.example/',
      method: 'POST',
      status: 'awaiting-approval',
    });
    await api.must('DELETE', '/v1/webhooks', { url: 'https://not-approved.example/' }, one.key);
  });

  it('another product finds none of them', async () => {
    expect((await api.call('DELETE', '/v1/webhooks', { key: two.key, body: { url: url('hook') } })).status).toBe(404);
    const { status, body } = await api.call('DELETE', '/v1/webhooks?customerId=c1', {
      key: two.key,
      body: { url: url('hook') },
    });
    expect([status, body.code, body.errors[0].path]).toEqual([422, 'unknown-customer', 'query/customerId']);
  });

  it('removes the URL of one customer with customerId, and else of all', async () => {
    await api.must('DELETE', '/v1/webhooks?customerId=c1', { url: url('hook') }, one.key);
    expect(await list(one.key, '?customerId=c1')).toEqual([]);
    expect(await list(one.key, '?customerId=c2')).toHaveLength(1);
    await put({ customerId: 'c1' });
    await api.must('DELETE', '/v1/webhooks', { url: url('hook') }, one.key);
    expect((await list()).map((hook: { url: string }) => hook.url)).toEqual([url('default')]);
  });
});

it('/v1/webhook is the same', async () => {
  await api.must('PUT', '/v1/webhook', { events: [TYPE], url: url('alias') }, one.key);
  expect(await api.must('GET', '/v1/webhook', undefined, one.key)).toEqual(
    await api.must('GET', '/v1/webhooks', undefined, one.key),
  );
  await api.must('DELETE', '/v1/webhook', { url: url('alias') }, one.key);
  expect((await list()).map((hook: { url: string }) => hook.url)).not.toContain(url('alias'));
});

it('a URL is the same webhook in all its spellings', async () => {
  await put({ url: 'HTTP://127.0.0.1:1/a/../same', events: [TYPE] });
  await put({ url: 'http://127.0.0.1:1/same', events: ['*'] });
  const found = (await list()).filter((hook: { url: string }) => hook.url.endsWith('same'));
  expect(found).toHaveLength(1);
  expect(found[0].events).toEqual([TYPE, '*']);
  await api.must('DELETE', '/v1/webhooks', { url: 'http://127.0.0.1:1/./same' }, one.key);
  expect((await list()).filter((hook: { url: string }) => hook.url.endsWith('same'))).toEqual([]);
});

it('a product with an id of 128 characters has a default customer', async () => {
  const id = 'p'.repeat(128);
  await api.must('POST', '/v1/products', { id, name: 'P', enabled: true });
  const key = await keyOf({ role: 'product', productId: id });
  await put({ events: ['*'] }, key);
  expect(await list(key)).toHaveLength(1);
  const { items } = await api.must('GET', `/v1/customers?productId=${id}`, undefined, key);
  expect(items).toMatchObject([{ id: expect.stringMatching(/^webhooks-[0-9a-f]{64}$/), productId: id }]);
});

describe('the default customer of a product', () => {
  const subscriptionOf = async (key: string, path: string) =>
    (await api.must('GET', '/v1/subscriptions', undefined, key)).items.find(
      (item: { url: string }) => item.url === url(path),
    );
  const newTenant = async (name: string) => {
    const tenant = await api.tenant(name);
    const type = `${name}.happened.v1`;
    await api.must('PUT', `/v1/event-types/${type}`, {}, tenant.key);
    return { ...tenant, type };
  };

  it('hears the events of the product for every customer', async () => {
    const { key, type, productId } = await newTenant('hears');
    await api.must('POST', '/v1/customers', { id: 'debtor-1', name: 'Debtor' }, key);
    await put({ events: [type], url: url('hears') }, key);
    const post = (event: object) => api.must('POST', '/v1/events', { type, data: {}, ...event }, key);
    expect((await post({ customerId: 'debtor-1' })).notifications).toHaveLength(1);
    expect((await post({})).notifications).toHaveLength(1);
    const { customerId } = await subscriptionOf(key, 'hears');
    expect(await api.must('GET', `/v1/customers/${customerId}`, undefined, key)).toMatchObject({
      productId,
      audience: 'product',
    });
  });

  it('keeps hearing the events of the product: its audience does not become self', async () => {
    const { key, type, productId } = await newTenant('audience');
    await put({ events: [type], url: url('audience') }, key);
    const path = `/v1/customers/webhooks-${productId}`;
    for (const caller of [key, undefined]) {
      expect(await api.call('PATCH', path, { key: caller, body: { audience: 'self' } })).toMatchObject({
        status: 422,
        body: { code: 'validation-failed', errors: [{ path: '/audience' }] },
      });
      const setUp = { customer: { name: 'C', audience: 'self' }, subscriptions: [] };
      expect(await api.call('PUT', `${path}/subscriptions`, { key: caller, body: setUp })).toMatchObject({
        status: 422,
        body: { errors: [{ path: '/customer/audience' }] },
      });
    }
    await api.must('PATCH', path, { audience: 'product', name: 'Renamed' }, key);
    expect(await api.must('GET', path, undefined, key)).toMatchObject({ audience: 'product', name: 'Renamed' });
  });

  it('is the one of a credential where the webhook was registered for that before', async () => {
    const { key, type, productId } = await newTenant('former');
    const former = `webhooks-cli_${productId}`;
    await api.pools.db.query({
      text: 'insert into customers (id, name, product_id) values ($1, $1, $2)',
      values: [former, productId],
    });
    await put({ events: [type], url: url('former'), customerId: former }, key);
    await put({ events: ['*'], url: url('FORMER').replace('FORMER', './former') }, key);
    await put({ events: [type], url: url('new') }, key);
    expect(await list(key)).toMatchObject([
      { events: [type, '*'], url: url('former') },
      { events: [type], url: url('new') },
    ]);
    expect((await subscriptionOf(key, 'former')).customerId).toBe(former);
    expect((await subscriptionOf(key, 'new')).customerId).toBe(`webhooks-${productId}`);
    await api.must('DELETE', '/v1/webhooks', { url: url('former') }, key);
    expect(await list(key)).toHaveLength(1);
  });

  it('sends a secret that was generated before, once the client gives it', async () => {
    const { key, type } = await newTenant('known');
    const body = { events: [type], url: url('known') };
    await put(body, key);
    const { id } = await subscriptionOf(key, 'known');
    const { secret } = await api.must('GET', `/v1/subscriptions/${id}/secret`, undefined, key);
    const isSent = async () => {
      const { rows } = await api.pools.db.query<{ chosen: boolean }>({
        text: 'select chosen from subscription_secrets where subscription_id = $1',
        values: [decodeId('sub', id)],
      });
      return rows.map(({ chosen }) => chosen);
    };
    expect(await isSent()).toEqual([false]);
    await put({ ...body, secret }, key);
    expect(await isSent()).toEqual([true]);
  });

  it('keeps a running rotation and its audit trail when the same webhook is put again', async () => {
    const { key, type } = await newTenant('again');
    const body = { events: [type], url: url('again') };
    await put({ ...body, secret: 'one' }, key);
    const { id } = await subscriptionOf(key, 'again');
    await api.must('POST', `/v1/subscriptions/${id}/secret/rotate`, { secret: 'two', overlapSeconds: 3600 }, key);
    const secret = () => api.must('GET', `/v1/subscriptions/${id}/secret`, undefined, key);
    const changes = async () =>
      (await api.must('GET', '/v1/audit?limit=200', undefined, key)).items.filter(
        ({ action, object }: { action: string; object: string }) => object === id && action !== 'secret.reveal',
      );
    const before = {
      secret: await secret(),
      subscription: await subscriptionOf(key, 'again'),
      changes: await changes(),
    };
    for (const repeat of [{ secret: 'two' }, {}, { secret: 'two', method: 'POST' }])
      await put({ ...body, ...repeat }, key);
    expect({
      secret: await secret(),
      subscription: await subscriptionOf(key, 'again'),
      changes: await changes(),
    }).toEqual(before);
    expect(before.secret.previous).not.toBeNull();
  });

  it('keeps a running rotation when event types are added and removed', async () => {
    const { key, type } = await newTenant('members');
    const body = { events: [type], url: url('members'), secret: 'one' };
    await put(body, key);
    const { id } = await subscriptionOf(key, 'members');
    await api.must('POST', `/v1/subscriptions/${id}/secret/rotate`, { secret: 'two', overlapSeconds: 3600 }, key);
    const secret = () => api.must('GET', `/v1/subscriptions/${id}/secret`, undefined, key);
    const before = await secret();
    await put({ ...body, events: ['*'], secret: 'two' }, key);
    await put({ ...body, events: ['*'], secret: undefined, method: 'PUT' }, key);
    await api.must('DELETE', '/v1/webhooks', { url: body.url, events: ['*'] }, key);
    expect(await secret()).toEqual(before);
  });

  it('a secret that is replaced by a PUT signs too for a day, as in a set', async () => {
    const { key, type } = await newTenant('replaced');
    const body = { events: [type], url: url('replaced') };
    await put({ ...body, secret: 'one' }, key);
    const { id } = await subscriptionOf(key, 'replaced');
    await put({ ...body, secret: 'two' }, key);
    const { secret, previous } = await api.must('GET', `/v1/subscriptions/${id}/secret`, undefined, key);
    expect(secret).toBe('two');
    expect(Math.round((Date.parse(previous.expiresAt) - Date.now()) / 3_600_000)).toBe(24);
  });
});
