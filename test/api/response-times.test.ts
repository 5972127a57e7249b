import { startTestApi, type TestApi } from '../support/api';
import { attemptRecord } from '../support/attempt-record';
import { makeTenant, settings } from '../support/tenant';
import { recordAttempts } from '../../src/store/notifications/record-attempts';
import { summariseResponseTimes } from '../../src/store/reporting/summarise-response-times';

/** Percentiles of response times, by subscription and in lists. */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
const HOUR_MS = 3_600_000;
const ids: Record<string, string> = {};
/** 20 durations each. The 19th of 20 is the 95th percentile. */
const DURATIONS = {
  fast: [...Array<number>(19).fill(10), 3000],
  tail: [...Array<number>(18).fill(20), 800, 900],
  slow: Array<number>(20).fill(2000),
};

beforeAll(async () => {
  api = await startTestApi();
  tenant = await makeTenant(api);
  for (const [name, durations] of Object.entries(DURATIONS)) {
    ids[name] = await subscribe(name);
    await attempts(
      ids[name],
      durations.map((durationMs, index) => ({ durationMs, ok: name !== 'slow' || index >= 15 })),
    );
  }
  ids.idle = await subscribe('idle');
  await turnBack();
  await summariseLater();
});
afterAll(() => api?.stop());

async function subscribe(name: string): Promise<string> {
  const body = settings({ customerId: tenant.customerId, name, eventTypes: [tenant.eventType] });
  return (await api.must('POST', '/v1/subscriptions', body, tenant.key)).id as string;
}

async function attempts(id: string, given: { durationMs: number; ok: boolean; status?: number }[]): Promise<void> {
  for (const { durationMs, ok, status } of given) {
    const body = { type: tenant.eventType, customerId: tenant.customerId, data: {} };
    const { notifications } = await api.must('POST', '/v1/events', body, tenant.key);
    const { id: notificationId } = notifications.find((one: { subscriptionId: string }) => one.subscriptionId === id);
    const record = attemptRecord(
      { notificationId, subscriptionId: id },
      { status: ok ? 'delivered' : 'failed' },
      { durationMs, ...(status === 0 && { response: null }) },
    );
    await recordAttempts(api.database.db, [record]);
  }
}

/** When the last attempts were summarised. */
let readUntil = new Date(0);
/** Summarises as if it were later, because attempts of the last seconds are not settled. */
const summariseLater = (laterMs = 60_000) => summariseResponseTimes(api.database.db, Date.now() + laterMs);
/** Takes back that the time was read which has not come yet. */
async function turnBack(): Promise<void> {
  const values = [readUntil];
  await api.database.db.query({ text: 'update response_times_progress set read_until = $1', values });
  readUntil = new Date();
}
const names = async (query: string) => {
  const found: string[] = [];
  for (let cursor = ''; ;) {
    const page = await api.must('GET', `/v1/subscriptions?limit=1&${query}${cursor}`, undefined, tenant.key);
    found.push(...page.items.map(({ name }: { name: string }) => name));
    if (page.nextCursor === null) return found;
    cursor = `&cursor=${page.nextCursor}`;
  }
};
const near = (value: number, expected: number) => expect(Math.abs(value / expected - 1)).toBeLessThan(0.08);

it.each([
  ['p95', ['fast', 'tail', 'slow', 'idle']],
  ['-p95', ['slow', 'tail', 'fast', 'idle']],
  ['success-rate', ['slow', 'fast', 'tail', 'idle']],
])('subscriptions are sorted by %s page by page, those without attempts last', async (sort, expected) => {
  expect(await names(`sort=${sort}`)).toEqual(expected);
});

it('a list includes success rate and response times on demand only', async () => {
  const list = async (include: string) =>
    (await api.must('GET', `/v1/subscriptions?sort=-p95${include}`, undefined, tenant.key)).items;
  for (const item of await list('')) expect(item).not.toHaveProperty('statistics');
  const [slow, tail, , idle] = await list('&include=statistics,health');
  expect(slow).toMatchObject({ name: 'slow', statistics: { attempts: 20, successRate: 0.25 }, health: {} });
  near(slow.statistics.p95Ms, 2000);
  near(tail.statistics.p50Ms, 20);
  near(tail.statistics.p95Ms, 800);
  near(tail.statistics.p99Ms, 900);
  expect(idle.statistics).toEqual({ attempts: 0, successRate: null, p50Ms: null, p95Ms: null, p99Ms: null });
  expect((await api.call('GET', '/v1/subscriptions?include=latency', { key: tenant.key })).status).toBe(422);
});

it('the statistics of a subscription have percentiles in total and by class of the response', async () => {
  const id = await subscribe('mixed');
  await attempts(id, [
    ...Array.from({ length: 3 }, () => ({ durationMs: 50, ok: true })),
    { durationMs: 400, ok: false },
    { durationMs: 9000, ok: false, status: 0 },
  ]);
  await turnBack();
  await summariseLater();
  const { lastDay } = await api.must('GET', `/v1/subscriptions/${id}/statistics`, undefined, tenant.key);
  expect(lastDay).toMatchObject({ attempts: 5, successRate: 0.6 });
  near(lastDay.p50Ms, 50);
  near(lastDay.p99Ms, 9000);
  expect(lastDay.classes.map((one: object) => Object.values(one).slice(0, 2))).toEqual([
    ['2xx', 3],
    ['5xx', 1],
    ['none', 1],
  ]);
  near(lastDay.classes[1].p95Ms, 400);
});

it('the overview lists the slowest subscriptions of the caller', async () => {
  const { slowest } = await api.must('GET', '/v1/overview', undefined, tenant.key);
  expect(slowest.slice(0, 2)).toMatchObject([
    { name: 'mixed' },
    { subscriptionId: ids.slow, name: 'slow', attempts: 20 },
  ]);
  near(slowest[1].p95Ms, 2000);
  const other = await makeTenant(api);
  expect((await api.must('GET', '/v1/overview', undefined, other.key)).slowest).toEqual([]);
});

it('each attempt is counted once, however often and by however many processes it is summarised', async () => {
  const id = await subscribe('counted');
  await attempts(id, [{ durationMs: 5, ok: true }]);
  await turnBack();
  await Promise.all([summariseLater(), summariseLater(), summariseLater()]);
  await summariseLater(70_000);
  const { lastDay } = await api.must('GET', `/v1/subscriptions/${id}/statistics`, undefined, tenant.key);
  expect(lastDay.attempts).toBe(1);
});

it('attempts leave the figures a day later', async () => {
  await summariseLater(24 * HOUR_MS);
  const { rows } = await api.database.db.query({
    text: 'select (select count(*)::int from response_times) as times, (select count(*)::int from subscription_day_statistics) as figures',
  });
  expect(rows).toEqual([{ times: 0, figures: 0 }]);
});
