import { applyRetention } from '../../src/store/retention/apply';
import { recordAttempts } from '../../src/store/notifications/record-attempts';
import { startTestApi, type TestApi } from '../support/api';
import { attemptRecord } from '../support/attempt-record';
import { signpost } from '../support/cli';

/** Retention over HTTP and in the CLI. Its work on the tables is tested in test/store/retention. */
const DAY_MS = 86_400_000;
const TYPE = 'order.shipped.v1';
const SENT = { method: 'POST' as const, url: 'http://127.0.0.1:1/', headers: { a: 'b' }, body: null };
const LONG_AGO = '2026-01-02T03:04:05.000Z';

let api: TestApi;
let key: string;
let productId: string;
let subscriptionId: string;
let customerId: string;
let notificationId: string;
beforeEach(async () => {
  api = await startTestApi();
  ({ key, productId } = await api.tenant('orders'));
  await api.must('PUT', `/v1/event-types/${TYPE}`, {}, key);
  customerId = (await api.must('POST', '/v1/customers', { name: 'C' }, key)).id;
  const settings = { customerId, name: 's', url: 'http://127.0.0.1:1/', eventTypes: [TYPE] };
  subscriptionId = (await api.must('POST', '/v1/subscriptions', settings, key)).id;
  notificationId = await failed();
});
afterEach(() => api?.stop());

async function failed(): Promise<string> {
  const event = { id: 'given', type: TYPE, customerId, data: { order: 7 } };
  const { id } = (await api.must('POST', '/v1/events', event, key)).notifications[0];
  const record = attemptRecord({ notificationId: id, subscriptionId }, { status: 'failed' }, { request: SENT });
  await recordAttempts(api.database.db, [record]);
  return id;
}

/** Runs retention as it will run some days from now. */
const runAfter = (days: number) =>
  applyRetention(api.database.db, { payload: 30, history: 90, eventIds: 30, audit: 400 }, Date.now() + days * DAY_MS);
const get = (path: string) => api.call('GET', path, { key });

it('shows an event and an attempt without the payload that has expired', async () => {
  const [attempt] = (await get(`/v1/notifications/${notificationId}`)).body.attempts;
  expect((await get('/v1/events/given')).body).toMatchObject({ data: { order: 7 }, payloadExpired: false });
  expect((await get(`/v1/attempts/${attempt.id}`)).body).toMatchObject({
    payloadExpired: false,
    request: { headers: { a: 'b' }, body: expect.stringContaining('"order":7') },
  });
  await runAfter(32);
  expect((await get('/v1/events/given')).body).toMatchObject({ id: 'given', data: null, payloadExpired: true });
  expect((await get('/v1/events')).body.items).toMatchObject([{ data: null, payloadExpired: true }]);
  expect((await get(`/v1/attempts/${attempt.id}`)).body).toMatchObject({
    payloadExpired: true,
    request: { headers: {}, body: null },
    response: { status: 500, headers: {}, body: '' },
  });
});

it('refuses a retry of what has no payload, and does not change it', async () => {
  await runAfter(32);
  const { status, body } = await api.call('POST', `/v1/notifications/${notificationId}/retry`, { key, body: {} });
  expect({ status, code: body.code }).toEqual({ status: 409, code: 'payload-expired' });
  const bulk = await api.must('POST', '/v1/notifications/retry', { ids: [notificationId] }, key);
  expect(bulk.results).toMatchObject([{ retried: false, code: 'payload-expired' }]);
  expect((await get(`/v1/notifications/${notificationId}`)).body.status).toBe('failed');
  expect(api.retried).toEqual([]);
});

it('refuses a recovery of a period without any payload, and counts only what can be sent otherwise', async () => {
  const recover = () =>
    api.call('POST', `/v1/subscriptions/${subscriptionId}/recover`, { key, body: { since: LONG_AGO } });
  await runAfter(32);
  expect(await recover()).toMatchObject({ status: 409, body: { code: 'payload-expired' } });
  const event = { type: TYPE, customerId, data: {} };
  const { id } = (await api.must('POST', '/v1/events', event, key)).notifications[0];
  await recordAttempts(api.database.db, [attemptRecord({ notificationId: id, subscriptionId }, { status: 'failed' })]);
  expect(await recover()).toMatchObject({ status: 202, body: { total: 1 } });
});

it('answers 404 for what has no history any more', async () => {
  const [attempt] = (await get(`/v1/notifications/${notificationId}`)).body.attempts;
  await runAfter(92);
  for (const path of ['events/given', `notifications/${notificationId}`, `attempts/${attempt.id}`])
    expect((await get(`/v1/${path}`)).status).toBe(404);
  for (const path of ['events', 'notifications', `subscriptions/${subscriptionId}/notifications`])
    expect(await get(`/v1/${path}`)).toMatchObject({ status: 200, body: { items: [] } });
  expect((await get(`/v1/subscriptions/${subscriptionId}/statistics`)).status).toBe(200);
  expect((await api.call('POST', `/v1/notifications/${notificationId}/retry`, { key, body: {} })).status).toBe(404);
});

it('finds an event by the id of its producer after the ids themselves were dropped', async () => {
  await runAfter(70);
  expect((await api.database.db.query({ text: 'select from event_keys' })).rowCount).toBe(0);
  expect((await get('/v1/events/given')).body).toMatchObject({ id: 'given', payloadExpired: true });
  expect((await get('/v1/events/other')).status).toBe(404);
  expect((await get('/v1/notifications?eventId=given')).body.items).toMatchObject([{ id: notificationId }]);
});

it('lets a product differ, and refuses payloads that outlive their history', async () => {
  const change = (retention: object) => api.call('PATCH', `/v1/products/${productId}`, { body: { retention } });
  expect((await change({ payloadDays: 7 })).body.retention).toEqual({ payloadDays: 7, historyDays: null });
  expect((await change({ historyDays: 14 })).body.retention).toEqual({ payloadDays: 7, historyDays: 14 });
  for (const refused of [{ payloadDays: 15 }, { payloadDays: 91, historyDays: null }])
    expect(await change(refused)).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/retention/payloadDays' }] },
    });
  expect((await change({ payloadDays: 0 })).status).toBe(422);
  expect((await change({ payloadDays: null, historyDays: null })).body.retention).toEqual({
    payloadDays: null,
    historyDays: null,
  });
});

it('shows in the CLI what is kept and how much space it takes', async () => {
  const { json } = await signpost(api.url, ['retention', 'show', '--json']);
  expect(json).toMatchObject({
    days: { payload: 30, history: 90, eventIds: 30, audit: 400 },
    tables: expect.arrayContaining([
      {
        table: 'events',
        partitions: 15,
        oldestDay: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
        ahead: 14,
        rowsInDefault: 0,
      },
      expect.objectContaining({ table: 'event_keys', rowsInDefault: 0 }),
    ]),
    bytes: expect.objectContaining({ events: expect.any(Number), subscriptions: expect.any(Number) }),
    openBeyondHistory: 0,
    lastRun: null,
  });
  const { out, code } = await signpost(api.url, ['retention', 'show']);
  expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/payload +30[^]*TABLE +PARTITIONS/) });
});
