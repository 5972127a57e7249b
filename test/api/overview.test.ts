import { newUuid } from '../../src/domain/ids';
import { readOverview } from '../../src/store/reporting/overview';
import { startTestApi, type TestApi } from '../support/api';
import { recordAttempts } from '../../src/store/notifications/record-attempts';

let api: TestApi;
let tenant: { productId: string; key: string };
let other: { productId: string; key: string };
let customer: { id: string };
let subscription: { id: string };
let ids: string[];
/** All attempts are in the minute of this test, and so in one bucket. */
const minuteMs = Math.floor(Date.now() / 60_000) * 60_000;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.tenant('Mine');
  other = await api.tenant('Theirs');
  await api.must('PUT', '/v1/event-types/watched.v1', { productId: tenant.productId });
  customer = await api.must('POST', '/v1/customers', { name: 'C', productId: tenant.productId });
  const settings = { customerId: customer.id, url: 'http://127.0.0.1:9/x', eventTypes: ['watched.v1'] };
  subscription = await api.must('POST', '/v1/subscriptions', { ...settings, name: 'Busy' });
  await api.must('POST', '/v1/subscriptions', { ...settings, name: 'waits', url: 'https://unlisted.example/x' });
  ids = [];
  for (let index = 0; index < 4; index++) {
    const event = { type: 'watched.v1', customerId: customer.id, data: { index } };
    const { notifications } = await api.must('POST', '/v1/events', event);
    ids.push(
      notifications.find(({ subscriptionId }: { subscriptionId: string }) => subscriptionId === subscription.id).id,
    );
  }
  await attempt(ids[0]!, 100, 'delivered');
  await attempt(ids[1]!, 200, 'retrying');
  await attempt(ids[2]!, 300, 'failed');
});
afterAll(() => api.stop());

/** Records an attempt as the worker does. */
async function attempt(notificationId: string, durationMs: number, status: 'delivered' | 'retrying' | 'failed') {
  const failed = status !== 'delivered';
  const at = new Date(minuteMs + durationMs);
  await recordAttempts(api.database.db, [
    {
      notificationId,
      subscriptionId: subscription.id,
      failurePeriod: 0,
      attemptKey: newUuid(),
      trigger: 'scheduled',
      startedAt: at,
      finishedAt: at,
      durationMs,
      error: failed ? { class: 'status', message: 'HTTP 503' } : null,
      request: { method: 'POST', url: 'http://127.0.0.1:9/x', headers: {}, body: null },
      response: { status: failed ? 503 : 204, headers: {}, body: '', truncated: false },
      workflowId: 'w',
      outcome: status === 'retrying' ? { status, nextAttemptAt: new Date(Date.now() + 30_000) } : { status },
    },
  ]);
}

const total = (buckets: Record<string, number>[], name: string) =>
  buckets.reduce((sum, bucket) => sum + bucket[name]!, 0);

it.each([
  ['hour', 60, 60],
  ['day', 96, 900],
])('the overview counts accepted events and their results in the last %s', async (window, count, bucketSeconds) => {
  const overview = await api.must('GET', `/v1/overview?window=${window}`);
  expect(overview).toMatchObject({ window, bucketSeconds, attempts: 3, successRate: 1 / 3 });
  expect(overview.buckets).toHaveLength(count);
  const sums = ['accepted', 'delivered', 'retrying', 'failed'].map((name) => total(overview.buckets, name));
  expect(sums).toEqual([8, 1, 1, 1]);
  const times = overview.buckets.map(({ at }: { at: string }) => Date.parse(at) / 1000);
  expect(times.every((time: number, index: number) => time === times[0] + index * bucketSeconds)).toBe(true);
  expect(times.at(-1)! + bucketSeconds).toBeGreaterThan(Date.now() / 1000);
});

it('the overview shows what waits, the most failing endpoints, and what needs attention', async () => {
  const overview = await api.must('GET', '/v1/overview', undefined, tenant.key);
  expect(overview.failed).toBe(1);
  expect(overview.backlog).toEqual({ pending: 1, delivering: 0, retrying: 1, held: 4 });
  expect(overview.worst).toEqual([
    {
      subscriptionId: subscription.id,
      name: 'Busy',
      customerId: customer.id,
      url: 'http://127.0.0.1:9/x',
      status: 'enabled',
      attempts: 3,
      failures: 2,
      lastError: 'HTTP 503',
    },
  ]);
  expect(overview.attention).toEqual({
    outOfOrder: 0,
    awaitingApproval: 1,
    unverified: 0,
    failedLastDay: 1,
    // The subscription that waits for approval filed it.
    urlRequests: 1,
  });
});

it('the overview shows each caller its own figures', async () => {
  const { token } = await api.must('POST', '/v1/portal-sessions', { customerId: customer.id });
  const portal = await api.must('GET', '/v1/overview', undefined, token);
  expect(portal).toMatchObject({ attempts: 3, failed: 1, attention: { awaitingApproval: 1, failedLastDay: 1 } });
  const theirs = await api.must('GET', '/v1/overview', undefined, other.key);
  expect(theirs).toMatchObject({ attempts: 0, failed: 0, successRate: null, worst: [], backlog: { held: 0 } });
  expect(theirs.attention).toMatchObject({ awaitingApproval: 0, failedLastDay: 0 });
});

it('the overview of a product counts attempts that the version before the column of their product recorded', async () => {
  const { db } = api.database;
  await db.query({ text: 'update attempts set product_id = null' });
  const scope = (productId: string) => readOverview(db, { productIds: [productId] }, 'hour', new Date());
  expect(await scope(tenant.productId)).toMatchObject({ attempts: 3, worst: [{ attempts: 3 }] });
  expect(await scope(other.productId)).toMatchObject({ attempts: 0, worst: [] });
  await db.query({ text: 'update attempts set product_id = $1', values: [tenant.productId] });
});

it('the list of subscriptions adds their health on request', async () => {
  const { items } = await api.must('GET', '/v1/subscriptions?include=health&sort=name', undefined, tenant.key);
  const [busy, waits] = items;
  expect(busy.health.buckets).toHaveLength(24);
  expect([total(busy.health.buckets, 'successes'), total(busy.health.buckets, 'failures')]).toEqual([1, 2]);
  expect(busy.health.lastAttempt).toMatchObject({ responseStatus: 503, errorClass: 'status' });
  expect((await api.call('GET', `/v1/attempts/${busy.health.lastAttempt.attemptId}`)).status).toBe(200);
  expect(total(waits.health.buckets, 'failures')).toBe(0);
  expect(waits.health.lastAttempt).toBeNull();
  expect((await api.must('GET', '/v1/subscriptions')).items[0]).not.toHaveProperty('health');
});

it.each(['hour', 'day', 'week'])('the series shows the attempts of a subscription over the last %s', async (window) => {
  const series = await api.must('GET', `/v1/subscriptions/${subscription.id}/series?window=${window}`);
  expect([total(series.buckets, 'successes'), total(series.buckets, 'failures')]).toEqual([1, 2]);
  const filled = series.buckets.find(({ failures }: { failures: number }) => failures > 0);
  // Of 100, 200 and 300 ms.
  expect(filled).toMatchObject({ successes: 1, failures: 2, p50Ms: 200, p95Ms: 290 });
  expect(series.buckets[0]).toMatchObject({ successes: 0, failures: 0, p50Ms: null, p95Ms: null });
});

it('the overview of another product shows nothing of a subscription', async () => {
  const answer = await api.call('GET', `/v1/subscriptions/${subscription.id}/series`, { key: other.key });
  expect(answer.status).toBe(404);
});

describe('retrying several notifications', () => {
  it('a bulk retry returns the result of each notification in order', async () => {
    const asked = [ids[2]!, ids[0]!, 'ntf_nonsense', ids[1]!];
    const { results } = await api.must('POST', '/v1/notifications/retry', { ids: asked });
    expect(results).toEqual([
      { id: ids[2], retried: true, status: 'pending', code: null, detail: null },
      { id: ids[0], retried: false, status: null, code: 'already-delivered', detail: expect.any(String) },
      { id: 'ntf_nonsense', retried: false, status: null, code: 'not-found', detail: expect.any(String) },
      { id: ids[1], retried: true, status: 'retrying', code: null, detail: null },
    ]);
    expect(new Set(api.retried)).toEqual(new Set([ids[1], ids[2]]));
  });

  it('a bulk retry does not find notifications of other tenants', async () => {
    const { results } = await api.must('POST', '/v1/notifications/retry', { ids: [ids[1]] }, other.key);
    expect(results[0]).toMatchObject({ retried: false, code: 'not-found' });
  });

  it.each([[[]], [Array(201).fill('ntf_x')]])('a bulk retry takes 1 to 200 ids', async (given) => {
    expect((await api.call('POST', '/v1/notifications/retry', { body: { ids: given } })).status).toBe(422);
  });
});
