import { startTestApi, type TestApi } from '../support/api';
import { makeTenant, settings, unique } from '../support/tenant';

let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
let customerKey: string;

beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(async () => {
  tenant = await makeTenant(api);
  customerKey = await keyOf({ role: 'customer', customerId: tenant.customerId });
});
afterAll(() => api?.stop());

const keyOf = async (body: object): Promise<string> =>
  (await api.must('POST', '/v1/api-keys', { name: 'k', ...body })).key;
const mark = (body: object, key = tenant.key) => api.must('POST', '/v1/deploys', { version: '1', ...body }, key);
const refused = async (body: object, key = tenant.key) => {
  const answer = await api.call('POST', '/v1/deploys', { body: { version: '1', ...body }, key });
  return [answer.status, answer.body.code, answer.body.errors?.map(({ path }: { path: string }) => path)];
};
const subscribe = async (overrides: object = {}): Promise<string> =>
  (await api.must('POST', '/v1/subscriptions', settings({ customerId: tenant.customerId, ...overrides }))).id;
/** The versions that a list shows. */
const versions = async (query: string, key = tenant.key): Promise<string[]> =>
  (await api.must('GET', `/v1/deploys?${query}`, undefined, key)).items.map(
    ({ version }: { version: string }) => version,
  );

it('a deploy of a customer has the time of the call, and what the caller wrote', async () => {
  const before = Date.now();
  const deploy = await mark({
    customerId: tenant.customerId,
    version: ' orders 2.4.1 ',
    url: 'https://ci.example/812#log',
  });
  expect(deploy).toMatchObject({
    id: expect.stringMatching(/^dep_/),
    productId: tenant.productId,
    customerId: tenant.customerId,
    subscriptionId: null,
    version: 'orders 2.4.1',
    description: '',
    url: 'https://ci.example/812#log',
  });
  expect(Date.parse(deploy.at)).toBeGreaterThanOrEqual(before);
  expect(Date.parse(deploy.at)).toBeLessThanOrEqual(Date.now());
  expect(await api.must('GET', `/v1/deploys/${deploy.id}`, undefined, tenant.key)).toEqual(deploy);
});

it('without a customer, a deploy is of the customer or product of the credential', async () => {
  expect(await mark({}, customerKey)).toMatchObject({ customerId: tenant.customerId });
  expect(await mark({})).toMatchObject({ customerId: null, productId: tenant.productId });
});

it('a deploy of a subscription has its customer', async () => {
  const subscriptionId = await subscribe();
  const { customerId } = tenant;
  for (const body of [
    { subscriptionId },
    { subscriptionId, customerId },
    { subscriptionId, productId: tenant.productId },
  ])
    expect(await mark(body)).toMatchObject({ subscriptionId, customerId });
});

it('an owner that does not exist, is not yours or does not fit is refused with a pointer', async () => {
  const [subscriptionId, other] = [await subscribe(), await makeTenant(api)];
  const { id: third } = await api.must('POST', '/v1/customers', { name: 'Third' }, tenant.key);
  expect(await refused({ customerId: other.customerId })).toEqual([422, 'unknown-customer', ['/customerId']]);
  expect(await refused({ customerId: third }, customerKey)).toEqual([422, 'unknown-customer', ['/customerId']]);
  expect(await refused({ subscriptionId }, other.key)).toEqual([422, 'unknown-subscription', ['/subscriptionId']]);
  expect(await refused({ subscriptionId, customerId: third })).toEqual([422, 'validation-failed', ['/customerId']]);
  expect(await refused({ productId: other.productId })).toEqual([422, 'unknown-product', ['/productId']]);
  const admin = await keyOf({ role: 'admin' });
  expect(await refused({ subscriptionId, productId: other.productId }, admin)).toEqual([
    422,
    'unknown-product',
    ['/productId'],
  ]);
  expect(await refused({ productId: 'nobody' }, admin)).toEqual([422, 'unknown-product', ['/productId']]);
  expect(await refused({}, admin)).toEqual([422, 'validation-failed', ['/customerId']]);
});

it.each([
  ['a blank version', { version: '  ' }, '/version'],
  ['a version of 101 characters', { version: 'x'.repeat(101) }, '/version'],
  ['a version of two lines', { version: 'a\nb' }, '/version'],
  ['a link that runs a script', { url: 'javascript:alert(1)' }, '/url'],
  ['a link with a password', { url: 'https://u:p@ci.example/' }, '/url'],
  ['a text that is no time', { at: 'yesterday' }, '/at'],
  ['a time ahead', { at: new Date(Date.now() + 300_000).toISOString() }, '/at'],
])('%s is refused with a pointer', async (_, body, path) => {
  expect(await refused({ customerId: tenant.customerId, ...body })).toEqual([422, 'validation-failed', [path]]);
});

it('a list is sorted and filtered by the time of the deploys, not of the calls', async () => {
  const { customerId } = tenant;
  for (const [version, day] of [
    ['b', 2],
    ['d', 4],
    ['a', 1],
    ['c', 3],
  ] as const)
    await mark({ customerId, version, at: `2026-01-0${day}T00:00:00Z` });
  expect(await versions('')).toEqual(['d', 'c', 'b', 'a']);
  expect(await versions('since=2026-01-02T00:00:00Z&until=2026-01-04T00:00:00Z')).toEqual(['c', 'b']);
  const first = await api.must('GET', '/v1/deploys?limit=3', undefined, tenant.key);
  expect(await versions(`limit=3&cursor=${first.nextCursor}`)).toEqual(['a']);
});

it('pages of deploys of the same time are complete', async () => {
  const at = '2026-01-02T03:04:05.678Z';
  const ids: string[] = [];
  for (let made = 0; made < 5; made += 1) ids.push((await mark({ customerId: tenant.customerId, at })).id);
  const seen: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await api.must('GET', `/v1/deploys?limit=2${cursor && `&cursor=${cursor}`}`, undefined, tenant.key);
    seen.push(...page.items.map(({ id }: { id: string }) => id));
    cursor = page.nextCursor;
  }
  expect(seen).toEqual(ids.reverse());
});

it('a subscription is concerned by deploys of its own, of its customer and of its product', async () => {
  const [mine, sibling] = [await subscribe(), await subscribe()];
  const { customerId } = tenant;
  const { id: third } = await api.must('POST', '/v1/customers', { name: 'Third' }, tenant.key);
  await mark({ version: 'product' });
  await mark({ version: 'customer', customerId });
  await mark({ version: 'mine', subscriptionId: mine });
  await mark({ version: 'sibling', subscriptionId: sibling });
  await mark({ version: 'third', customerId: third });
  expect(await versions(`subscriptionId=${mine}`)).toEqual(['mine', 'customer', 'product']);
  expect(await versions(`subscriptionId=${mine}`, customerKey)).toEqual(['mine', 'customer']);
  expect(await versions(`customerId=${customerId}`)).toEqual(['sibling', 'mine', 'customer']);
  expect(await versions('', customerKey)).toEqual(['sibling', 'mine', 'customer']);
  expect(await versions(`subscriptionId=${mine}`, (await makeTenant(api)).key)).toEqual([]);
});

it('on a shared customer, a product sees its own deploys and the customer all of them', async () => {
  const other = await makeTenant(api);
  const { id: customerId } = await api.must('POST', '/v1/customers', { name: 'Shared' });
  const ofShared = await keyOf({ role: 'customer', customerId });
  await mark({ version: 'of A', customerId });
  await mark({ version: 'of B', customerId }, other.key);
  await mark({ version: 'own' }, ofShared);
  expect(await versions(`customerId=${customerId}`)).toEqual(['of A']);
  expect(await versions(`customerId=${customerId}`, other.key)).toEqual(['of B']);
  expect(await versions('', ofShared)).toEqual(['own', 'of B', 'of A']);
  const subscriptionId = (await api.must('POST', '/v1/subscriptions', settings({ customerId }), tenant.key)).id;
  const admin = await keyOf({ role: 'admin' });
  expect(await versions(`subscriptionId=${subscriptionId}`, admin)).toEqual(['own', 'of A']);
});

it('a list by product or segment has the deploys of the product and of its customers', async () => {
  const segment = unique('segment');
  const { id: productId } = await api.must('POST', '/v1/products', { name: 'P', segment });
  const { id: customerId } = await api.must('POST', '/v1/customers', { name: 'C', productId });
  const admin = await keyOf({ role: 'admin' });
  await mark({ version: 'product', productId }, admin);
  await mark({ version: 'customer', customerId }, admin);
  await mark({ version: 'other' });
  expect(await versions(`segment=${segment}`, admin)).toEqual(['customer', 'product']);
  expect(await versions(`productId=${productId}`, admin)).toEqual(['customer', 'product']);
});

it('a repeat with the same Idempotency-Key marks nothing again', async () => {
  const request = { body: { version: '2', customerId: tenant.customerId }, key: tenant.key };
  const headers = { 'idempotency-key': 'build-812' };
  const [first, second] = [
    await api.call('POST', '/v1/deploys', { ...request, headers }),
    await api.call('POST', '/v1/deploys', { ...request, headers }),
  ];
  expect(second.body).toEqual(first.body);
  expect(await versions('')).toEqual(['2']);
});

it('a deleted deploy is gone, and the audit log has who marked and deleted it', async () => {
  const deploy = await mark({ customerId: tenant.customerId, version: '3' });
  await api.must('DELETE', `/v1/deploys/${deploy.id}`, undefined, customerKey);
  expect((await api.call('GET', `/v1/deploys/${deploy.id}`, { key: tenant.key })).status).toBe(404);
  expect((await api.call('DELETE', `/v1/deploys/${deploy.id}`, { key: tenant.key })).status).toBe(404);
  const { items } = await api.must('GET', `/v1/audit?object=${deploy.id}`, undefined, tenant.key);
  expect(items).toMatchObject([
    { action: 'deploy.delete', customerId: tenant.customerId },
    { action: 'deploy.create', customerId: tenant.customerId, detail: { version: '3', subscriptionId: null } },
  ]);
});

it('a customer marks at most as many deploys in 24 hours as the quota, and the product still others', async () => {
  const small = await startTestApi(undefined, {}, { quotas: { deploys: 2 } });
  try {
    const { customerId, key } = await makeTenant(small);
    const call = (body: object) => small.call('POST', '/v1/deploys', { body: { version: '1', ...body }, key });
    const statuses = async (body: object) => [
      (await call(body)).status,
      (await call(body)).status,
      (await call(body)).status,
    ];
    expect(await statuses({ customerId })).toEqual([201, 201, 409]);
    expect((await call({ customerId })).body.code).toBe('quota-exceeded');
    await small.database.db.query({
      text: `update deploys set id = '01900000-0000-7000-8000-000000000000' where ctid = (select min(ctid) from deploys)`,
    });
    expect((await call({ customerId })).status).toBe(201);
    expect(await statuses({})).toEqual([201, 201, 409]);
  } finally {
    await small.stop();
  }
});

it('the deploys of a customer that is being erased are hidden immediately', async () => {
  const deploy = await mark({ customerId: tenant.customerId });
  await api.must('DELETE', `/v1/customers/${tenant.customerId}`, undefined, tenant.key);
  expect((await api.call('GET', `/v1/deploys/${deploy.id}`, { key: tenant.key })).status).toBe(404);
  expect(await versions('')).toEqual([]);
});
