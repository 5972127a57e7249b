import { startTestApi, type TestApi } from '../support/api';
import { makeTenant, settings } from '../support/tenant';

/** Which subscriptions an entry of the URL allow-list approves. */
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const tenant = () => makeTenant(api);

it('a subscription waits for approval until its URL is on the allow-list, requested by the product and approved by an admin', async () => {
  const { key, customerId, eventType } = await tenant();
  const created = await api.must(
    'POST',
    '/v1/subscriptions',
    settings({ customerId, url: 'https://hooks.customer.example/in/x' }),
    key,
  );
  expect(created.status).toBe('awaiting-approval');
  const event = await api.must('POST', '/v1/events', { type: eventType, customerId, data: {} }, key);
  expect(event.notifications[0].status).toBe('held');
  const entry = await api.must('POST', '/v1/url-allowlist', { pattern: 'https://hooks.customer.example/in' }, key);
  expect(entry).toMatchObject({ status: 'requested', decidedAt: null });
  expect(await api.call('PATCH', `/v1/url-allowlist/${entry.id}`, { key, body: { status: 'approved' } })).toMatchObject(
    { status: 403 },
  );
  expect(
    (await api.must('GET', '/v1/url-allowlist?status=requested')).items.map(({ id }: { id: string }) => id),
  ).toContain(entry.id);
  api.settled.length = 0;
  await api.must('PATCH', `/v1/url-allowlist/${entry.id}`, { status: 'approved' });
  expect(await api.must('GET', `/v1/subscriptions/${created.id}`, undefined, key)).toMatchObject({
    status: 'enabled',
  });
  expect(api.settled).toEqual([created.id]);
  expect(await api.call('DELETE', `/v1/url-allowlist/${entry.id}`, { key })).toMatchObject({ status: 204 });
  expect(await api.must('GET', `/v1/subscriptions/${created.id}`, undefined, key)).toMatchObject({
    status: 'awaiting-approval',
  });
});

it('an allow-list entry of another product does not approve a URL', async () => {
  const [a, b] = [await tenant(), await tenant()];
  const entry = await api.must('POST', '/v1/url-allowlist', { pattern: 'https://only-a.example' }, a.key);
  await api.must('PATCH', `/v1/url-allowlist/${entry.id}`, { status: 'approved' });
  const status = async ({ key, customerId }: { key: string; customerId: string }) =>
    (await api.must('POST', '/v1/subscriptions', settings({ customerId, url: 'https://only-a.example/x' }), key))
      .status;
  expect(await status(a)).toBe('enabled');
  expect(await status(b)).toBe('awaiting-approval');
});

describe('scope of an entry', () => {
  const URL = 'https://hooks.scoped.example/in';
  const newStatus = async (customerId: string, key: string) =>
    (await api.must('POST', '/v1/subscriptions', settings({ customerId, url: URL }), key)).status;
  const statusOf = async (id: string) => (await api.must('GET', `/v1/subscriptions/${id}`)).status;

  it('an allow-list entry that is only requested, or was rejected, approves no URL', async () => {
    const { key, customerId } = await tenant();
    const entry = await api.must('POST', '/v1/url-allowlist', { pattern: URL }, key);
    expect(await newStatus(customerId, key)).toBe('awaiting-approval');
    await api.must('PATCH', `/v1/url-allowlist/${entry.id}`, { status: 'rejected' });
    expect(await newStatus(customerId, key)).toBe('awaiting-approval');
    await api.must('PATCH', `/v1/url-allowlist/${entry.id}`, { status: 'approved' });
    expect(await newStatus(customerId, key)).toBe('enabled');
  });

  it('rejecting an approved allow-list entry withdraws its approval', async () => {
    const { key, customerId } = await tenant();
    const entry = await api.must('POST', '/v1/url-allowlist', { pattern: URL }, key);
    await api.must('PATCH', `/v1/url-allowlist/${entry.id}`, { status: 'approved' });
    const { id } = await api.must('POST', '/v1/subscriptions', settings({ customerId, url: URL }), key);
    expect(await statusOf(id)).toBe('enabled');
    await api.must('PATCH', `/v1/url-allowlist/${entry.id}`, { status: 'rejected' });
    expect(await statusOf(id)).toBe('awaiting-approval');
  });

  it('an allow-list entry for one customer approves no URL of another customer', async () => {
    const { key, customerId } = await tenant();
    const { id: other } = await api.must('POST', '/v1/customers', { name: 'Other' }, key);
    const before = await api.must('POST', '/v1/subscriptions', settings({ customerId: other, url: URL }), key);
    await api.must('POST', '/v1/url-allowlist', { pattern: URL, customerId });
    expect(await newStatus(customerId, key)).toBe('enabled');
    expect(await newStatus(other, key)).toBe('awaiting-approval');
    expect(await statusOf(before.id)).toBe('awaiting-approval');
  });
});
