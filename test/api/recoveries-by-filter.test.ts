import { startTestApi, type TestApi } from '../support/api';
import { setNotification } from '../support/rows';
import { unique } from '../support/tenant';

/** Recoveries by filter over HTTP. Their pages are tested in test/activities. */
let api: TestApi;
let tenant: { productId: string; key: string };
let customerId: string;
let subscriptionId: string;
const TYPE = 'order.placed.v1';

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.tenant('orders');
  for (const type of [TYPE, 'order.paid.v1']) await api.must('PUT', `/v1/event-types/${type}`, {}, tenant.key);
});
afterAll(() => api?.stop());
beforeEach(async () => {
  api.recovering.length = 0;
  await api.database.db.query({ text: "update recoveries set status = 'completed', finished_at = now()" });
  ({ customerId, subscriptionId } = await newCustomer());
});

async function newCustomer() {
  const { id } = await api.must('POST', '/v1/customers', { name: 'C' }, tenant.key);
  const settings = { customerId: id, name: unique('s'), url: 'http://127.0.0.1:1/', eventTypes: ['*'] };
  const subscription = await api.must('POST', '/v1/subscriptions', settings, tenant.key);
  return { customerId: id as string, subscriptionId: subscription.id as string };
}

async function notified(assignments: string, event: object = {}): Promise<string> {
  const posted = await api.must('POST', '/v1/events', { type: TYPE, customerId, data: {}, ...event }, tenant.key);
  await setNotification(api.database.db, posted.notifications[0].id, assignments);
  return posted.notifications[0].id;
}
const failed = (event?: object) =>
  notified(
    "status = 'failed', attempt_count = 1, last_response_status = 503, last_error_class = 'status', finished_at = now()",
    event,
  );

const post = (body: object, key = tenant.key) => api.call('POST', '/v1/recoveries', { key, body });
const count = async (filter: object, more: object = {}) =>
  (await post({ filter, dryRun: true, ...more })).body as { count: number; exceeded: boolean };

it('a dry run counts what matches each part of a filter, and starts nothing', async () => {
  await failed();
  await failed({ type: 'order.paid.v1' });
  await notified("status = 'failed', last_response_status = null, last_error_class = 'connect'");
  await notified("status = 'cancelled'");
  await notified("status = 'delivered'");
  const mine = { customerId };
  expect(await count(mine)).toEqual({ count: 3, exceeded: false });
  expect(await count({ subscriptionId })).toMatchObject({ count: 3 });
  expect(await count({ ...mine, status: ['failed', 'cancelled'] })).toMatchObject({ count: 4 });
  expect(await count({ ...mine, type: ['order.paid.v1'] })).toMatchObject({ count: 1 });
  expect(await count({ ...mine, status: 'failed,cancelled', type: `${TYPE},none.v1` })).toMatchObject({ count: 3 });
  expect(await count({ ...mine, responseStatus: '5xx' })).toMatchObject({ count: 2 });
  expect(await count({ ...mine, responseStatus: '500' })).toMatchObject({ count: 0 });
  expect(await count({ ...mine, errorClass: ['connect', 'dns'] })).toMatchObject({ count: 1 });
  expect(await count({ ...mine, since: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z' })).toMatchObject({
    count: 0,
  });
  expect(api.recovering).toEqual([]);
});

it('a dry run of cancelling counts open notifications', async () => {
  await notified("status = 'retrying', next_attempt_at = now()");
  await notified("status = 'pending'");
  await failed();
  expect(await count({ customerId }, { action: 'cancel' })).toMatchObject({ count: 2 });
  expect(await count({ customerId, status: ['retrying'] }, { action: 'cancel' })).toMatchObject({ count: 1 });
});

it('a dry run leaves out what cannot be sent again', async () => {
  const id = await failed();
  await failed();
  await api.database.db.query({
    text: 'update events set data = null where id = (select event_id from notifications order by id desc limit 1)',
  });
  expect(await count({ customerId })).toMatchObject({ count: 1 });
  await api.must('DELETE', `/v1/subscriptions/${subscriptionId}`, undefined, tenant.key);
  expect(await count({ customerId })).toMatchObject({ count: 0 });
  expect(id).toMatch(/^ntf_/);
});

it('a recovery by filter is stored with its total, started and audited, and is visible to its customer', async () => {
  await failed();
  const { status, body } = await post({ filter: { customerId, type: [TYPE] }, ratePerSecond: 5 });
  expect(status).toBe(202);
  expect(body).toMatchObject({
    subscriptionId: null,
    action: 'retry',
    status: 'running',
    total: 1,
    retried: 0,
    ratePerSecond: 5,
    filter: { customerId, productId: tenant.productId, type: [TYPE], status: ['failed'] },
  });
  expect(api.recovering).toEqual([body.id]);
  const read = await api.must('GET', `/v1/recoveries/${body.id}`, undefined, tenant.key);
  expect(read).toEqual({ ...body, outcomes: { delivered: 0, failed: 0, waiting: 0, cancelled: 0 } });
  const { token } = await api.must('POST', '/v1/portal-sessions', { customerId }, tenant.key);
  const { items } = await api.must('GET', '/v1/recoveries', undefined, token);
  expect(items.map(({ id }: { id: string }) => id)).toEqual([body.id]);
  const audit = await api.must('GET', `/v1/audit?object=${body.id}`, undefined, tenant.key);
  expect(audit.items).toMatchObject([{ action: 'recovery.start', detail: { filter: { customerId } } }]);
  const cancelled = await api.call('POST', `/v1/recoveries/${body.id}/cancel`, { key: tenant.key, body: {} });
  expect(cancelled.body).toMatchObject({ status: 'cancelled' });
});

it('an admin cancels a recovery by subscription in the audit log of its product and customer', async () => {
  await failed();
  const { id } = await api.must('POST', '/v1/recoveries', { filter: { subscriptionId } });
  await api.must('POST', `/v1/recoveries/${id}/cancel`, {});
  const { items } = await api.must('GET', `/v1/audit?object=${id}`, undefined, tenant.key);
  expect(items).toMatchObject([
    { action: 'recovery.cancel', productId: tenant.productId, customerId },
    { action: 'recovery.start', productId: tenant.productId, customerId },
  ]);
});

it('a recovery by filter stays within what the caller sees', async () => {
  await failed();
  const other = await api.tenant('others');
  expect(await post({ filter: { customerId }, dryRun: true }, other.key)).toMatchObject({
    status: 422,
    body: { code: 'unknown-customer', errors: [{ path: '/filter/customerId' }] },
  });
  expect(await post({ filter: { productId: tenant.productId } }, other.key)).toMatchObject({
    status: 422,
    body: { errors: [{ path: '/filter/productId' }] },
  });
  expect(await post({ filter: { subscriptionId } }, other.key)).toMatchObject({
    status: 422,
    body: { code: 'unknown-subscription', errors: [{ path: '/filter/subscriptionId' }] },
  });
  const { token } = await api.must('POST', '/v1/portal-sessions', { customerId }, tenant.key);
  // Its owner would see the recovery, and could cancel it.
  expect(await post({ filter: { productId: other.productId } }, token)).toMatchObject({
    status: 422,
    body: { errors: [{ path: '/filter/productId' }] },
  });
  const second = await newCustomer();
  expect((await post({ filter: {}, dryRun: true }, token)).body).toMatchObject({ count: 1 });
  expect(await post({ filter: { customerId: second.customerId } }, token)).toMatchObject({
    status: 422,
    body: { errors: [{ path: '/filter/customerId' }] },
  });
});

it.each([
  [{ filter: { status: ['delivered'] } }, '/filter/status/0'],
  [{ action: 'cancel', filter: { status: ['held', 'failed'] } }, '/filter/status/1'],
  [{ filter: { since: '2999-01-01T00:00:00Z' } }, '/filter/since'],
  [{ filter: { status: [] } }, '/filter/status'],
  [{ filter: { responseStatus: '5' } }, '/filter/responseStatus'],
])('a recovery by filter refuses %j with a pointer', async (body, path) => {
  expect(await post(body)).toMatchObject({ status: 422, body: { code: 'validation-failed', errors: [{ path }] } });
});

it('a product runs at most five recoveries by filter at a time', async () => {
  for (let index = 0; index < 5; index++) expect((await post({ filter: {} })).status).toBe(202);
  expect(await post({ filter: {} })).toMatchObject({ status: 409, body: { code: 'recovery-running' } });
  expect((await post({ filter: {}, dryRun: true })).status).toBe(200);
});

it.each([
  ['retry', 'failed'],
  ['retry', 'retrying'],
  ['cancel', 'held'],
])('POST /v1/notifications/%s takes a filter, too', async (action, status) => {
  await failed();
  await notified("status = 'held'");
  await notified("status = 'retrying', next_attempt_at = now()");
  const body = { filter: { customerId, status }, ratePerSecond: 2 };
  const answer = await api.call('POST', `/v1/notifications/${action}`, { key: tenant.key, body });
  expect(answer).toMatchObject({
    status: 202,
    body: { action, total: 1, ratePerSecond: 2, filter: { status: [status] } },
  });
  expect(api.recovering).toEqual([answer.body.id]);
  for (const [wrong, path] of [
    [{ filter: {}, ids: ['ntf_1'] }, '/ids'],
    [{}, '/ids'],
    [{ ids: ['ntf_1'], ratePerSecond: 2 }, '/ratePerSecond'],
  ])
    expect(await api.call('POST', `/v1/notifications/${action}`, { key: tenant.key, body: wrong })).toMatchObject({
      status: 422,
      body: { errors: [{ path }] },
    });
});

it('several notifications are cancelled in one call, with a result for each', async () => {
  const id = await notified("status = 'retrying', next_attempt_at = now()");
  const { results } = await api.must('POST', '/v1/notifications/cancel', { ids: ['ntf_unknown', id] }, tenant.key);
  expect(results).toMatchObject([
    { id: 'ntf_unknown', cancelled: false, code: 'not-found' },
    { id, cancelled: true, status: 'cancelled', code: null },
  ]);
  expect(api.cancelled).toContain(id);
});
