import { startTestApi, type TestApi } from '../support/api';
import { setNotification } from '../support/rows';
import { until } from '../support/until';
import type { AttemptRecord } from '../../src/domain/attempt';
import { recordAttempts } from '../../src/store/notifications/record-attempts';

/** Exception management over HTTP. The workflow's side is tested in test/temporal. */
let api: TestApi;
let key: string;
let customerId: string;
const TYPE = 'order.shipped.v1';

beforeAll(async () => {
  api = await startTestApi();
  ({ key } = await api.tenant('orders'));
  await api.must('PUT', `/v1/event-types/${TYPE}`, {}, key);
});
afterAll(() => api?.stop());
let subscriptionId: string;
let counter = 0;
beforeEach(async () => {
  api.retried.length = api.cancelled.length = api.started.length = 0;
  customerId = (await api.must('POST', '/v1/customers', { name: 'C' }, key)).id;
  const settings = { customerId, name: `s${++counter}`, url: 'http://127.0.0.1:1/', eventTypes: [TYPE] };
  subscriptionId = (await api.must('POST', '/v1/subscriptions', settings, key)).id;
});

async function accept(event = {}): Promise<string> {
  const body = { type: TYPE, customerId, data: { order: 7 }, ...event };
  return (await api.must('POST', '/v1/events', body, key)).notifications[0].id;
}

/** Writes an attempt as the worker does. */
async function attempt(notificationId: string, overrides: Partial<AttemptRecord>): Promise<void> {
  await recordAttempts(api.database.db, [
    {
      notificationId,
      subscriptionId,
      failurePeriod: 0,
      attemptKey: `run:${++counter}`,
      trigger: 'scheduled',
      startedAt: new Date('2026-01-02T03:04:05.678Z'),
      finishedAt: new Date('2026-01-02T03:04:05.690Z'),
      durationMs: 12,
      error: null,
      request: {
        method: 'POST',
        url: 'http://127.0.0.1:1/',
        headers: { authorization: '***', 'x-a': '1' },
        body: null,
      },
      response: { status: 200, headers: { 'content-type': 'text/plain' }, body: 'thanks', truncated: false },
      workflowId: `notification/${notificationId}`,
      outcome: { status: 'delivered' },
      ...overrides,
    },
  ]);
}
const REFUSED = { response: null, error: { class: 'connect' as const, message: 'connection refused' } };
const BUSY = {
  response: { status: 503, headers: {}, body: 'busy', truncated: true },
  error: { class: 'status' as const, message: 'the status was 503' },
};
const get = (id: string) => api.must('GET', `/v1/notifications/${id}`, undefined, key);

describe('notifications', () => {
  it('a notification shows its attempts in order and the last error', async () => {
    const id = await accept();
    const nextAttemptAt = new Date('2026-01-02T03:05:00.000Z');
    await attempt(id, { ...REFUSED, outcome: { status: 'retrying', nextAttemptAt } });
    await attempt(id, { ...BUSY, trigger: 'manual', outcome: { status: 'failed' } });
    expect(await get(id)).toMatchObject({
      status: 'failed',
      attemptCount: 2,
      nextAttemptAt: null,
      lastError: BUSY.error,
      lastResponseStatus: 503,
      finishedAt: expect.any(String),
      workflowId: `notification/${id}`,
      live: null,
      attempts: [
        { number: 1, trigger: 'scheduled', status: null, error: REFUSED.error, durationMs: 12 },
        { number: 2, trigger: 'manual', status: 503, error: BUSY.error },
      ],
    });
  });

  it('a waiting notification shows its next attempt', async () => {
    const id = await accept();
    const nextAttemptAt = new Date('2026-01-02T03:05:00.000Z');
    await attempt(id, { ...REFUSED, outcome: { status: 'retrying', nextAttemptAt } });
    expect(await get(id)).toMatchObject({ status: 'retrying', nextAttemptAt: nextAttemptAt.toISOString() });
  });

  it('notifications are listed by status', async () => {
    const [failed, delivered] = [await accept(), await accept()];
    await attempt(failed, { ...REFUSED, outcome: { status: 'failed' } });
    await attempt(delivered, {});
    const list = async (status: string) =>
      (
        await api.must('GET', `/v1/subscriptions/${subscriptionId}/notifications?status=${status}`, undefined, key)
      ).items.map(({ id }: { id: string }) => id);
    expect(await list('failed')).toEqual([failed]);
    expect(await list('delivered')).toEqual([delivered]);
    expect(await list('pending')).toEqual([]);
  });
});

describe('attempts', () => {
  const detailOf = async (id: string) =>
    api.must('GET', `/v1/attempts/${(await get(id)).attempts[0].id}`, undefined, key);

  it('an attempt shows the request as sent, with its body, and the response', async () => {
    const id = await accept({ timestamp: '2026-01-02T04:00:00.5+01:00', user: { id: 'u' } });
    await attempt(id, {});
    const detail = await detailOf(id);
    expect(detail).toMatchObject({
      notificationId: id,
      number: 1,
      startedAt: '2026-01-02T03:04:05.678Z',
      finishedAt: '2026-01-02T03:04:05.690Z',
      status: 200,
      error: null,
      request: { method: 'POST', url: 'http://127.0.0.1:1/', headers: { authorization: '***', 'x-a': '1' } },
      response: { status: 200, headers: { 'content-type': 'text/plain' }, body: 'thanks', truncated: false },
    });
    expect(JSON.parse(detail.request.body)).toEqual({
      id: expect.stringMatching(/^evt_/),
      type: TYPE,
      timestamp: '2026-01-02T03:00:00.500Z',
      data: { order: 7 },
      user: { id: 'u' },
    });
  });

  it('an attempt without a response shows null', async () => {
    const id = await accept();
    await attempt(id, { ...REFUSED, outcome: { status: 'failed' } });
    expect(await detailOf(id)).toMatchObject({ status: null, error: REFUSED.error, response: null });
  });

  it('an attempt shows that its response was truncated', async () => {
    const id = await accept();
    await attempt(id, { ...BUSY, outcome: { status: 'failed' } });
    expect((await detailOf(id)).response).toMatchObject({ status: 503, body: 'busy', truncated: true });
  });
});

describe('retry', () => {
  const retry = (id: string, body = {}) => api.call('POST', `/v1/notifications/${id}/retry`, { key, body });

  it('retrying a waiting notification makes it due now', async () => {
    const id = await accept();
    await attempt(id, { ...REFUSED, outcome: { status: 'retrying', nextAttemptAt: new Date(Date.now() + 3_600_000) } });
    const { status, body } = await retry(id);
    expect([status, body.status]).toEqual([202, 'retrying']);
    expect(Date.parse(body.nextAttemptAt)).toBeLessThan(Date.now() + 1_800_000);
    expect(api.retried).toEqual([id]);
  });

  it.each(['failed', 'cancelled'])('retrying a %s notification reopens it and keeps its attempts', async (was) => {
    const id = await accept();
    await attempt(id, { ...REFUSED, outcome: { status: 'failed' } });
    if (was === 'cancelled') {
      await retry(id);
      await api.must('POST', `/v1/notifications/${id}/cancel`, {}, key);
      api.retried.length = 0;
    }
    expect(await get(id)).toMatchObject({ status: was });
    expect(await retry(id)).toMatchObject({ status: 202, body: { status: 'pending', finishedAt: null } });
    expect(await get(id)).toMatchObject({ attemptCount: 1, attempts: [{ number: 1 }] });
    expect(api.retried).toEqual([id]);
  });

  it('a delivered notification is delivered again only with force', async () => {
    const id = await accept();
    await attempt(id, {});
    for (const body of [{}, { force: false }])
      expect(await retry(id, body)).toMatchObject({ status: 409, body: { code: 'already-delivered' } });
    expect(api.retried).toEqual([]);
    expect(await get(id)).toMatchObject({ status: 'delivered' });
    expect(await retry(id, { force: true })).toMatchObject({ status: 202, body: { status: 'pending' } });
    expect(api.retried).toEqual([id]);
  });

  it('a retry of what an attempt under way delivers meanwhile does not deliver it again', async () => {
    const id = await accept();
    await setNotification(api.database.db, id, "status = 'delivering'");
    const { answer } = await api.database.db.transaction(async (executor) => {
      await setNotification(executor, id, "status = 'delivered', finished_at = now()");
      const answering = retry(id);
      await until(
        () =>
          api.database.db.query({
            text: "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
          }),
        ({ rowCount }) => rowCount === 1,
      );
      return { answer: answering };
    });
    expect(await answer).toMatchObject({ status: 409, body: { code: 'already-delivered' } });
    expect(await get(id)).toMatchObject({ status: 'delivered' });
    expect(api.retried).toEqual([]);
  });

  it('a retry of what is still held is made now, if its subscription takes deliveries again', async () => {
    await api.must('POST', `/v1/subscriptions/${subscriptionId}/disable`, {}, key);
    const id = await accept();
    await api.must('POST', `/v1/subscriptions/${subscriptionId}/enable`, {}, key);
    expect(await get(id)).toMatchObject({ status: 'held' });
    expect(await retry(id)).toMatchObject({ status: 202, body: { status: 'pending' } });
    expect(api.retried).toEqual([id]);
  });

  it('a retry does not bypass a subscription that does not take deliveries', async () => {
    await api.must('POST', `/v1/subscriptions/${subscriptionId}/disable`, {}, key);
    const id = await accept();
    expect(await get(id)).toMatchObject({ status: 'held' });
    expect(await retry(id)).toMatchObject({ status: 409, body: { code: 'notification-held' } });
    expect(api.retried).toEqual([]);
  });

  it('a notification of a deleted subscription cannot be retried', async () => {
    const id = await accept();
    await attempt(id, { ...REFUSED, outcome: { status: 'failed' } });
    await api.must('DELETE', `/v1/subscriptions/${subscriptionId}`, undefined, key);
    expect(await retry(id)).toMatchObject({ status: 404, body: { code: 'not-found' } });
    expect(await get(id)).toMatchObject({ status: 'failed' });
    expect(api.retried).toEqual([]);
  });
});

describe('cancel', () => {
  it.each(['pending', 'retrying', 'held'])('cancelling closes a %s notification', async (was) => {
    if (was === 'held') await api.must('POST', `/v1/subscriptions/${subscriptionId}/disable`, {}, key);
    const id = await accept();
    if (was === 'retrying')
      await attempt(id, { ...REFUSED, outcome: { status: 'retrying', nextAttemptAt: new Date() } });
    expect(await get(id)).toMatchObject({ status: was });
    expect(await api.call('POST', `/v1/notifications/${id}/cancel`, { key, body: {} })).toMatchObject({
      status: 202,
      body: { status: 'cancelled', nextAttemptAt: null, finishedAt: expect.any(String) },
    });
    expect(api.cancelled).toEqual([id]);
  });

  it('cancelling a closed notification changes nothing', async () => {
    const id = await accept();
    await attempt(id, {});
    const before = await get(id);
    await api.must('POST', `/v1/notifications/${id}/cancel`, {}, key);
    expect(await get(id)).toEqual(before);
  });
});

describe('subscriptions that do not take deliveries', () => {
  it('a disabled subscription holds accepted notifications and starts none', async () => {
    await api.must('POST', `/v1/subscriptions/${subscriptionId}/disable`, {}, key);
    const id = await accept();
    expect(await get(id)).toMatchObject({ status: 'held', nextAttemptAt: null });
    expect(api.started).toEqual([]);
  });

  it('enabling a subscription settles its held notifications', async () => {
    await api.must('POST', `/v1/subscriptions/${subscriptionId}/disable`, {}, key);
    await accept();
    api.settled.length = 0;
    await api.must('PATCH', `/v1/subscriptions/${subscriptionId}`, { description: 'still off' }, key);
    expect(api.settled).toEqual([]);
    await api.must('POST', `/v1/subscriptions/${subscriptionId}/enable`, {}, key);
    expect(api.settled).toEqual([subscriptionId]);
  });

  it('new notifications are held behind older ones until the settlement ends', async () => {
    await api.must('POST', `/v1/subscriptions/${subscriptionId}/disable`, {}, key);
    await accept();
    await api.must('POST', `/v1/subscriptions/${subscriptionId}/enable`, {}, key);
    expect(await get(await accept())).toMatchObject({ status: 'held' });
  });

  it('deleting a subscription settles its open notifications', async () => {
    await accept();
    api.settled.length = 0;
    expect(await api.call('DELETE', `/v1/subscriptions/${subscriptionId}`, { key })).toMatchObject({ status: 204 });
    expect(api.settled).toEqual([subscriptionId]);
    expect(await api.call('DELETE', `/v1/subscriptions/${subscriptionId}`, { key })).toMatchObject({ status: 404 });
  });
});
