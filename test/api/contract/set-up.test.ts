import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings, unique } from '../../support/tenant';

/** One call sets up a customer with all of its subscriptions. */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
beforeAll(async () => {
  api = await startTestApi();
  tenant = await makeTenant(api);
});
afterAll(() => api?.stop());

const path = (customerId: string) => `/v1/customers/${customerId}/subscriptions`;
const setUp = (customerId: string, body: object, key?: string) => api.call('PUT', path(customerId), { key, body });
const secretOf = (id: string) => api.must('GET', `/v1/subscriptions/${id}/secret`);
const newId = () => unique('customer');

async function everything(): Promise<unknown> {
  const tables = ['customers', 'subscriptions', 'subscription_secrets', 'url_allowlist', 'audit', 'idempotency_keys'];
  const text = `select ${tables.map((name) => `(select jsonb_agg(to_jsonb(t) order by t::text) from ${name} t) as ${name}`).join(', ')}`;
  return (await api.database.db.query({ text })).rows[0];
}

it.each(['an admin', 'a product'])('one call by %s creates a customer with all of its subscriptions', async (who) => {
  const id = newId();
  const { productId, eventType } = tenant;
  const own = who === 'a product';
  const one = settings({ eventTypes: [eventType], secret: 'brought-along', ...(own ? {} : { productId }) });
  const customer = { name: 'Shop', retrySchedule: [5, 10], ...(own ? {} : { productId }) };
  const answer = await setUp(id, { customer, subscriptions: [one, settings()] }, own ? tenant.key : undefined);
  expect(answer).toMatchObject({
    status: 200,
    body: {
      items: [{ customerId: id, productId, secret: 'brought-along' }, { secret: expect.stringMatching(/^whsec_/) }],
    },
  });
  expect(await api.must('GET', `/v1/customers/${id}`)).toMatchObject({
    name: 'Shop',
    productId,
    retrySchedule: [5, 10],
  });
  const event = await api.must('POST', '/v1/events', { type: eventType, customerId: id, data: {} }, tenant.key);
  expect(event.notifications).toHaveLength(2);
});

it('a customer that is not created with its subscriptions does not exist if one of them is invalid', async () => {
  const id = newId();
  const body = { customer: { name: 'C' }, subscriptions: [settings({ eventTypes: ['misspelt.v1'] })] };
  expect(await setUp(id, body, tenant.key)).toMatchObject({
    status: 422,
    body: { errors: [{ path: '/subscriptions/0/eventTypes' }] },
  });
  expect(await api.call('GET', `/v1/customers/${id}`)).toMatchObject({ status: 404 });
});

it('without `customer`, an unknown customer is 404', async () => {
  expect(await setUp(newId(), { subscriptions: [] })).toMatchObject({ status: 404 });
});

it('concurrent calls for a new customer create it once', async () => {
  const id = newId();
  const body = { customer: { name: 'C' }, subscriptions: [settings({ name: 'one' })] };
  const answers = await Promise.all([1, 2, 3].map(() => setUp(id, body, tenant.key)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(new Set(answers.map((answer) => answer.body.items[0].id)).size).toBe(1);
});

it('a set-up changes the customer to what it says, and not its product', async () => {
  const { customerId, key, productId } = await makeTenant(api);
  await api.must('PUT', path(customerId), { customer: { name: 'New', productId }, subscriptions: [] }, key);
  expect(await api.must('GET', `/v1/customers/${customerId}`)).toMatchObject({
    name: 'New',
    retrySchedule: [30, 300, 1800, 7200],
  });
  const moved = { customer: { name: 'New', productId: tenant.productId }, subscriptions: [] };
  expect(await setUp(customerId, moved)).toMatchObject({
    status: 409,
    body: { code: 'fixed-after-creation', errors: [{ path: '/customer/productId' }] },
  });
});

it('the customer of another owner is like none, and one that others share or that calls itself does not change', async () => {
  const other = await makeTenant(api);
  const body = { customer: { name: 'Mine' }, subscriptions: [] };
  expect(await setUp(other.customerId, body, tenant.key)).toMatchObject({ status: 404 });
  const shared = await api.must('POST', '/v1/customers', { name: 'Shared' });
  expect(await setUp(shared.id, body, tenant.key)).toMatchObject({
    status: 403,
    body: { errors: [{ path: '/customer' }] },
  });
  const same = { customer: { name: 'Shared' }, subscriptions: [settings()] };
  expect(await setUp(shared.id, same, tenant.key)).toMatchObject({ status: 200 });
  const { token } = await api.must('POST', '/v1/portal-sessions', { customerId: other.customerId });
  expect(await setUp(other.customerId, body, token)).toMatchObject({ status: 403 });
  expect(await setUp(newId(), body, token)).toMatchObject({ status: 404 });
  expect(await setUp(other.customerId, { subscriptions: [] }, token)).toMatchObject({ status: 200 });
});

it('refuses reserved customer ids and products that are not the customer’s', async () => {
  const customer = { name: 'C' };
  expect(await setUp('webhooks-x', { customer, subscriptions: [] })).toMatchObject({
    status: 422,
    body: { errors: [{ path: 'path/id' }] },
  });
  const other = await makeTenant(api);
  expect(
    await setUp(newId(), { customer: { ...customer, productId: other.productId }, subscriptions: [] }, tenant.key),
  ).toMatchObject({
    status: 422,
    body: { code: 'unknown-product', errors: [{ path: '/customer/productId' }] },
  });
  const item = settings({ productId: other.productId });
  expect(await setUp(tenant.customerId, { subscriptions: [item] })).toMatchObject({
    status: 422,
    body: { code: 'unknown-product', errors: [{ path: '/subscriptions/0/productId' }] },
  });
});

it('the product of an existing subscription cannot change, and is kept if it is absent', async () => {
  const { id } = await api.must('POST', '/v1/customers', { name: 'Shared' });
  const { productId } = tenant;
  const one = settings();
  const [made] = (await api.must('PUT', path(id), { subscriptions: [{ ...one, productId }] })).items;
  expect((await api.must('PUT', path(id), { subscriptions: [one] })).items).toMatchObject([{ id: made.id, productId }]);
  expect(await setUp(id, { subscriptions: [{ ...one, productId: null }] })).toMatchObject({
    status: 409,
    body: { code: 'fixed-after-creation', errors: [{ path: '/subscriptions/0/productId' }] },
  });
});

it('another secret in the list rotates it with an overlap of a day, and the same one changes nothing', async () => {
  const { customerId, key } = await makeTenant(api);
  const one = settings();
  const put = (secret?: string) => api.must('PUT', path(customerId), { subscriptions: [{ ...one, secret }] }, key);
  const { id } = (await put('secret-one')).items[0];
  expect((await put('secret-two')).items[0].secret).toBeUndefined();
  const rotated = await secretOf(id);
  expect(rotated).toMatchObject({ secret: 'secret-two', previous: { expiresAt: expect.any(String) } });
  const overlapMs = Date.parse(rotated.previous.expiresAt) - Date.now();
  expect(Math.round(overlapMs / 3_600_000)).toBe(24);
  await put('secret-two');
  await put();
  expect(await secretOf(id)).toEqual(rotated);
  const { items } = await api.must('GET', `/v1/audit?action=secret.rotate&object=${id}`);
  expect(items).toHaveLength(1);
});

it('a dry run answers what would change, and writes nothing', async () => {
  const { customerId, key } = await makeTenant(api);
  const [a, b, c] = [settings({ name: 'a', secret: 'secret-one' }), settings({ name: 'b' }), settings({ name: 'c' })];
  await api.must('PUT', path(customerId), { subscriptions: [a, b, c] }, key);
  const before = await everything();
  const settled = api.settled.length;
  const dryRun = (subscriptions: object[], customer?: object) =>
    api.must('PUT', path(customerId), { customer, subscriptions, dryRun: true }, key);
  const outside = settings({ name: 'd', url: 'https://not-approved.example/h' });
  expect(await dryRun([a, { ...b, timeoutSeconds: 3 }, outside], { name: 'Renamed' })).toEqual({
    create: ['d'],
    update: ['b'],
    remove: ['c'],
  });
  expect(await dryRun([{ ...a, secret: 'secret-two' }, b, c])).toEqual({ create: [], update: ['a'], remove: [] });
  expect(await dryRun([a, b, c])).toEqual({ create: [], update: [], remove: [] });
  const id = newId();
  const body = { customer: { name: 'C' }, subscriptions: [a], dryRun: true };
  expect((await setUp(id, body, key)).body).toEqual({ create: ['a'], update: [], remove: [] });
  expect(await everything()).toEqual(before);
  expect(api.settled).toHaveLength(settled);
  expect(
    await setUp(customerId, { subscriptions: [settings({ eventTypes: ['misspelt.v1'] })], dryRun: true }),
  ).toMatchObject({
    status: 422,
  });
});
