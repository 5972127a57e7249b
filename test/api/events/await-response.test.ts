import { setTimeout as sleep } from 'node:timers/promises';
import { recordAttempts } from '../../../src/store/notifications/record-attempts';
import { startTestApi, type Answer, type TestApi } from '../../support/api';
import { attemptRecord } from '../../support/attempt-record';

/** The answers of receivers, as the producer of an event sees them. */
let api: TestApi;
let one: { productId: string; key: string };
const TYPE = 'draft.validation.v1';
const URL = 'http://127.0.0.1:1/';
let counter = 0;

beforeAll(async () => {
  api = await startTestApi();
  one = await api.tenant('validating');
  await api.must('PUT', `/v1/event-types/${TYPE}`, {}, one.key);
});
afterAll(() => api?.stop());

/** @returns a customer with as many subscriptions */
async function customerWith(subscriptions: number, settings: object = {}): Promise<string> {
  const customerId = `c${++counter}`;
  await api.must('POST', '/v1/customers', { id: customerId, name: 'C' }, one.key);
  for (let n = 0; n < subscriptions; n += 1)
    await api.must(
      'POST',
      '/v1/subscriptions',
      { customerId, name: `s${n}`, url: URL, eventTypes: ['*'], ...settings },
      one.key,
    );
  return customerId;
}
const post = (event: object, headers: Record<string, string> = {}, key = one.key) =>
  api.call('POST', '/v1/events', { key, headers, body: { type: TYPE, data: {}, ...event } });

/** The notifications of an event, once it is accepted. */
async function notificationsOf(eventId: string): Promise<{ id: string; subscriptionId: string }[]> {
  for (;;) {
    const { status, body } = await api.call('GET', `/v1/events/${eventId}`, { key: one.key });
    if (status === 200) return body.notifications;
    await sleep(10);
  }
}
/** As a worker records an attempt. */
function answer(
  { id: notificationId, subscriptionId }: { id: string; subscriptionId: string },
  status: number,
  body: string,
) {
  const outcome =
    status < 300
      ? ({ status: 'delivered' } as const)
      : ({ status: 'retrying', nextAttemptAt: new Date(Date.now() + 60_000) } as const);
  const response = { status, headers: {}, body, truncated: false };
  return recordAttempts(api.pools.db, [attemptRecord({ notificationId, subscriptionId }, outcome, { response })]);
}

it('a post with awaitResponse returns the last response of each notification once all were attempted', async () => {
  const customerId = await customerWith(2);
  const posted = post({ id: 'both', customerId, awaitResponse: 30 });
  const [first, second] = await notificationsOf('both');
  await answer(first!, 200, '{"valid":false}');
  const early = await Promise.race([posted, sleep(400)]);
  expect(early).toBeUndefined();
  await answer(second!, 500, 'not today');
  const { status, body } = (await posted) as Answer;
  expect({ status, duplicate: body.duplicate }).toEqual({ status: 200, duplicate: false });
  const byId = new Map(body.notifications.map((item: { id: string }) => [item.id, item]));
  expect(byId.get(first!.id)).toMatchObject({
    status: 'delivered',
    lastResponse: {
      status: 200,
      body: '{"valid":false}',
      truncated: false,
      error: null,
      attemptId: expect.stringMatching(/^att_/),
    },
  });
  expect(byId.get(second!.id)).toMatchObject({
    status: 'retrying',
    lastResponse: { status: 500, body: 'not today', error: { class: 'status' } },
  });
});

it('a post returns 202 when the time is over, with the responses that there are', async () => {
  const customerId = await customerWith(2);
  const started = performance.now();
  const posted = post({ id: 'late', customerId, awaitResponse: 3 });
  const [first, second] = await notificationsOf('late');
  await answer(first!, 200, 'ok');
  const { status, body } = await posted;
  expect(status).toBe(202);
  expect(performance.now() - started).toBeGreaterThanOrEqual(3000);
  const responses = Object.fromEntries(
    body.notifications.map((item: { id: string; lastResponse: unknown }) => [item.id, item.lastResponse]),
  );
  expect(responses[first!.id]).toMatchObject({ status: 200 });
  expect(responses[second!.id]).toBeNull();
});

it('an event without notifications is answered immediately', async () => {
  const { status, body } = await post({ customerId: await customerWith(0), awaitResponse: 30 });
  expect({ status, notifications: body.notifications }).toEqual({ status: 200, notifications: [] });
});

it('a repeat of the event, also without awaitResponse, is a duplicate and returns the same responses', async () => {
  const customerId = await customerWith(1);
  const event = { id: 'twice', customerId };
  const posted = post({ ...event, awaitResponse: 30 });
  await answer((await notificationsOf('twice'))[0]!, 200, 'first');
  await posted;
  expect((await post(event)).body).toMatchObject({ duplicate: true });
  const { status, body } = await post({ ...event, awaitResponse: 1 });
  expect({ status, body }).toMatchObject({
    status: 200,
    body: { duplicate: true, notifications: [{ lastResponse: { body: 'first' } }] },
  });
});

it('with an Idempotency-Key, the repeat of a call returns the responses as well', async () => {
  const customerId = await customerWith(1);
  const event = { id: 'keyed', customerId, awaitResponse: 1 };
  const key = { 'idempotency-key': 'keyed' };
  expect((await post(event, key)).status).toBe(202);
  await answer((await notificationsOf('keyed'))[0]!, 200, 'kept');
  expect(await post(event, key)).toMatchObject({
    status: 200,
    body: { duplicate: false, notifications: [{ lastResponse: { body: 'kept' } }] },
  });
});

it('a large event waits too', async () => {
  const customerId = await customerWith(1);
  const posted = post({ id: 'large', customerId, data: { text: 'x'.repeat(200_000) }, awaitResponse: 30 });
  await answer((await notificationsOf('large'))[0]!, 200, 'seen');
  expect(await posted).toMatchObject({ status: 200, body: { notifications: [{ lastResponse: { body: 'seen' } }] } });
});

it.each([0, 31, 1.5, '5', null])('refuses awaitResponse %j', async (awaitResponse) => {
  expect(await post({ awaitResponse })).toMatchObject({
    status: 422,
    body: { code: 'validation-failed', errors: [{ path: '/awaitResponse' }] },
  });
});

it('an event in a batch cannot await a response', async () => {
  const { results } = await api.must(
    'POST',
    '/v1/events/batch',
    {
      events: [
        { type: TYPE, data: {}, awaitResponse: 1 },
        { type: TYPE, data: {} },
      ],
    },
    one.key,
  );
  expect(results).toMatchObject([
    { status: 422, code: 'validation-failed', errors: [{ path: '/awaitResponse' }] },
    { status: 202 },
  ]);
});

it('a credential has at most 20 calls that wait, and what exceeds them is not accepted', async () => {
  const customerId = await customerWith(1);
  const answers = await Promise.all(
    Array.from({ length: 22 }, (_, index) => post({ id: `many-${index}`, customerId, awaitResponse: 2 })),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 202)).toHaveLength(20);
  for (const [index, { status, body, headers }] of answers.entries())
    if (status !== 202) {
      expect({ status, code: body.code, retryAfter: headers.get('retry-after') }).toEqual({
        status: 429,
        code: 'too-many-requests',
        retryAfter: '2',
      });
      expect((await api.call('GET', `/v1/events/many-${index}`)).status).toBe(404);
    }
  expect((await post({ customerId, awaitResponse: 1 })).status).toBe(202);
});

it('the owning product reads the last response of each notification, a customer only the notification', async () => {
  const customerId = await customerWith(1);
  await post({ id: 'read', customerId });
  const read = async (key?: string) => (await api.must('GET', '/v1/events/read', undefined, key)).notifications[0];
  expect((await read(one.key)).lastResponse).toBeNull();
  await answer((await notificationsOf('read'))[0]!, 200, '{"valid":true}');
  expect((await read(one.key)).lastResponse).toMatchObject({ status: 200, body: '{"valid":true}' });
  expect((await read()).lastResponse).toMatchObject({ status: 200 });
  const portal = await api.must('POST', '/v1/portal-sessions', { customerId }, one.key);
  expect(await read(portal.token)).not.toHaveProperty('lastResponse');
  const two = await api.tenant('other');
  expect((await api.call('GET', '/v1/events/read', { key: two.key })).status).toBe(404);
});
