import { ADMIN_KEY, startTestApi, type TestApi } from '../../support/api';
import { until } from '../../support/until';
import { watch } from '../../support/activity';
import { makeTenant, settings, unique } from '../../support/tenant';

/** Segments: they group products, lists are filtered by them, and credentials are granted them. */
let api: TestApi;
type Tenant = Awaited<ReturnType<typeof makeTenant>>;
let cards: Tenant;
let loans: Tenant;
let stranger: Tenant;
/** A key with the role `product` for the segment of `cards` and `loans`. */
let key: string;
let segment: string;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());
beforeEach(async () => {
  segment = unique('segment');
  [cards, loans, stranger] = [await makeTenant(api), await makeTenant(api), await makeTenant(api)];
  for (const { productId } of [cards, loans]) await setSegment(productId, segment);
  key = await keyOf({ role: 'product' });
});

const setSegment = (productId: string, name: string | null) =>
  api.must('PATCH', `/v1/products/${productId}`, { segment: name });
async function keyOf(grant: object): Promise<string> {
  return (await api.must('POST', '/v1/api-keys', { name: 'granted', segment, ...grant })).key as string;
}
const call = (method: string, path: string, body?: unknown, as = key) => api.call(method, path, { key: as, body });
const idsOf = ({ items }: { items: { id: string }[] }) => items.map(({ id }) => id).sort();
async function subscribe({ customerId, key: own }: Tenant): Promise<string> {
  return (await api.must('POST', '/v1/subscriptions', settings({ customerId }), own)).id as string;
}
async function post({ eventType, customerId, key: own }: Tenant): Promise<{ id: string; notifications: never[] }> {
  return api.must('POST', '/v1/events', { type: eventType, customerId, data: {} }, own);
}

describe('a credential of a segment', () => {
  it('sees what belongs to the products of the segment, and nothing of others', async () => {
    const own = [await subscribe(cards), await subscribe(loans)].sort();
    const foreign = await subscribe(stranger);
    const events = [(await post(cards)).id, (await post(loans)).id].sort();
    const hidden = await post(stranger);
    const read = async (path: string) => idsOf(await api.must('GET', path, undefined, key));
    expect(await read('/v1/products')).toEqual([cards.productId, loans.productId].sort());
    expect(await read('/v1/customers')).toEqual([cards.customerId, loans.customerId].sort());
    expect(await read('/v1/subscriptions')).toEqual(own);
    expect(await read('/v1/events')).toEqual(events);
    expect(await read('/v1/notifications')).toHaveLength(2);
    for (const path of [
      `/v1/products/${stranger.productId}`,
      `/v1/customers/${stranger.customerId}`,
      `/v1/subscriptions/${foreign}`,
      `/v1/subscriptions/${foreign}/statistics`,
      `/v1/event-types/${stranger.eventType}`,
      `/v1/events/${hidden.id}`,
      `/v1/events/${hidden.id}/routing`,
    ])
      expect([path, (await call('GET', path)).status]).toEqual([path, 404]);
    const overview = await api.must('GET', '/v1/overview', undefined, key);
    expect(overview.backlog.pending).toBe(2);
  });

  it('posts the events of each product of the segment, and of no other', async () => {
    const send = (type: string) => call('POST', '/v1/events', { type, data: {} });
    expect((await send(cards.eventType)).status).toBe(202);
    expect((await send(loans.eventType)).status).toBe(202);
    const unversioned = await send(loans.eventType.replace('.v1', ''));
    expect(unversioned.status).toBe(202);
    expect(await send(stranger.eventType)).toMatchObject({ status: 422, body: { code: 'unknown-event-type' } });
    expect(await send(stranger.eventType.replace('.v1', ''))).toMatchObject({ status: 422 });
    const producer = await keyOf({ role: 'producer' });
    expect((await call('POST', '/v1/events', { type: cards.eventType, data: {} }, producer)).status).toBe(202);
    expect((await call('GET', '/v1/products', undefined, producer)).status).toBe(403);
  });

  it('names the product that it writes for, which must be in the segment', async () => {
    const create = (productId?: string | null) => call('POST', '/v1/customers', { name: 'New', productId });
    expect(await create(loans.productId)).toMatchObject({ status: 201, body: { productId: loans.productId } });
    expect(await create()).toMatchObject({ status: 422, body: { errors: [{ path: '/productId' }] } });
    expect(await create(null)).toMatchObject({ status: 422, body: { errors: [{ path: '/productId' }] } });
    expect(await create(stranger.productId)).toMatchObject({ status: 422, body: { code: 'unknown-product' } });

    const define = (productId?: string) => call('PUT', `/v1/event-types/${unique('type')}.v1`, { productId });
    expect((await define(cards.productId)).status).toBe(201);
    expect((await define()).status).toBe(422);
    expect(await define(stranger.productId)).toMatchObject({ status: 422, body: { code: 'unknown-product' } });
    expect((await call('POST', `/v1/event-types/${stranger.eventType}/archive`, {})).status).toBe(404);
    expect((await call('POST', `/v1/event-types/${cards.eventType}/archive`, {})).status).toBe(200);
  });

  it('sets up subscriptions of its customers, and of shared ones for a product of the segment only', async () => {
    const shared = (await api.must('POST', '/v1/customers', { name: 'Shared' })).id as string;
    const subscribeTo = (customerId: string, productId?: string) =>
      call('POST', '/v1/subscriptions', settings({ customerId, productId }));
    expect(await subscribeTo(cards.customerId)).toMatchObject({ status: 201, body: { productId: cards.productId } });
    expect((await subscribeTo(cards.customerId, loans.productId)).status).toBe(422);
    expect((await subscribeTo(stranger.customerId)).status).toBe(422);
    expect((await subscribeTo(shared)).status).toBe(422);
    expect((await subscribeTo(shared, stranger.productId)).status).toBe(422);
    expect((await subscribeTo(shared, loans.productId)).status).toBe(201);
    expect((await call('PATCH', `/v1/customers/${shared}`, { name: 'Taken' })).status).toBe(404);
    expect((await call('POST', '/v1/portal-sessions', { customerId: shared })).status).toBe(422);
    expect((await call('POST', '/v1/portal-sessions', { customerId: cards.customerId })).status).toBe(201);
    const setUp = { subscriptions: [settings()], customer: { name: 'One call' } };
    expect((await call('PUT', `/v1/customers/${unique('id')}/subscriptions`, setUp)).status).toBe(422);
    const placed = { ...setUp, customer: { ...setUp.customer, productId: cards.productId } };
    expect((await call('PUT', `/v1/customers/${unique('id')}/subscriptions`, placed)).status).toBe(200);
    const webhook = { events: ['*'], url: 'http://127.0.0.1:1/webhook' };
    expect((await call('PUT', '/v1/webhooks', webhook)).status).toBe(422);
    expect((await call('PUT', '/v1/webhooks', { ...webhook, customerId: shared })).status).toBe(422);
    expect((await call('PUT', '/v1/webhooks', { ...webhook, customerId: cards.customerId })).status).toBe(201);
    const pattern = 'https://receiver.example';
    expect((await call('POST', '/v1/url-allowlist', { pattern })).status).toBe(422);
    const request = await call('POST', '/v1/url-allowlist', { pattern, customerId: cards.customerId });
    expect(request).toMatchObject({ status: 201, body: { status: 'requested', productId: cards.productId } });
  });

  it('loses a product that leaves the segment with the answer to the change, and gains one that joins', async () => {
    const sees = async (productId: string) => (await call('GET', `/v1/products/${productId}`)).status;
    const sends = async ({ eventType }: Tenant) =>
      (await call('POST', '/v1/events', { type: eventType, data: {} })).status;
    expect([await sees(loans.productId), await sends(loans)]).toEqual([200, 202]);
    await setSegment(loans.productId, null);
    expect([await sees(loans.productId), await sends(loans)]).toEqual([404, 422]);
    await setSegment(stranger.productId, segment);
    expect([await sees(stranger.productId), await sends(stranger)]).toEqual([200, 202]);
    const made = await api.must('POST', '/v1/products', { name: 'Born in it', segment });
    expect(await sees(made.id)).toBe(200);
    for (const { productId } of [cards, stranger, { productId: made.id as string }]) await setSegment(productId, null);
    expect(idsOf(await api.must('GET', '/v1/products', undefined, key))).toEqual([]);
    expect(idsOf(await api.must('GET', '/v1/events', undefined, key))).toEqual([]);
    expect((await api.must('GET', '/v1/overview', undefined, key)).buckets[0].accepted).toBe(0);
  });

  it('loses the portal links that it made for customers of a product that leaves', async () => {
    const links = [cards, loans].map(({ customerId }) => call('POST', '/v1/portal-sessions', { customerId }));
    const [kept, lost] = (await Promise.all(links)).map(({ body }) => body.token as string);
    await setSegment(loans.productId, null);
    expect((await call('GET', '/v1/subscriptions', undefined, kept)).status).toBe(200);
    expect((await call('GET', '/v1/subscriptions', undefined, lost)).status).toBe(401);
  });

  it('watches the activity of the products of the segment', async () => {
    const watcher = await watch(api.url, key);
    await until(
      async () => watcher.lastEventId,
      (id) => id !== '',
    );
    await post(stranger);
    const { id } = await post(loans);
    await watcher.waitFor(1);
    expect(watcher.events.map(({ data }) => data.eventId)).toEqual([id]);
    watcher.close();
  });

  it('holds an OAuth client as it holds an API key', async () => {
    const client = await api.must('POST', '/v1/oauth-clients', { name: 'granted', role: 'viewer', segment });
    expect(client).toMatchObject({ role: 'viewer', productId: null, segment });
    const token = await api.call('POST', '/oauth/token', {
      key: null,
      body: { grant_type: 'client_credentials', client_id: client.clientId, client_secret: client.clientSecret },
    });
    const products = await call('GET', '/v1/products', undefined, token.body.access_token as string);
    expect(idsOf(products.body)).toEqual([cards.productId, loans.productId].sort());
    expect((await call('POST', '/v1/customers', { name: 'X' }, token.body.access_token as string)).status).toBe(403);
  });

  it.each([
    [{ role: 'admin' }, '/segment'],
    [{ role: 'customer', customerId: 'x' }, '/segment'],
    [{ role: 'product', productId: 'x' }, '/segment'],
    [{ role: 'product', segment: 'no-such-segment' }, '/segment'],
    [{ role: 'viewer', segment: '' }, '/segment'],
  ])('cannot be %j', async (grant, path) => {
    const { status, body } = await api.call('POST', '/v1/api-keys', { body: { name: 'k', segment, ...grant } });
    expect([status, body.errors[0].path]).toEqual([422, path]);
  });

  it('has a role that a process of the version before segments does not know', async () => {
    const { rows } = await api.database.db.query({
      text: 'select role from api_keys where segment = $1',
      values: [segment],
    });
    expect(rows).toEqual([{ role: 'segment:product' }]);
  });

  it('is shown with its segment, in the list and in the session', async () => {
    const { items } = await api.must('GET', '/v1/api-keys');
    expect(items[0]).toMatchObject({ name: 'granted', role: 'product', productId: null, segment, customerId: null });
    expect(items[0]).not.toHaveProperty('productIds');
    const session = await api.call('POST', '/v1/session', { key: null, body: { credential: key } });
    expect(session.body.principal).toMatchObject({ role: 'product', productId: null, segment });
  });
});

describe('the filter by segment', () => {
  it.each(['products', 'customers', 'subscriptions', 'event-types', 'events', 'notifications'])(
    'narrows the list of %s to the products of the segment',
    async (name) => {
      for (const tenant of [cards, loans, stranger]) {
        await subscribe(tenant);
        await post(tenant);
      }
      await api.must('POST', '/v1/customers', { name: 'Shared' });
      const { items } = await api.must('GET', `/v1/${name}?segment=${segment}`, undefined, ADMIN_KEY);
      const products = items.map((item: { id: string; productId: string | null }) =>
        name === 'products' ? item.id : name === 'subscriptions' ? expect.anything() : item.productId,
      );
      expect(products.sort()).toEqual([cards.productId, loans.productId].sort());
      expect((await api.must('GET', `/v1/${name}?segment=no-such-segment`)).items).toEqual([]);
      expect((await api.call('GET', `/v1/${name}?segment=`)).status).toBe(422);
      const own = await api.must('GET', `/v1/${name}?segment=${segment}`, undefined, cards.key);
      expect(own.items).toHaveLength(1);
      expect((await api.must('GET', `/v1/${name}?segment=${segment}`, undefined, stranger.key)).items).toEqual([]);
    },
  );

  it('narrows the overview, and adds to a filter by product', async () => {
    for (const tenant of [cards, loans, stranger]) {
      await subscribe(tenant);
      await post(tenant);
    }
    expect((await api.must('GET', `/v1/overview?segment=${segment}`)).backlog.pending).toBe(2);
    const customers = (query: string) => api.must('GET', `/v1/customers?segment=${segment}&productId=${query}`);
    expect((await customers(cards.productId)).items).toHaveLength(1);
    expect((await customers(stranger.productId)).items).toEqual([]);
  });
});

it('a producer of a segment learns nothing of the events of other products by posting them again', async () => {
  const producer = await keyOf({ role: 'producer' });
  const event = { id: unique('pay'), type: stranger.eventType, customerId: stranger.customerId, data: { amount: 5 } };
  await api.must('POST', '/v1/events', event, stranger.key);
  expect(await call('POST', '/v1/events', event, producer)).toMatchObject({
    status: 422,
    body: { code: 'unknown-event-type' },
  });
  const own = { ...event, type: cards.eventType, customerId: cards.customerId };
  await api.must('POST', '/v1/events', own, cards.key);
  await api.must('POST', `/v1/event-types/${cards.eventType}/archive`, {}, cards.key);
  expect(await call('POST', '/v1/events', own, producer)).toMatchObject({ status: 200, body: { duplicate: true } });
});
