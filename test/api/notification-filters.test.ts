import { summariseResponseTimes } from '../../src/store/reporting/summarise-response-times';
import { recordAttempts } from '../../src/store/notifications/record-attempts';
import type { AttemptErrorClass } from '../../src/domain/types';
import { startTestApi, type TestApi } from '../support/api';
import { attemptRecord } from '../support/attempt-record';
import { makeTenant, settings } from '../support/tenant';

/** Lists of notifications by what the receiver answered last. */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
let subscriptionId: string;
const ids: Record<string, string> = {};

beforeAll(async () => {
  api = await startTestApi();
  tenant = await makeTenant(api);
  const { key, customerId, eventType } = tenant;
  ({ id: subscriptionId } = await api.must('POST', '/v1/subscriptions', settings({ customerId }), key));
  const attempt = async (name: string, status: number | null, errorClass: AttemptErrorClass | null) => {
    const event = await api.must('POST', '/v1/events', { type: eventType, customerId, data: {} }, key);
    const notificationId = (ids[name] = event.notifications[0].id as string);
    const response = status === null ? null : { status, headers: {}, body: '', truncated: false };
    const error = errorClass && { class: errorClass, message: name };
    const outcome = { status: errorClass ? ('failed' as const) : ('delivered' as const) };
    await recordAttempts(api.database.db, [
      attemptRecord({ notificationId, subscriptionId }, outcome, { response, error }),
    ]);
  };
  await attempt('ok', 204, null);
  await attempt('gone', 410, 'status');
  await attempt('broken', 500, 'status');
  await attempt('busy', 503, 'status');
  await attempt('unknown name', null, 'dns');
  await attempt('late', null, 'timeout');
  const { notifications } = await api.must('POST', '/v1/events', { type: eventType, customerId, data: {} }, key);
  ids.waiting = notifications[0].id;
});
afterAll(() => api?.stop());

async function found(query: string): Promise<string[]> {
  const lists = ['/v1/notifications', `/v1/subscriptions/${subscriptionId}/notifications`];
  const [all, ofSubscription] = await Promise.all(
    lists.map(async (path) => {
      const { items } = await api.must('GET', `${path}?${query}`, undefined, tenant.key);
      return items.map(({ id }: { id: string }) => Object.keys(ids).find((name) => ids[name] === id)) as string[];
    }),
  );
  expect(ofSubscription).toEqual(all);
  return all!.sort();
}

it.each([
  ['responseStatus=503', ['busy']],
  ['responseStatus=5xx', ['broken', 'busy']],
  ['responseStatus=2xx', ['ok']],
  ['responseStatus=599', []],
  ['errorClass=dns', ['unknown name']],
  ['errorClass=timeout,dns', ['late', 'unknown name']],
  ['errorClass=status&responseStatus=4xx', ['gone']],
  ['errorClass=dns&responseStatus=5xx', []],
  ['errorClass=status&status=failed', ['broken', 'busy', 'gone']],
])('notifications are filtered by %s', async (query, expected) => {
  expect(await found(query)).toEqual(expected);
});

it('notifications are filtered by when they ended, which a waiting one has not', async () => {
  const ended = Object.keys(ids).filter((name) => name !== 'waiting');
  const { items } = await api.must('GET', '/v1/notifications', undefined, tenant.key);
  const times = items
    .map(({ finishedAt }: { finishedAt: string | null }) => finishedAt)
    .filter(Boolean)
    .sort();
  expect(await found(`finishedSince=${times[0]}`)).toEqual(ended.sort());
  expect(await found(`finishedSince=${new Date(Date.parse(times.at(-1)) + 1).toISOString()}`)).toEqual([]);
  expect(await found(`finishedSince=${times[0]}&status=failed`)).toEqual(ended.filter((name) => name !== 'ok').sort());
});

it('refuses a filter by a status or class that cannot be', async () => {
  for (const query of [
    'responseStatus=',
    'responseStatus=0xx',
    'responseStatus=5XX',
    'responseStatus=50',
    'responseStatus=+503',
    'errorClass=',
    'errorClass=dns,',
    'errorClass=none',
    'status=failed,,held',
    'finishedSince=yesterday',
  ]) {
    const { status, body } = await api.call('GET', `/v1/notifications?${query}`);
    expect([query, status, body.errors[0].path]).toEqual([query, 422, `query/${query.split('=')[0]}`]);
  }
});

it('subscriptions are sorted by their success rate, lowest first, and those without attempts last', async () => {
  const { key, customerId, eventType } = await makeTenant(api);
  const subscribe = async (name: string, eventTypes: string[]) =>
    (await api.must('POST', '/v1/subscriptions', settings({ customerId, name, eventTypes }), key)).id as string;
  const unused = await subscribe('unused', ['*']);
  await api.must('POST', `/v1/subscriptions/${unused}/disable`, {}, key);
  const rates = { perfect: 1, poor: 0, middling: 0.5 };
  for (const [name, rate] of Object.entries(rates)) {
    const id = await subscribe(name, [eventType]);
    for (let i = 0; i < 4; i++) {
      const event = await api.must('POST', '/v1/events', { type: eventType, customerId, data: {} }, key);
      const mine = event.notifications.find((one: { subscriptionId: string }) => one.subscriptionId === id);
      const outcome = { status: i < rate * 4 ? ('delivered' as const) : ('failed' as const) };
      await recordAttempts(api.database.db, [attemptRecord({ notificationId: mine.id, subscriptionId: id }, outcome)]);
    }
  }
  await summariseResponseTimes(api.database.db, Date.now() + 60_000);
  const names: string[] = [];
  for (let cursor = ''; ;) {
    const page = await api.must('GET', `/v1/subscriptions?sort=success-rate&limit=1${cursor}`, undefined, key);
    names.push(...page.items.map(({ name }: { name: string }) => name));
    if (page.nextCursor === null) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  expect(names).toEqual(['poor', 'middling', 'perfect', 'unused']);
});
