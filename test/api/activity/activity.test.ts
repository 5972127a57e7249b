import { Client } from 'pg';
import { watch, type TestWatcher } from '../../support/activity';
import { until } from '../../support/until';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../support/api';
import type { AttemptRecord } from '../../../src/domain/attempt';
import { recordAttempts } from '../../../src/store/notifications/record-attempts';

/**
 * The activity stream over HTTP, on a real database: who sees what, and that a client that
 * reconnects misses nothing and sees nothing twice.
 */
let api: TestApi;
let key: string;
let productId: string;
let customerId: string;
let subscriptionId: string;
let counter = 0;
const TYPE = 'order.shipped.v1';
const watchers: TestWatcher[] = [];

beforeAll(async () => {
  api = await startTestApi();
  ({ key, productId } = await api.tenant('orders'));
  await api.must('PUT', `/v1/event-types/${TYPE}`, {}, key);
});
afterAll(() => api?.stop());
beforeEach(async () => {
  customerId = (await api.must('POST', '/v1/customers', { name: 'C' }, key)).id;
  subscriptionId = await subscribe();
});
afterEach(() => {
  for (const watcher of watchers.splice(0)) watcher.close();
});

async function subscribe(): Promise<string> {
  const settings = { customerId, name: `s${++counter}`, url: 'http://127.0.0.1:1/', eventTypes: [TYPE] };
  return (await api.must('POST', '/v1/subscriptions', settings, key)).id;
}
async function open(as = key, options: { query?: string; lastEventId?: string } = {}): Promise<TestWatcher> {
  const watcher = await watch(api.url, as, options);
  watchers.push(watcher);
  return watcher;
}
async function accept(event = {}): Promise<{ eventId: string; notificationId: string }> {
  const posted = await api.must('POST', '/v1/events', { type: TYPE, customerId, data: { card: 4711 }, ...event }, key);
  return { eventId: posted.id, notificationId: posted.notifications[0]?.id };
}
async function attempt(notificationId: string, overrides: Partial<AttemptRecord> = {}): Promise<void> {
  await recordAttempts(api.database.db, [
    {
      notificationId,
      subscriptionId,
      failurePeriod: 0,
      attemptKey: `run:${++counter}`,
      trigger: 'scheduled',
      startedAt: new Date(),
      finishedAt: new Date(),
      durationMs: 12,
      error: null,
      request: { method: 'POST', url: 'http://127.0.0.1:1/', headers: {}, body: null },
      response: { status: 200, headers: {}, body: 'thanks', truncated: false },
      workflowId: `notification/${notificationId}`,
      outcome: { status: 'delivered' },
      ...overrides,
    },
  ]);
}
const REFUSED = { response: null, error: { class: 'connect' as const, message: 'connection refused' } };
const kinds = ({ events }: TestWatcher) => events.map(({ event, data }) => [event, data.status]);
const eventIds = ({ events }: TestWatcher) => events.map(({ data }) => data.eventId);

it('the stream shows events, attempts and their results, without payloads', async () => {
  const watcher = await open();
  expect(watcher.status).toBe(200);
  const { eventId, notificationId } = await accept();
  await attempt(notificationId, { ...REFUSED, outcome: { status: 'retrying', nextAttemptAt: new Date() } });
  await attempt(notificationId, { ...REFUSED, outcome: { status: 'failed' } });
  await api.must('POST', `/v1/notifications/${notificationId}/retry`, {}, key);
  await attempt(notificationId);
  await watcher.waitFor(5);
  expect(kinds(watcher)).toEqual([
    ['event.accepted', null],
    ['attempt.finished', 'retrying'],
    ['attempt.finished', 'failed'],
    ['notification.reopened', 'pending'],
    ['attempt.finished', 'delivered'],
  ]);
  expect(watcher.events[0]!.data).toEqual({
    kind: 'event.accepted',
    at: expect.any(String),
    type: TYPE,
    eventId,
    productId,
    customerId,
    subscriptionId: null,
    notificationId: null,
    status: null,
    attempt: null,
  });
  expect(watcher.events[1]!.data).toEqual({
    kind: 'attempt.finished',
    at: expect.any(String),
    type: TYPE,
    eventId,
    productId,
    customerId,
    subscriptionId,
    notificationId,
    status: 'retrying',
    attempt: { id: expect.stringMatching(/^att_/), number: 1, responseStatus: null, errorClass: 'connect' },
  });
  expect(JSON.stringify(watcher.events)).not.toContain('4711');
});

it('the stream shows held, released and cancelled notifications', async () => {
  const watcher = await open();
  await api.must('POST', `/v1/subscriptions/${subscriptionId}/disable`, {}, key);
  const { notificationId } = await accept();
  await api.database.db.query({
    text: `update notifications set status = 'pending' where customer_id = $1`,
    values: [customerId],
  });
  await api.must('POST', `/v1/notifications/${notificationId}/cancel`, {}, key);
  await watcher.waitFor(4);
  expect(kinds(watcher).sort()).toEqual([
    ['event.accepted', null],
    ['notification.cancelled', 'cancelled'],
    ['notification.held', 'held'],
    ['notification.released', 'pending'],
  ]);
});

it('an attempt that fails after a cancellation shows the notification as cancelled', async () => {
  const { notificationId } = await accept();
  const watcher = await open();
  await api.must('POST', `/v1/notifications/${notificationId}/cancel`, {}, key);
  await attempt(notificationId, { ...REFUSED, outcome: { status: 'failed' } });
  await watcher.waitFor(2);
  expect(kinds(watcher)).toEqual([
    ['notification.cancelled', 'cancelled'],
    ['attempt.finished', 'cancelled'],
  ]);
});

describe('reconnecting clients', () => {
  it('a client that resumes from any event id gets all later events once', async () => {
    const watcher = await open();
    for (let i = 0; i < 6; i++) await attempt((await accept()).notificationId);
    await watcher.waitFor(12);
    const all = watcher.events.map(({ data }) => JSON.stringify(data));
    for (const [index, { id }] of watcher.events.entries()) {
      const resumed = await open(key, { lastEventId: id });
      await resumed.waitFor(11 - index);
      expect(resumed.events.map(({ data }) => JSON.stringify(data))).toEqual(all.slice(index + 1));
      resumed.close();
    }
  });

  it('a client that reconnects often misses nothing during traffic', async () => {
    const query = `?customerId=${customerId}`;
    let watcher = await open(key, { query });
    const received: string[] = [];
    const posted: string[] = [];
    let posting = true;
    const producers = [1, 2, 3].map(async () => {
      while (posting) {
        const { eventId, notificationId } = await accept();
        await attempt(notificationId);
        posted.push(`event.accepted ${eventId}`, `attempt.finished ${eventId}`);
      }
    });
    const leave = () => {
      watcher.close();
      received.push(...watcher.events.map(({ event, data }) => `${event} ${data.eventId}`));
    };
    for (let round = 0; round < 8; round++) {
      await watcher.waitFor(round % 2 === 0 ? 1 : 20);
      leave();
      watcher = await open(key, { lastEventId: watcher.lastEventId, query });
    }
    posting = false;
    await Promise.all(producers);
    await watcher.waitFor(posted.length - received.length);
    leave();
    expect(received.sort()).toEqual(posted.sort());
  });

  it('a client gets events committed late, also after it has seen younger ids', async () => {
    const watcher = await open();
    // A transaction that has its ids and takes time to commit.
    const slow = new Client(api.database.url);
    await slow.connect();
    await slow.query('begin');
    const { notificationId } = await accept();
    await slow.query(
      "update notifications set status = 'held' where id = (select id from notifications order by id desc limit 1)",
    );
    const { eventId: younger } = await accept();
    await watcher.waitFor(2);
    watcher.close();
    const resumed = await open(key, { lastEventId: watcher.lastEventId });
    await slow.query('commit');
    await slow.end();
    await resumed.waitFor(1);
    expect(eventIds(watcher)[1]).toBe(younger);
    expect(resumed.events.map(({ event, data }) => [event, data.notificationId])).toEqual([
      ['notification.held', notificationId],
    ]);
  });

  it('a client may resume by a query parameter', async () => {
    const watcher = await open();
    const { eventId } = await accept();
    const resumed = await open(key, { query: `?lastEventId=${watcher.lastEventId}` });
    await resumed.waitFor(1);
    expect(eventIds(resumed)).toEqual([eventId]);
  });

  it('a client that resumes after more than a day is notified of a gap', async () => {
    const from = Date.now() - 3 * 86_400_000;
    const lastEventId = Buffer.from(`${from}/3:3:`).toString('base64url');
    const resumed = await open(key, { lastEventId });
    await resumed.waitFor(1);
    expect(resumed.events[0]).toMatchObject({
      event: 'activity.gap',
      data: { from: new Date(from).toISOString(), until: expect.any(String) },
    });
  });

  it('a client with a position ahead of the database gets events twice rather than not at all', async () => {
    const { eventId } = await accept();
    const lastEventId = Buffer.from(`${Date.now()}/999999999:999999999:`).toString('base64url');
    const resumed = await open(key, { lastEventId, query: `?customerId=${customerId}` });
    await resumed.waitFor(1);
    expect(eventIds(resumed)).toEqual([eventId]);
  });

  it('refuses an invalid position, in the header and in the query', async () => {
    const header = await api.call('GET', '/v1/activity', { headers: { 'last-event-id': '42' } });
    const query = await api.call('GET', '/v1/activity?lastEventId=42');
    for (const answer of [header, query])
      expect(answer).toMatchObject({ status: 422, body: { code: 'validation-failed' } });
    expect(header.body.errors[0].path).toBe('header/last-event-id');
    expect(query.body.errors[0].path).toBe('query/lastEventId');
  });
});

describe('scope of the stream', () => {
  it('a product sees its own events and an admin sees all', async () => {
    const other = await api.tenant('others');
    const [own, others, admin] = [await open(key), await open(other.key), await open(ADMIN_KEY)];
    const { eventId } = await accept();
    await api.must('PUT', '/v1/event-types/other.thing.v1', { productId: other.productId });
    const theirs = await api.must('POST', '/v1/events', { type: 'other.thing.v1', data: {} }, other.key);
    await admin.waitFor(2);
    await own.waitFor(1);
    await others.waitFor(1);
    expect(eventIds(admin)).toEqual([eventId, theirs.id]);
    expect(eventIds(own)).toEqual([eventId]);
    expect(eventIds(others)).toEqual([theirs.id]);
  });

  it('a customer sees its own events, with a portal token as with an API key', async () => {
    const { token } = await api.must('POST', '/v1/portal-sessions', { customerId }, key);
    const apiKey = await api.must('POST', '/v1/api-keys', { name: 'c', role: 'customer', customerId });
    const [byToken, byKey, product] = [await open(token), await open(apiKey.key), await open(key)];
    const other = await api.must('POST', '/v1/customers', { name: 'Other' }, key);
    const { eventId: theirs } = await accept({ customerId: other.id });
    const { eventId: toAll } = await accept({ customerId: undefined });
    const { eventId: own } = await accept();
    // Events reach all watchers in the same order, so the own event arrives after those of others.
    for (const watcher of [byToken, byKey]) {
      await watcher.waitFor(1);
      expect(eventIds(watcher)).toEqual([own]);
    }
    await until(
      async () => eventIds(product),
      (ids) => ids.includes(own),
    );
    expect(new Set(eventIds(product))).toEqual(new Set([theirs, toAll, own]));
  });

  it('filters narrow the stream', async () => {
    await api.must('PUT', '/v1/event-types/order.lost.v1', {}, key);
    const byType = await open(key, { query: '?type=order.lost.v1' });
    const bySubscription = await open(key, { query: `?subscriptionId=${subscriptionId}` });
    const byCustomer = await open(key, { query: '?customerId=nobody' });
    const all = await open(key);
    const { notificationId } = await accept();
    await attempt(notificationId);
    const { eventId: lost } = await accept({ type: 'order.lost.v1' });
    await all.waitFor(3);
    await byType.waitFor(1);
    await bySubscription.waitFor(1);
    expect(eventIds(byType)).toEqual([lost]);
    expect(kinds(bySubscription)).toEqual([['attempt.finished', 'delivered']]);
    expect(byCustomer.events).toEqual([]);
  });
});
