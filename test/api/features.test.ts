import { startTestApi, type TestApi } from '../support/api';
import { loadConfig } from '../../src/config';

/** Features that an operator leaves out of an installation. */
let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await startTestApi(undefined, {}, { features: ['webhooks-by-url'] });
  ({ key } = await api.tenant('plain'));
});
afterAll(() => api?.stop());

const refused = { status: 403, body: { code: 'feature-disabled', title: expect.any(String) } };
const call = (method: string, path: string, body?: unknown) => api.call(method, path, { key, body });

it('a customer cannot get the audience of its product, however it is asked for', async () => {
  expect(await call('POST', '/v1/customers', { id: 'c', name: 'C', audience: 'product' })).toMatchObject(refused);
  await api.must('POST', '/v1/customers', { id: 'c', name: 'C', audience: 'self' }, key);
  expect(await call('PATCH', '/v1/customers/c', { audience: 'product' })).toMatchObject(refused);
  const customer = { name: 'D', audience: 'product' };
  expect(await call('PUT', '/v1/customers/d/subscriptions', { customer, subscriptions: [] })).toMatchObject(refused);
  const webhook = { events: ['*'], url: 'http://127.0.0.1:1/' };
  expect(await call('PUT', '/v1/webhooks', webhook)).toMatchObject(refused);
  expect((await call('PUT', '/v1/webhooks', { ...webhook, customerId: 'c' })).status).toBe(201);
});

it('a customer that had the audience before keeps it, and may change otherwise', async () => {
  await api.must('POST', '/v1/customers', { id: 'old', name: 'Old' }, key);
  await api.database.db.query({ text: "update customers set audience = 'product' where id = 'old'" });
  const changed = await call('PATCH', '/v1/customers/old', { name: 'Older', audience: 'product' });
  expect(changed).toMatchObject({ status: 200, body: { name: 'Older', audience: 'product' } });
});

it('portal links are refused', async () => {
  expect(await call('POST', '/v1/portal-sessions', { customerId: 'c' })).toMatchObject(refused);
});

it('the session names the features that the installation has', async () => {
  const session = await api.call('POST', '/v1/session', { key: null, body: { credential: key } });
  expect(session.body.features).toEqual(['webhooks-by-url']);
});

it.each([
  [undefined, ['portal', 'product-audience', 'webhooks-by-url']],
  ['portal', ['portal']],
  [' webhooks-by-url , portal', ['webhooks-by-url', 'portal']],
  ['', []],
])('SIGNPOST_FEATURES=%j is %j', (SIGNPOST_FEATURES, expected) => {
  expect([...loadConfig({ SIGNPOST_FEATURES, SIGNPOST_PLAY: 'off' }).features]).toEqual(expected);
});

it.each([
  ['on with embedded Postgres on a loopback host', {}, true],
  ['off on another host', { SIGNPOST_HOST: '10.0.0.5', SIGNPOST_ADMIN_KEY: 'x'.repeat(24) }, false],
  [
    'on where it is wanted',
    { SIGNPOST_HOST: '10.0.0.5', SIGNPOST_ADMIN_KEY: 'x'.repeat(24), SIGNPOST_PLAY: 'on' },
    true,
  ],
])('Play is %s', (_, env, expected) => {
  expect(loadConfig(env).features.has('play')).toBe(expected);
});

it('refuses to start with an unknown feature', () => {
  expect(() => loadConfig({ SIGNPOST_FEATURES: 'portal,teleport' })).toThrow(/SIGNPOST_FEATURES .*product-audience/);
});
