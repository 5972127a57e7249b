import { decodeId } from '../../src/domain/ids';
import { startTestApi, type TestApi } from '../support/api';

/** Notifications that wait for their turn, whether or not their workflows have asked for it. */

const TYPE = 'in.line.v1';
const INTERVAL_SECONDS = 100;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  const { productId } = await api.tenant('in-line');
  await api.must('PUT', `/v1/event-types/${TYPE}`, { productId, schema: {} });
  await api.must('POST', '/v1/customers', { id: 'c', name: 'C', productId });
});
afterAll(() => api.stop());

it.each([
  ['a list', (items: { id: string }[]) => Promise.resolve(items)],
  [
    'each by its id',
    (items: { id: string }[]) => Promise.all(items.map(({ id }) => api.must('GET', `/v1/notifications/${id}`))),
  ],
  [
    'the live state of each',
    (items: { id: string }[]) =>
      Promise.all(items.map(async ({ id }) => (await api.must('GET', `/v1/notifications/${id}`)).live)),
  ],
])('%s shows when each one is due, by the limit of now', async (name, see) => {
  const settings = { customerId: 'c', name, url: 'http://127.0.0.1:9/', eventTypes: [TYPE] };
  const { id } = await api.must('POST', '/v1/subscriptions', { ...settings, rateLimitPerSecond: 1 / INTERVAL_SECONDS });
  const events = Array.from({ length: 3 }, () => ({ type: TYPE, customerId: 'c', data: {} }));
  await api.must('POST', '/v1/events/batch', { events });
  // As its workflow noted when the limit was lower.
  api.backend.live = { phase: 'waiting', attempt: 1, nextAttemptAt: '2030-01-01T00:00:00.000Z' };
  const intervals = async () => {
    const { items } = await api.must('GET', `/v1/notifications?subscriptionId=${id}`);
    const seen = await see(items);
    // In intervals, rounded to tenths. The first one is due now, and the clocks differ by a little.
    return seen.map(({ nextAttemptAt }) => tenths((Date.parse(nextAttemptAt) - Date.now()) / 1000 / INTERVAL_SECONDS));
  };
  expect(await intervals()).toEqual([2, 1, 0]);
  await api.must('PATCH', `/v1/subscriptions/${id}`, { rateLimitPerSecond: 2 / INTERVAL_SECONDS });
  expect(await intervals()).toEqual([1, 0.5, 0]);
  const { db } = api.database;
  // As workflows noted that asked for their turns while the limit was lower, or higher.
  for (const noted of ['3 days', '-10 seconds']) {
    await db.query({
      text: 'update notifications set next_attempt_at = now() + $2::interval where subscription_id = $1',
      values: [decodeId('sub', id), noted],
    });
    expect(await intervals()).toEqual([1, 0.5, 0]);
  }
  await db.query({
    text: 'update rate_lines set taken_at = now() where subscription_id = $1',
    values: [decodeId('sub', id)],
  });
  expect(await intervals()).toEqual([1.5, 1, 0.5]);
  await api.must('PATCH', `/v1/subscriptions/${id}`, { enabled: false });
});

function tenths(value: number): number {
  return Math.round(Math.max(0, value) * 10) / 10;
}
