import { startTestApi, type TestApi } from '../support/api';
import { makeTenant, settings, unique } from '../support/tenant';

/** A subscription that waits for approval files the request for it itself. */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
let url: string;
beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(async () => {
  tenant = await makeTenant(api);
  url = `https://${unique('waiting')}.example/in/x?token=1`;
});
afterAll(() => api?.stop());

const subscribe = (overrides = {}, key?: string) =>
  api.must('POST', '/v1/subscriptions', settings({ customerId: tenant.customerId, url, ...overrides }), key);
const requests = async (key?: string, status = 'requested') =>
  (
    (await api.must('GET', `/v1/url-allowlist?status=${status}&limit=200`, undefined, key)).items as {
      id: string;
      pattern: string;
      customerId: string;
    }[]
  ).filter(({ customerId }) => customerId === tenant.customerId);
const pattern = () => url.replace('?token=1', '');

it.each(['an admin', 'a product', 'a customer'])(
  'a subscription made by %s files a request, and is enabled by its approval',
  async (who) => {
    const { token } = await api.must('POST', '/v1/portal-sessions', { customerId: tenant.customerId });
    const made = await subscribe({}, who === 'an admin' ? undefined : who === 'a product' ? tenant.key : token);
    expect(made.status).toBe('awaiting-approval');
    const [entry, ...others] = await requests();
    expect(others).toEqual([]);
    expect(entry).toMatchObject({
      pattern: pattern(),
      customerId: tenant.customerId,
      productId: tenant.productId,
      status: 'requested',
      subscriptions: [{ id: made.id, name: made.name, customerId: tenant.customerId }],
      subscriptionCount: 1,
    });
    expect(await requests(tenant.key)).toMatchObject([{ id: entry!.id, subscriptionCount: 1 }]);
    const { items: audit } = await api.must('GET', `/v1/audit?action=allowlist.create&object=${entry!.id}`);
    expect(audit).toHaveLength(1);
    const approved = await api.must('PATCH', `/v1/url-allowlist/${entry!.id}`, { status: 'approved' });
    expect(approved).toMatchObject({ status: 'approved', subscriptions: [], subscriptionCount: 0 });
    expect(await api.must('GET', `/v1/subscriptions/${made.id}`)).toMatchObject({ status: 'enabled' });
  },
);

it.each(['PATCH', 'PUT of all', 'webhook'])('a subscription that lands there by %s files a request', async (how) => {
  const { id, name } = await subscribe({ url: 'http://127.0.0.1:1/hook' });
  const { customerId, key } = tenant;
  expect(await requests()).toEqual([]);
  if (how === 'PATCH') await api.must('PATCH', `/v1/subscriptions/${id}`, { url }, key);
  else if (how === 'webhook') await api.must('PUT', '/v1/webhooks', { url, events: ['*'], customerId }, key);
  else
    await api.must(
      'PUT',
      `/v1/customers/${customerId}/subscriptions`,
      { subscriptions: [settings({ name, url })] },
      key,
    );
  expect(await requests()).toMatchObject([{ pattern: pattern(), subscriptionCount: 1 }]);
});

it('the token URL of a subscription is requested too', async () => {
  const tokenUrl = `https://${unique('token')}.example/oauth`;
  await subscribe({ auth: { type: 'oauth2', tokenUrl, clientId: 'c', clientSecret: 's' } });
  expect((await requests()).map((entry) => entry.pattern).sort()).toEqual([pattern(), tokenUrl].sort());
});

it('a URL that an entry covers, requested or rejected, files no further request', async () => {
  const origin = new URL(url).origin;
  const { id } = await api.must(
    'POST',
    '/v1/url-allowlist',
    { pattern: origin, customerId: tenant.customerId },
    tenant.key,
  );
  const first = await subscribe();
  expect(await requests()).toMatchObject([{ id, subscriptions: [{ id: first.id }] }]);
  await api.must('PATCH', `/v1/url-allowlist/${id}`, { status: 'rejected' });
  await subscribe();
  expect(await requests()).toEqual([]);
  expect(await requests(undefined, 'rejected')).toMatchObject([{ id, subscriptionCount: 2 }]);
});

it('a request is withdrawn when no subscription waits for it any more', async () => {
  const [first, second] = [await subscribe(), await subscribe()];
  expect(await requests()).toMatchObject([{ subscriptionCount: 2 }]);
  await api.must('PATCH', `/v1/subscriptions/${first.id}`, { url: 'http://127.0.0.1:1/hook' });
  expect(await requests()).toMatchObject([{ subscriptionCount: 1 }]);
  await api.must('DELETE', `/v1/subscriptions/${second.id}`);
  expect(await requests()).toEqual([]);
  await subscribe();
  await api.must('POST', '/v1/url-allowlist', { pattern: new URL(url).origin });
  expect(await requests()).toEqual([]);
});

it('a request by a person stays, and takes the place of one that a subscription filed', async () => {
  const { id } = await subscribe();
  const body = { pattern: pattern(), customerId: tenant.customerId };
  expect(await api.must('POST', '/v1/url-allowlist', body, tenant.key)).toMatchObject({ subscriptionCount: 1 });
  expect(await api.call('POST', '/v1/url-allowlist', { key: tenant.key, body })).toMatchObject({ status: 409 });
  await api.must('DELETE', `/v1/subscriptions/${id}`);
  expect(await requests()).toMatchObject([{ pattern: pattern(), subscriptions: [] }]);
});

it('a request by a person replaces those that subscriptions filed and that it covers', async () => {
  await subscribe();
  const { id } = await api.must('POST', '/v1/url-allowlist', { pattern: new URL(url).origin }, tenant.key);
  expect(await requests()).toEqual([]);
  const { items } = await api.must('GET', '/v1/url-allowlist?status=requested&limit=200', undefined, tenant.key);
  expect(items).toMatchObject([{ id, subscriptionCount: 1 }]);
});

it('a subscription that loses its approval files a request', async () => {
  const { id } = await api.must('POST', '/v1/url-allowlist', { pattern: new URL(url).origin });
  const made = await subscribe();
  expect(made.status).toBe('enabled');
  await api.must('DELETE', `/v1/url-allowlist/${id}`);
  expect(await requests()).toMatchObject([{ pattern: pattern(), subscriptions: [{ id: made.id }] }]);
});

it('a product does not see the waiting subscriptions of another one', async () => {
  const shared = await api.must('POST', '/v1/customers', { name: 'Shared' });
  const { id } = await api.must('POST', '/v1/url-allowlist', { pattern: new URL(url).origin, customerId: shared.id });
  await api.must('PATCH', `/v1/url-allowlist/${id}`, { status: 'rejected' });
  await subscribe({ customerId: shared.id }, tenant.key);
  const seen = async (key?: string) => {
    const { items } = await api.must('GET', '/v1/url-allowlist?limit=200', undefined, key);
    return (items as { id: string; subscriptionCount: number }[]).find((entry) => entry.id === id)?.subscriptionCount;
  };
  const other = await makeTenant(api);
  expect([await seen(), await seen(tenant.key), await seen(other.key)]).toEqual([1, 1, 0]);
});
