import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings } from '../../support/tenant';

/** Every query parameter of every call, with values that nobody means. */
let api: TestApi;
let keys: [who: string, key: string][];
let ids: Record<string, string>;

beforeAll(async () => {
  api = await startTestApi();
  const { key, productId, eventType, customerId } = await makeTenant(api);
  const keyOf = async (body: object) => (await api.must('POST', '/v1/api-keys', { name: 'k', ...body })).key as string;
  keys = [
    ['admin', await keyOf({ role: 'admin' })],
    ['product', key],
    ['viewer', await keyOf({ role: 'viewer' })],
    ['viewer of a product', await keyOf({ role: 'viewer', productId })],
    ['customer', await keyOf({ role: 'customer', customerId })],
  ];
  const subscription = await api.must('POST', '/v1/subscriptions', settings({ customerId }), key);
  await api.must('POST', '/v1/events', { type: eventType, customerId, data: {} }, key);
  const inbox = await api.must('POST', '/v1/play-inboxes', { customerId, name: 'I' }, key);
  await api.must('POST', '/v1/deploys', { customerId, version: '1' }, key);
  ids = { subscriptions: subscription.id, customers: customerId, 'play-inboxes': inbox.id };
});
afterAll(() => api.stop());

/** The GETs with query parameters, as paths of existing objects. */
const operations = () =>
  api.routes
    .filter(({ method, query }) => method === 'get' && query !== undefined)
    .flatMap(({ path, query }) =>
      Object.keys(query.shape).map((name) => ({
        path: path.replace(/\/([\w-]+)\/:\w+/, (_, noun: string) => `/${noun}/${ids[noun] ?? 'x'}`),
        name,
      })),
    );

const GARBAGE = [
  ['a space', ' '],
  ['punctuation', '\'";--/*\\'],
  ['brackets', '[]{}%_*.$'],
  ['control characters', '\u0001\r\n\t'],
  ['a lone surrogate', '\ud800'],
  ['emoji', '\u{1f4a1}'],
  ['4,000 characters', 'x'.repeat(4000)],
  ['a huge number', '9'.repeat(400)],
  ['another date', '0000-00-00T00:00:00Z'],
  ['a date out of range', '9999-12-31T23:59:59-23:59'],
] as const;

const encode = (text: string) => Buffer.from(text).toString('hex').replace(/../g, '%$&');

it('every empty query parameter is refused with a pointer to it', async () => {
  const found = operations();
  expect(found.map(({ name }) => name)).toEqual(expect.arrayContaining(['subscriptionId', 'actor', 'cursor', 'limit']));
  const results: string[] = [];
  for (const [who, key] of keys) {
    for (const { path, name } of found) {
      const { status, body } = await api.call('GET', `${path}?${name}=`, { key });
      if (status === 403 || status === 404) continue;
      results.push(`${who} ${path} ${name}`);
      expect([who, path, name, status, body.errors?.[0].path]).toEqual([who, path, name, 422, `query/${name}`]);
    }
  }
  expect(results.length).toBeGreaterThan(100);
});

it.each(GARBAGE)('no query parameter fails with %s: it is refused or finds nothing', async (_, value) => {
  const [[, admin]] = keys as [[string, string]];
  for (const { path, name } of operations()) {
    // The activity stream does not end. HEAD passes the same checks, and its response has no body.
    const method = path === '/v1/activity' ? 'HEAD' : 'GET';
    const { status, body } = await api.call(method, `${path}?${name}=${encode(value)}`, { key: admin });
    // Here is no OpenID provider to sign in at.
    if (status === 404 && path.startsWith('/v1/session/oidc')) continue;
    const pointer = status >= 400 && method === 'GET' ? body.errors?.[0].path : `query/${name}`;
    expect([path, name, [200, 400, 422].includes(status), pointer]).toEqual([path, name, true, `query/${name}`]);
  }
});
