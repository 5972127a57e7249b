import { setTimeout as sleep } from 'node:timers/promises';
import { fastestMs } from '../support/fastest';
import { startTestApi, type TestApi } from '../support/api';

/**
 * One process and 16 places: what a customer can do to everybody else by dry runs and syntax
 * checks.
 */
let api: TestApi;
let key: string;
let hostile: string;
let friendly: string;
let counter = 0;

beforeAll(async () => {
  api = await startTestApi(undefined, {}, { transforms: { processes: 1, maxWaiting: 16 } });
  ({ key } = await api.tenant('limits'));
  hostile = (await api.must('POST', '/v1/customers', { name: 'Hostile' }, key)).id;
  friendly = (await api.must('POST', '/v1/customers', { name: 'Friendly' }, key)).id;
  await api.must('PUT', '/v1/event-types/paid.v1', { sample: { amount: 7 } }, key);
});
afterAll(() => api?.stop());

const jsonata = (expression: string) => ({ language: 'jsonata', expression });
const LOOP = jsonata('($f := function($n){ $f($n + 1) }; {"a": $f(0)})');
const settings = (transform: object | null) => ({
  name: `s-${++counter}`,
  url: 'http://127.0.0.1:1/',
  eventTypes: ['*'],
  transform,
});
const dryRun = (customerId: string, transform: object) =>
  api.call('POST', `/v1/customers/${customerId}/transform/dry-run`, { key, body: { type: 'paid.v1', transform } });
const create = (customerId: string, transform: object) =>
  api.call('POST', '/v1/subscriptions', { key, body: { customerId, ...settings(transform) } });

/** Transactions that have waited for something else than Postgres for a while. */
async function waitingTransactions(): Promise<number> {
  const { rows } = await api.database.db.query<{ count: number }>({
    text: `select count(*) from pg_stat_activity
      where datname = current_database() and state = 'idle in transaction' and state_change < now() - interval '400 ms'`,
  });
  return rows[0]!.count;
}

it('answers 429 to the customer whose dry runs fill the queue, and serves another', async () => {
  const flood = Array.from({ length: 40 }, () => dryRun(hostile, LOOP));
  const answer = await dryRun(friendly, jsonata('{"sum": amount}'));
  expect(answer).toMatchObject({ status: 200, body: { data: '{"sum":7}' } });
  const answers = await Promise.all(flood);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([422, 429]));
  const refused = answers.find(({ status }) => status === 429)!;
  expect(refused.body).toMatchObject({ code: 'too-many-requests' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
});

it('holds no transaction while a transform waits to be checked, wherever it is set', async () => {
  const { id } = (await create(hostile, jsonata('{}'))).body;
  await api.must('PUT', `/v1/customers/${friendly}/subscriptions`, { subscriptions: [] }, key);
  const flood = Array.from({ length: 3 }, () => dryRun(hostile, LOOP));
  // Their own syntax checks are over by then: the checks below wait for up to three times half a
  // second.
  await sleep(200);
  const transform = jsonata('{"n": amount}');
  const writes = [
    ...Array.from({ length: 4 }, () => create(hostile, transform)),
    api.call('PATCH', `/v1/subscriptions/${id}`, { key, body: { transform } }),
    api.call('PUT', `/v1/customers/${friendly}/subscriptions`, { key, body: { subscriptions: [settings(transform)] } }),
    api.call('PUT', '/v1/event-types/paid.v1/service-definition', { body: { steps: [], transform } }),
  ];
  let done = false;
  const answers = Promise.all(writes).finally(() => (done = true));
  const seen: number[] = [];
  while (!done) {
    seen.push(await waitingTransactions());
    await sleep(20);
  }
  expect(seen.length).toBeGreaterThan(10);
  expect(seen.filter((count) => count > 0)).toEqual([]);
  for (const { status } of await answers) expect([200, 201]).toContain(status);
  await Promise.all(flood);
});

it('reads and writes without a transform do not wait behind dry runs', async () => {
  const ms = await fastestMs(700, async () => {
    const flood = Array.from({ length: 4 }, () => dryRun(hostile, LOOP));
    await sleep(200);
    // More than there are connections.
    const writes = Array.from({ length: 12 }, () => create(hostile, jsonata('{"n": amount}')));
    const begun = performance.now();
    await api.must('GET', '/v1/event-types', undefined, key);
    await api.must('PATCH', `/v1/customers/${friendly}`, { name: 'Friendly, renamed' }, key);
    const tookMs = performance.now() - begun;
    await Promise.all([...flood, ...writes]);
    return tookMs;
  });
  expect(ms).toBeLessThan(700);
});
