import { startTestApi, type TestApi } from '../support/api';
import { recordAttempts } from '../../src/store/notifications/record-attempts';

/** Bulk recovery over HTTP. Its workflow is tested in test/temporal. */
let api: TestApi;
let key: string;
let otherKey: string;
let customerId: string;
let subscriptionId: string;
let counter = 0;
const TYPE = 'order.shipped.v1';
const LONG_AGO = '2026-01-02T03:04:05.000Z';

beforeAll(async () => {
  api = await startTestApi();
  ({ key } = await api.tenant('orders'));
  ({ key: otherKey } = await api.tenant('others'));
  await api.must('PUT', `/v1/event-types/${TYPE}`, {}, key);
});
afterAll(() => api?.stop());
beforeEach(async () => {
  api.recovering.length = api.recoveriesCancelled.length = 0;
  customerId = (await api.must('POST', '/v1/customers', { name: 'C' }, key)).id;
  const settings = { customerId, name: `s${++counter}`, url: 'http://127.0.0.1:1/', eventTypes: [TYPE] };
  subscriptionId = (await api.must('POST', '/v1/subscriptions', settings, key)).id;
});

async function failed(): Promise<string> {
  const posted = await api.must('POST', '/v1/events', { type: TYPE, customerId, data: {} }, key);
  const notificationId = posted.notifications[0].id as string;
  await recordAttempts(api.database.db, [
    {
      notificationId,
      subscriptionId,
      failurePeriod: 0,
      attemptKey: `run:${++counter}`,
      trigger: 'scheduled',
      startedAt: new Date(),
      finishedAt: new Date(),
      durationMs: 1,
      error: { class: 'connect', message: 'connection refused' },
      request: { method: 'POST', url: 'http://127.0.0.1:1/', headers: {}, body: null },
      response: null,
      workflowId: `notification/${notificationId}`,
      outcome: { status: 'failed' },
    },
  ]);
  return notificationId;
}
const recover = (body: object, as = key) =>
  api.call('POST', `/v1/subscriptions/${subscriptionId}/recover`, { key: as, body });

it('a recovery returns its total once it is stored, and is started', async () => {
  await failed();
  await failed();
  await api.must('POST', '/v1/events', { type: TYPE, customerId, data: {} }, key);
  const { status, body } = await recover({ since: LONG_AGO });
  expect({ status, body }).toEqual({
    status: 202,
    body: {
      id: expect.stringMatching(/^rec_/),
      subscriptionId,
      action: 'retry',
      filter: null,
      status: 'running',
      since: LONG_AGO,
      until: expect.any(String),
      ratePerSecond: 10,
      total: 2,
      retried: 0,
      skipped: 0,
      createdAt: expect.any(String),
      finishedAt: null,
    },
  });
  expect(api.recovering).toEqual([body.id]);
  expect(await api.must('GET', `/v1/recoveries/${body.id}`, undefined, key)).toEqual({
    ...body,
    outcomes: { cancelled: 0, delivered: 0, failed: 0, waiting: 0 },
  });
});

it('a recovery includes only notifications accepted in the given period', async () => {
  await failed();
  const since = new Date(Date.now() + 1).toISOString();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await failed();
  expect((await recover({ since, ratePerSecond: 0.5 })).body).toMatchObject({ since, total: 1, ratePerSecond: 0.5 });
});

it('a recovery ends its period at the time of the request if a later end is given', async () => {
  const { body } = await recover({ since: LONG_AGO, until: '2999-01-01T00:00:00Z' });
  expect(Date.parse(body.until)).toBeLessThanOrEqual(Date.now());
});

it.each([
  ['since', {}],
  ['since', { since: 'yesterday' }],
  ['since', { since: '2999-01-01T00:00:00Z' }],
  ['since', { since: LONG_AGO, until: LONG_AGO }],
  ['until', { since: LONG_AGO, until: 'tomorrow' }],
  ['status', { since: LONG_AGO, status: 'delivered' }],
  ['ratePerSecond', { since: LONG_AGO, ratePerSecond: 0 }],
  ['ratePerSecond', { since: LONG_AGO, ratePerSecond: 1001 }],
])('refuses a recovery with a bad %s, with a pointer to it: %j', async (field, body) => {
  const answer = await recover(body);
  expect(answer).toMatchObject({ status: 422, body: { code: 'validation-failed', errors: [{ path: `/${field}` }] } });
  expect(api.recovering).toEqual([]);
});

it('a subscription has one running recovery, also after concurrent requests', async () => {
  const answers = await Promise.all([recover({ since: LONG_AGO }), recover({ since: LONG_AGO })]);
  const [made, refused] = answers.sort((a, b) => a.status - b.status);
  expect(made!.status).toBe(202);
  expect(refused).toMatchObject({ status: 409, body: { code: 'recovery-running' } });
  expect(refused!.body.detail).toContain(made!.body.id);
  await api.must('POST', `/v1/recoveries/${made!.body.id}/cancel`, {}, key);
  expect((await recover({ since: LONG_AGO })).status).toBe(202);
});

it('the same Idempotency-Key returns the same recovery', async () => {
  const post = () =>
    api.call('POST', `/v1/subscriptions/${subscriptionId}/recover`, {
      key,
      body: { since: LONG_AGO },
      headers: { 'idempotency-key': `recover-${counter}` },
    });
  const [first, second] = [await post(), await post()];
  expect([first.status, second.status]).toEqual([202, 202]);
  expect(second.body.id).toBe(first.body.id);
});

it('a recovery is cancelled once and its workflow is signalled', async () => {
  const { body } = await recover({ since: LONG_AGO });
  const cancelled = await api.call('POST', `/v1/recoveries/${body.id}/cancel`, { key, body: {} });
  expect(cancelled).toMatchObject({ status: 202, body: { status: 'cancelled', finishedAt: expect.any(String) } });
  expect(api.recoveriesCancelled).toEqual([body.id]);
  const again = await api.must('POST', `/v1/recoveries/${body.id}/cancel`, {}, key);
  expect(again).toEqual(cancelled.body);
});

it('recoveries are listed newest first, by subscription and status, to those who see the subscription', async () => {
  const first = (await recover({ since: LONG_AGO })).body;
  await api.must('POST', `/v1/recoveries/${first.id}/cancel`, {}, key);
  const second = (await recover({ since: LONG_AGO })).body;
  const list = async (query: string, as: string) =>
    (await api.must('GET', `/v1/recoveries?subscriptionId=${subscriptionId}${query}`, undefined, as)).items.map(
      ({ id }: { id: string }) => id,
    );
  expect(await list('', key)).toEqual([second.id, first.id]);
  expect(await list('&status=cancelled', key)).toEqual([first.id]);
  expect(await list('', otherKey)).toEqual([]);
  expect((await api.must('GET', '/v1/recoveries?subscriptionId=nothing', undefined, key)).items).toEqual([]);
  const page = await api.must('GET', `/v1/recoveries?subscriptionId=${subscriptionId}&limit=1`, undefined, key);
  expect(page.items).toHaveLength(1);
  expect(await list(`&cursor=${page.nextCursor}`, key)).toEqual([first.id]);
});

it('a recovery returns 404 to another tenant', async () => {
  const { id } = (await recover({ since: LONG_AGO })).body;
  const calls = [
    await recover({ since: LONG_AGO }, otherKey),
    await api.call('GET', `/v1/recoveries/${id}`, { key: otherKey }),
    await api.call('POST', `/v1/recoveries/${id}/cancel`, { key: otherKey, body: {} }),
  ];
  for (const answer of calls) expect(answer).toMatchObject({ status: 404, body: { code: 'not-found' } });
  expect(await api.must('GET', `/v1/recoveries/${id}`, undefined, key)).toMatchObject({ status: 'running' });
});

it('the audit log records who started and who cancelled a recovery', async () => {
  const { id } = (await recover({ since: LONG_AGO, ratePerSecond: 2 })).body;
  await api.must('POST', `/v1/recoveries/${id}/cancel`, {}, key);
  const { rows } = await api.database.db.query<{ action: string; detail: object }>({
    text: 'select action, detail from audit where object = $1 order by id',
    values: [id],
  });
  expect(rows).toEqual([
    {
      action: 'recovery.start',
      detail: { subscriptionId, since: LONG_AGO, until: expect.any(String), ratePerSecond: 2 },
    },
    { action: 'recovery.cancel', detail: { was: 'running' } },
  ]);
});
