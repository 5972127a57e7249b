import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant } from '../../support/tenant';
import { until } from '../../support/until';

/** API keys and OAuth clients end, are used, are replaced, and post events only. */
let api: TestApi;
let productId: string;
let customerId: string;

beforeAll(async () => {
  api = await startTestApi();
  ({ productId, customerId } = await makeTenant(api));
});
afterAll(() => api.stop());

const statusWith = async (key: string) => (await api.call('GET', '/v1/subscriptions', { key })).status;
const refuses = (key: string) =>
  until(
    () => statusWith(key),
    (status) => status === 401,
  );
const update = (text: string) => api.database.db.query({ text });
const newKey = (body: object = {}) => api.must('POST', '/v1/api-keys', { name: 'k', role: 'viewer', ...body });
const newClient = (body: object = {}) => api.must('POST', '/v1/oauth-clients', { name: 'c', role: 'viewer', ...body });
const tokenOf = (clientId: string, secret: string) =>
  api.call('POST', '/oauth/token', {
    key: null,
    body: { grant_type: 'client_credentials', client_id: clientId, client_secret: secret },
  });
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

describe('the end of a credential', () => {
  it('an API key is refused after its expiry', async () => {
    const expiresAt = inSeconds(3600);
    const used = await newKey({ expiresAt });
    expect(used).toMatchObject({ expiresAt, lastUsedAt: null });
    expect(await statusWith(used.key)).toBe(200);
    const unused = await newKey({ expiresAt });
    await update("update api_keys set expires_at = now() - interval '1 second' where expires_at is not null");
    expect(await statusWith(unused.key)).toBe(401);
    // Another process may know it for another second, and longer while Postgres is slow.
    await refuses(used.key);
    expect((await newKey()).expiresAt).toBeNull();
  });

  it('an access token lasts no longer than its OAuth client', async () => {
    const { clientId, clientSecret } = await newClient({ expiresAt: inSeconds(600) });
    const { body } = await tokenOf(clientId, clientSecret);
    expect(body.expires_in).toBeGreaterThan(590);
    expect(body.expires_in).toBeLessThanOrEqual(600);
    await update("update oauth_clients set expires_at = now() - interval '1 second' where expires_at is not null");
    expect((await tokenOf(clientId, clientSecret)).status).toBe(401);
  });

  it.each(['api-keys', 'oauth-clients'])('an expiry in the past is refused: %s', async (path) => {
    const body = { name: 'k', role: 'viewer', expiresAt: inSeconds(-1) };
    expect(await api.call('POST', `/v1/${path}`, { body })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/expiresAt', message: 'must be in the future' }] },
    });
  });

  it('portal sessions end with the credential that created them', async () => {
    const [ended, other] = [await newKey({ role: 'product', productId }), await newKey({ role: 'product', productId })];
    const [first, second] = await Promise.all(
      [ended, other].map(({ key }) => api.must('POST', '/v1/portal-sessions', { customerId }, key)),
    );
    expect(await statusWith(first.token)).toBe(200);
    await api.must('DELETE', `/v1/api-keys/${ended.id}`);
    expect(await statusWith(first.token)).toBe(401);
    expect(await statusWith(second.token)).toBe(200);
  });
});

it('all portal sessions of a customer end together, and those of others stay', async () => {
  const { customerId: another } = await makeTenant(api);
  const open = (id: string) => api.must('POST', '/v1/portal-sessions', { customerId: id });
  const [first, second, other] = [await open(customerId), await open(customerId), await open(another)];
  expect((await api.call('DELETE', `/v1/portal-sessions?customerId=${customerId}`)).status).toBe(204);
  expect(await Promise.all([first, second, other].map(({ token }) => statusWith(token)))).toEqual([401, 401, 200]);
  expect((await api.call('DELETE', '/v1/portal-sessions')).body.errors).toMatchObject([{ path: 'query/customerId' }]);
});

describe('rotation', () => {
  it('the API key before stays valid for the overlap, and the id and rights stay', async () => {
    const before = await newKey();
    const after = await api.must('POST', `/v1/api-keys/${before.id}/rotate`, {});
    expect(after).toEqual({ ...before, key: after.key });
    expect(after.key).not.toBe(before.key);
    expect([await statusWith(before.key), await statusWith(after.key)]).toEqual([200, 200]);
    await update(`update api_keys set previous_expires_at = now() - interval '1 second'`);
    await refuses(before.key);
    expect([await statusWith(before.key), await statusWith(after.key)]).toEqual([401, 200]);
  });

  it('with no overlap, the API key before is refused immediately', async () => {
    const before = await newKey();
    expect(await statusWith(before.key)).toBe(200);
    const after = await api.must('POST', `/v1/api-keys/${before.id}/rotate`, { overlapSeconds: 0 });
    expect([await statusWith(before.key), await statusWith(after.key)]).toEqual([401, 200]);
  });

  it('the client secret before stays valid for the overlap', async () => {
    const { clientId, clientSecret } = await newClient();
    const after = await api.must('POST', `/v1/oauth-clients/${clientId}/rotate`, { overlapSeconds: 3600 });
    const statuses = async () =>
      Promise.all([clientSecret, after.clientSecret].map(async (secret) => (await tokenOf(clientId, secret)).status));
    expect(await statuses()).toEqual([200, 200]);
    await update(`update oauth_clients set previous_expires_at = now() - interval '1 second'`);
    expect(await statuses()).toEqual([401, 200]);
  });

  it.each([
    ['revoked', 'revoked_at = now()'],
    ['expired', "expires_at = now() - interval '1 second'"],
  ])('a credential that is %s cannot be rotated', async (_, change) => {
    const { id } = await newKey();
    await api.database.db.query({ text: `update api_keys set ${change} where name = 'k'` });
    expect((await api.call('POST', `/v1/api-keys/${id}/rotate`, { body: {} })).status).toBe(404);
  });
});

it('a credential shows the minute of its last use', async () => {
  const { id, key } = await newKey({ name: 'used' });
  await statusWith(key);
  await api.writeLastUse();
  const { items } = await api.must('GET', '/v1/api-keys');
  const { lastUsedAt } = items.find((item: { id: string }) => item.id === id);
  expect(Date.now() - Date.parse(lastUsedAt)).toBeLessThan(120_000);
  expect(Date.parse(lastUsedAt) % 60_000).toBe(0);
});

describe('a producer', () => {
  it('posts the events of its product, and does nothing else', async () => {
    const eventType = 'produced.v1';
    await api.must('PUT', `/v1/event-types/${eventType}`, { productId });
    const { key } = await newKey({ name: 'producer', role: 'producer', productId });
    const event = { type: eventType, customerId, data: {} };
    expect((await api.call('POST', '/v1/events', { key, body: event })).status).toBe(202);
    expect((await api.call('POST', '/v1/events/batch', { key, body: { events: [event] } })).status).toBe(202);
    const other = await api.tenant('other');
    await api.must('PUT', '/v1/event-types/others.v1', {}, other.key);
    const foreign = { type: 'others.v1', data: {} };
    expect((await api.call('POST', '/v1/events', { key, body: foreign })).body.code).toBe('unknown-event-type');
    expect((await api.call('GET', '/v1/events', { key })).status).toBe(403);
    expect((await api.call('POST', '/v1/session', { key: null, body: { credential: key } })).status).toBe(403);
  });

  it('needs a product', async () => {
    const body = { name: 'k', role: 'producer' };
    expect(await api.call('POST', '/v1/api-keys', { body })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/productId', message: 'is required for the role producer' }] },
    });
  });
});
