import { decodeId } from '../../src/domain/ids';
import { startTestApi, type TestApi } from '../support/api';
import { setSubscription } from '../support/rows';

let api: TestApi;
const settings = { name: 'a', url: 'http://127.0.0.1:1/', eventTypes: ['*'] };
const DEFAULT = { afterSeconds: 432_000, minFailures: 10 };

beforeAll(async () => {
  api = await startTestApi();
  await api.must('POST', '/v1/customers', { id: 'c', name: 'C' });
});
afterAll(() => api?.stop());

it('a subscription goes out of order after 120 hours and 10 failures by default, by its own rule, or by a 410 only', async () => {
  const made = await api.must('POST', '/v1/subscriptions', { customerId: 'c', ...settings });
  expect(made.outOfOrderRule).toEqual(DEFAULT);
  const path = `/v1/subscriptions/${made.id}`;
  for (const outOfOrderRule of [
    { afterSeconds: 0, minFailures: 1 },
    null,
    { afterSeconds: 31_536_000, minFailures: 7 },
  ]) {
    expect(await api.must('PATCH', path, { outOfOrderRule })).toMatchObject({ outOfOrderRule });
    expect(await api.must('PATCH', path, { description: 'changed' })).toMatchObject({ outOfOrderRule });
    expect(await api.must('GET', path)).toMatchObject({ outOfOrderRule });
  }
});

it('PUT of all subscriptions resets an absent out-of-order rule to the default', async () => {
  const put = async (rule: object) =>
    (await api.must('PUT', '/v1/customers/c/subscriptions', { subscriptions: [{ ...settings, ...rule }] })).items[0]
      .outOfOrderRule;
  expect(await put({ outOfOrderRule: null })).toBeNull();
  expect(await put({ outOfOrderRule: { afterSeconds: 60, minFailures: 3 } })).toEqual({
    afterSeconds: 60,
    minFailures: 3,
  });
  expect(await put({})).toEqual(DEFAULT);
});

it.each([
  [{ afterSeconds: 60 }, '/outOfOrderRule/minFailures'],
  [{ minFailures: 3 }, '/outOfOrderRule/afterSeconds'],
  [{ afterSeconds: -1, minFailures: 3 }, '/outOfOrderRule/afterSeconds'],
  [{ afterSeconds: 1.5, minFailures: 3 }, '/outOfOrderRule/afterSeconds'],
  [{ afterSeconds: 31_536_001, minFailures: 3 }, '/outOfOrderRule/afterSeconds'],
  [{ afterSeconds: 60, minFailures: 0 }, '/outOfOrderRule/minFailures'],
  [{ afterSeconds: 60, minFailures: 3, more: 1 }, '/outOfOrderRule/more'],
  ['never', '/outOfOrderRule'],
])('refuses the out-of-order rule %j, with a pointer', async (outOfOrderRule, path) => {
  const { status, body } = await api.call('POST', '/v1/subscriptions', {
    body: { customerId: 'c', ...settings, name: 'refused', outOfOrderRule },
  });
  expect([status, body.code, body.errors.map((error: { path: string }) => error.path)]).toEqual([
    422,
    'validation-failed',
    [path],
  ]);
});

describe('a subscription that was disabled automatically', () => {
  async function outOfOrder(name: string): Promise<string> {
    const { id } = await api.must('POST', '/v1/subscriptions', { customerId: 'c', ...settings, name });
    await setSubscription(api.pools.db, id, `out_of_order_at = now(), out_of_order_reason = 'gone'`);
    return `/v1/subscriptions/${id}`;
  }
  const periodOf = async (path: string) => {
    const text = 'select failure_period::int as period from subscriptions where id = $1';
    const { rows } = await api.pools.db.query<{ period: number }>({
      text,
      values: [decodeId('sub', path.split('/')[3]!)],
    });
    return rows[0]!.period;
  };

  it.each([
    ['alone', {}],
    ['with another change', { description: 'fixed' }],
  ])('is enabled by a PATCH with `enabled: true` %s, as by the call enable', async (_, change) => {
    const path = await outOfOrder(`patched ${JSON.stringify(change)}`);
    const before = await periodOf(path);
    api.settled.length = 0;
    const answer = await api.must('PATCH', path, { enabled: true, ...change });
    expect(answer).toMatchObject({ enabled: true, status: 'enabled', outOfOrder: null, ...change });
    expect(await periodOf(path)).toBeGreaterThan(before);
    const { items } = await api.must('GET', `/v1/audit?action=subscription.enable&object=${path.split('/')[3]}`);
    expect(items).toMatchObject([{ changes: { status: { from: 'out-of-order', to: 'enabled' } } }]);
  });

  it('stays so after a PATCH without `enabled`, and after a set that lists it unchanged', async () => {
    const path = await outOfOrder('kept');
    expect(await api.must('PATCH', path, { description: 'd' })).toMatchObject({ status: 'out-of-order' });
    const subscriptions = [{ ...settings, name: 'kept', description: 'd' }];
    const { items } = await api.must('PUT', '/v1/customers/c/subscriptions', { subscriptions });
    expect(items).toMatchObject([{ status: 'out-of-order' }]);
  });

  it('is enabled once: the same PATCH again changes nothing', async () => {
    const path = await outOfOrder('once');
    const first = await api.must('PATCH', path, { enabled: true });
    const period = await periodOf(path);
    expect(await api.must('PATCH', path, { enabled: true })).toEqual(first);
    expect(await periodOf(path)).toBe(period);
  });
});

describe('operational events', () => {
  const TYPE = 'signpost.subscription.out-of-order.v1';

  it('operational events are in the catalog, for customers of the product signpost', async () => {
    expect(await api.must('GET', `/v1/event-types/${TYPE}`)).toMatchObject({ productId: 'signpost', archived: false });
    await api.must('POST', '/v1/customers', { id: 'signpost-operators', name: 'O', productId: 'signpost' });
    const follower = { customerId: 'signpost-operators', ...settings, eventTypes: [TYPE] };
    const { id } = await api.must('POST', '/v1/subscriptions', follower);
    const { eventId } = await api.must('POST', `/v1/subscriptions/${id}/trigger`, {});
    const { data } = await api.must('GET', `/v1/events/${eventId}`);
    expect(data).toMatchObject({ customerId: 'customer1', reason: 'the receiver answered 410 Gone' });
  });

  it('a shared customer gets no operational events and cannot subscribe to them', async () => {
    const { key } = await api.must('POST', '/v1/api-keys', { name: 'portal', role: 'customer', customerId: 'c' });
    expect((await api.must('GET', '/v1/event-types', undefined, key)).items).toEqual([]);
    expect((await api.call('GET', `/v1/event-types/${TYPE}`, { key })).status).toBe(404);
    const body = { customerId: 'c', ...settings, name: 'curious', eventTypes: [TYPE] };
    expect(await api.call('POST', '/v1/subscriptions', { body })).toMatchObject({
      status: 422,
      body: { code: 'unknown-event-type' },
    });
    const { id } = await api.must('POST', '/v1/subscriptions', { customerId: 'c', ...settings, name: 'all' });
    expect(await api.call('POST', `/v1/subscriptions/${id}/trigger`, { body: {} })).toMatchObject({ status: 422 });
    const followers = await api.must('GET', `/v1/subscriptions?eventType=${TYPE}`);
    expect(followers.items.map(({ customerId }: { customerId: string }) => customerId)).toEqual(['signpost-operators']);
  });
});
