import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings } from '../../support/tenant';

/** URLs to which no request will ever go, and ids that no URL can contain: refused when written. */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
beforeAll(async () => {
  api = await startTestApi(['http://*:*', 'https://*:*']);
  tenant = await makeTenant(api);
});
afterAll(() => api?.stop());

const HOSTS = [
  '0.0.0.0',
  '0.1.2.3',
  '0',
  '255.255.255.255',
  '0xffffffff',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '192.0.2.1',
  '198.51.100.1',
  '203.0.113.1',
  '[::]',
  '[::ffff:0.0.0.0]',
  '[::ffff:255.255.255.255]',
  '[ff02::1]',
  '[2001:db8::1]',
  '[100::1]',
  '[4000::1]',
  '[64:ff9b::224.0.0.1]',
  '168.63.129.16',
  'a..b',
  `${'a'.repeat(64)}.example`,
  '*.example',
  'a.example:0',
  '[fe80::1%25eth0]',
];

it.each(HOSTS)('the host %s is refused with a pointer wherever a URL is written', async (host) => {
  const { customerId, key } = tenant;
  const url = `http://${host}/hook`;
  const { id } = await api.must('POST', '/v1/subscriptions', settings({ customerId }), key);
  const auth = { type: 'oauth2', tokenUrl: url, clientId: 'c', clientSecret: 's' };
  for (const [method, path, body, pointer] of [
    ['POST', '/v1/subscriptions', settings({ customerId, url }), '/url'],
    ['POST', '/v1/subscriptions', settings({ customerId, auth }), '/auth/tokenUrl'],
    ['PATCH', `/v1/subscriptions/${id}`, { url }, '/url'],
    ['PATCH', `/v1/subscriptions/${id}`, { auth }, '/auth/tokenUrl'],
    [
      'PUT',
      `/v1/customers/${customerId}/subscriptions`,
      { subscriptions: [settings({ url })] },
      '/subscriptions/0/url',
    ],
    ['PUT', '/v1/webhooks', { events: ['*'], url }, '/url'],
  ] as const) {
    const { status, body: answer } = await api.call(method, path, { key, body });
    expect([path, status, answer.code, answer.errors?.[0].path]).toEqual([path, 422, 'validation-failed', pointer]);
  }
});

it.each([
  '10.0.0.1',
  '169.254.169.254',
  '[fd00::1]',
  '[::1]',
  '100.64.0.1',
  'localhost',
  'my_service',
  'com',
  'a.test:1',
])('the host %s can be written, because an operator may allow it', async (host) => {
  const { customerId, key } = tenant;
  const url = `http://${host}/hook`;
  await api.must('POST', '/v1/subscriptions', settings({ customerId, url }), key);
});

it('a subscription that has such a URL already can be changed otherwise, and removed', async () => {
  const { customerId, key } = tenant;
  const { id } = await api.must('POST', '/v1/subscriptions', settings({ customerId }), key);
  const url = 'http://0.0.0.0/hook';
  await api.pools.db.query({
    text: 'update subscriptions set url = $1 where customer_id = $2',
    values: [url, customerId],
  });
  expect(await api.must('PATCH', `/v1/subscriptions/${id}`, { enabled: false }, key)).toMatchObject({ url });
  expect(await api.must('PATCH', `/v1/subscriptions/${id}`, { url, description: 'd' }, key)).toMatchObject({ url });
  await api.must('DELETE', `/v1/subscriptions/${id}`, undefined, key);
});

it.each([
  ' https://blank.example',
  'https://blank.example ',
  '\thttps://blank.example',
  'https://blank.example/a b',
  'https:// blank.example',
  'blank .example',
  'https://a..b',
  `https://${'a'.repeat(64)}.example`,
  'https://a.example:0',
  'https://*.127.0.0.1',
  'https://*.[::1]',
])('the allow-list refuses the pattern %j', async (pattern) => {
  expect(await api.call('POST', '/v1/url-allowlist', { body: { pattern } })).toMatchObject({
    status: 422,
    body: { errors: [{ path: '/pattern' }] },
  });
});

it.each([
  ['HTTPS://Case.Example:443/In/', 'https://case.example/In'],
  ['case2.example', 'https://case2.example'],
])('the allow-list takes %s as %s, and refuses it again', async (pattern, stored) => {
  expect(await api.must('POST', '/v1/url-allowlist', { pattern })).toMatchObject({ pattern: stored });
  expect(await api.call('POST', '/v1/url-allowlist', { body: { pattern: stored } })).toMatchObject({ status: 409 });
});

describe.each(['.', '..'])('the id %s', (id) => {
  it('is refused for a new object, with a pointer', async () => {
    const { customerId, key, eventType } = tenant;
    for (const [method, path, body, pointer] of [
      ['POST', '/v1/products', { id, name: 'P' }, '/id'],
      ['POST', '/v1/products', { name: 'P', segment: id }, '/segment'],
      ['PATCH', `/v1/products/${tenant.productId}`, { segment: id }, '/segment'],
      ['POST', '/v1/customers', { id, name: 'C', productId: tenant.productId }, '/id'],
      ['POST', '/v1/events', { id, type: eventType, data: {} }, '/id'],
      ['POST', '/v1/events', { type: eventType, channels: ['a', id], data: {} }, '/channels/1'],
      ['POST', '/v1/subscriptions', settings({ customerId, channels: [id] }), '/channels/0'],
      ['POST', '/v1/subscriptions', settings({ customerId, eventTypes: [id] }), '/eventTypes/0'],
    ] as const) {
      const caller = path.startsWith('/v1/products') ? {} : { key };
      const { status, body: answer } = await api.call(method, path, { ...caller, body });
      expect([path, status, answer.errors?.[0].path]).toEqual([path, 422, pointer]);
    }
    const { results } = await api.must(
      'POST',
      '/v1/events/batch',
      { events: [{ id, type: eventType, data: {} }] },
      key,
    );
    expect(results).toMatchObject([{ status: 422, errors: [{ path: '/id' }] }]);
  });

  it('of an object that exists stays in use', async () => {
    const { db } = api.pools;
    const customerId = `${id}`;
    await db.query({
      text: `insert into customers (id, name, product_id, retry_schedule) values ($1, 'Old', $2, '{30}') on conflict do nothing`,
      values: [customerId, tenant.productId],
    });
    const { key, eventType } = tenant;
    await api.must('POST', '/v1/subscriptions', settings({ customerId }), key);
    expect(await api.must('POST', '/v1/events', { type: eventType, customerId, data: {} }, key)).toMatchObject({
      notifications: [expect.anything()],
    });
    const { items } = await api.must('GET', `/v1/subscriptions?customerId=${id}`, undefined, key);
    expect(items).toHaveLength(1);
  });
});
