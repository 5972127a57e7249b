import { Client } from 'pg';
import { startTestApi, type TestApi } from '../../support/api';
import { until } from '../../support/until';

/**
 * A commit that takes Postgres long keeps its locks. What waits for them in vain is tried again.
 */

const TYPE = 'slow.commits.v1';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  const { productId } = await api.tenant('slow-commits');
  await api.must('PUT', `/v1/event-types/${TYPE}`, { productId, schema: {} });
  await api.must('POST', '/v1/customers', { id: 'c', name: 'C', productId });
  const settings = { customerId: 'c', name: 's', url: 'http://127.0.0.1:9/', eventTypes: [TYPE] };
  await api.must('POST', '/v1/subscriptions', settings);
  await api.must('POST', '/v1/events', { type: TYPE, customerId: 'c', data: {} });
});
afterAll(() => api.stop());

/** @returns when the statement began that waits for a lock */
async function waitingSince(): Promise<string | undefined> {
  const { rows } = await api.database.db.query<{ since: string }>({
    text: `select query_start::text as since from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  });
  return rows[0]?.since;
}

it.each([
  ['an event', {}],
  ['an event with an Idempotency-Key', { 'Idempotency-Key': 'a-key' }],
])(
  '%s is accepted although an earlier commit of its customer takes longer than one wait for a lock',
  async (_, headers) => {
    const slow = new Client(api.database.url);
    await slow.connect();
    await slow.query('begin');
    await slow.query('update subscription_event_statistics set events = events + 1');
    const posted = api.call('POST', '/v1/events', { headers, body: { type: TYPE, customerId: 'c', data: {} } });
    const first = await until(waitingSince, (since) => since !== undefined);
    await until(waitingSince, (since) => since !== undefined && since !== first);
    await slow.query('commit');
    await slow.end();
    expect((await posted).status).toBe(202);
  },
);
