import { uuidOf } from '../../src/domain/ids';
import { recordAttempts } from '../../src/store/notifications/record-attempts';
import { cancelOpen, endChecks } from '../../src/store/subscriptions/settling';
import { startTestApi, type TestApi } from '../support/api';
import { makeTenant, settings } from '../support/tenant';

/** Retries that are asked for more than once, and those of what was delivered. */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
let subscriptionId: string;
beforeAll(async () => {
  api = await startTestApi();
  tenant = await makeTenant(api);
  subscriptionId = (
    await api.must('POST', '/v1/subscriptions', settings({ customerId: tenant.customerId }), tenant.key)
  ).id;
});
afterAll(() => api?.stop());

async function notified(): Promise<string> {
  const event = { type: tenant.eventType, customerId: tenant.customerId, data: {} };
  return (await api.must('POST', '/v1/events', event, tenant.key)).notifications[0].id;
}

let attempts = 0;
async function attempt(notificationId: string, status: number, trigger: 'scheduled' | 'manual' = 'scheduled') {
  const [startedAt, finishedAt] = [new Date(), new Date()];
  const request = { method: 'POST' as const, url: 'http://127.0.0.1:1/hook', headers: {}, body: null };
  const response = { status, headers: {}, body: '', truncated: false };
  const workflowId = `notification/${notificationId}`;
  const made = { notificationId, subscriptionId, attemptKey: `run:${++attempts}`, trigger, startedAt, finishedAt };
  const isDelivered = status < 300;
  await recordAttempts(api.database.db, [
    {
      ...{ ...made, durationMs: 1, request, response, workflowId, failurePeriod: 0 },
      error: isDelivered ? null : { class: 'status', message: `HTTP ${status}` },
      outcome: { status: isDelivered ? 'delivered' : 'failed' },
    },
  ]);
}
const retry = (id: string, body = {}) => api.call('POST', `/v1/notifications/${id}/retry`, { body });
const shown = (id: string) => api.must('GET', `/v1/notifications/${id}`);

it('the same id twice in one call is one retry', async () => {
  const id = await notified();
  await attempt(id, 500);
  const { results } = await api.must('POST', '/v1/notifications/retry', {
    ids: [id, 'ntf_unknown', id, 'ntf_unknown'],
  });
  expect(results).toMatchObject([
    { id, retried: true },
    { retried: false, code: 'not-found' },
    { id, retried: true },
    { retried: false, code: 'not-found' },
  ]);
  expect(api.retried.filter((one) => one === id)).toHaveLength(1);
  expect((await api.must('GET', `/v1/audit?object=${id}`)).items).toHaveLength(1);
});

it('a forced retry that fails leaves the notification delivered, and no recovery sends it', async () => {
  const id = await notified();
  await attempt(id, 200);
  const { deliveredAt, finishedAt } = await shown(id);
  expect(deliveredAt).toBe(finishedAt);
  expect(await retry(id)).toMatchObject({ status: 409, body: { code: 'already-delivered' } });
  expect(await retry(id, { force: true })).toMatchObject({ status: 202, body: { status: 'pending', deliveredAt } });
  await attempt(id, 500, 'manual');
  expect(await shown(id)).toMatchObject({ status: 'delivered', deliveredAt, attemptCount: 2, lastResponseStatus: 500 });
  expect(await retry(id)).toMatchObject({ status: 409 });
  const since = new Date(Date.now() - 60_000).toISOString();
  const failed = await notified();
  await attempt(failed, 500);
  await retry(id, { force: true });
  await attempt(id, 500, 'manual');
  await api.database.db.query({ text: "update notifications set status = 'cancelled' where status = 'pending'" });
  expect(await api.must('POST', `/v1/subscriptions/${subscriptionId}/recover`, { since })).toMatchObject({ total: 1 });
  expect((await shown(id)).deliveredAt).toBe(deliveredAt);
});

it.each(['pending', 'retrying', 'held'])(
  'a forced retry that is cancelled while it is %s leaves the notification delivered',
  async (status) => {
    const id = await notified();
    await attempt(id, 200);
    const { deliveredAt } = await shown(id);
    await retry(id, { force: true });
    await api.database.db.query({
      text: 'update notifications set status = $1 where id = $2',
      values: [status, uuidOf(id)],
    });
    await api.must('POST', `/v1/notifications/${id}/cancel`, {});
    expect(await shown(id)).toMatchObject({ status: 'delivered', deliveredAt, nextAttemptAt: null });
    expect(await retry(id)).toMatchObject({ status: 409, body: { code: 'already-delivered' } });
    // The attempt that was made meanwhile changes nothing.
    await attempt(id, 500, 'manual');
    expect(await shown(id)).toMatchObject({ status: 'delivered', deliveredAt });
  },
);

it('a forced retry whose subscription is deleted leaves the notification delivered', async () => {
  const id = await notified();
  const other = await notified();
  await attempt(id, 200);
  await retry(id, { force: true });
  await cancelOpen(api.database.db, [id, other]);
  expect(await shown(id)).toMatchObject({ status: 'delivered', nextAttemptAt: null });
  expect(await shown(other)).toMatchObject({ status: 'cancelled' });
  await endChecks(api.database.db, [id, other]);
  const { rows } = await api.database.db.query({
    text: 'select from notifications where id = any($1) and reconcile_after is not null',
    values: [[uuidOf(id), uuidOf(other)]],
  });
  expect(rows).toEqual([]);
});

it('a notification that was never delivered has no deliveredAt', async () => {
  const id = await notified();
  await attempt(id, 500);
  expect(await shown(id)).toMatchObject({ status: 'failed', deliveredAt: null });
  await retry(id);
  expect(await shown(id)).toMatchObject({ status: 'pending', deliveredAt: null });
});
