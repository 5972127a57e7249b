import { Client } from 'pg';
import { startTestApi, type TestApi } from '../../support/api';

/** Writing calls of one tenant that wait for each other leave connections to others. */
const CALLS = 130;
const RUNNING_AND_WAITING = 102;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

it('calls of a tenant that wait for a lock are bounded, and others change their objects meanwhile', async () => {
  const busy = await api.tenant('busy-writes');
  const quiet = await api.tenant('quiet-writes');
  for (const { productId } of [busy, quiet])
    await api.must('POST', '/v1/customers', { id: `${productId}-c`, name: 'C', productId });
  const lock = new Client(api.database.url);
  await lock.connect();
  await lock.query('begin');
  await lock.query('select from customers where id = $1 for update', [`${busy.productId}-c`]);
  const stuck = Array.from({ length: CALLS }, (_, index) =>
    api.call('POST', '/v1/subscriptions', {
      key: busy.key,
      body: {
        customerId: `${busy.productId}-c`,
        name: `s${index}`,
        url: 'http://127.0.0.1:9/',
        eventTypes: ['*.*.v1'],
      },
    }),
  );
  const changed = await api.call('PATCH', `/v1/customers/${quiet.productId}-c`, {
    key: quiet.key,
    body: { name: 'D' },
  });
  expect(changed.status).toBe(200);
  const settled = Promise.all(stuck).then(() => 'settled');
  expect(await Promise.race([settled, Promise.resolve('waiting')])).toBe('waiting');
  await lock.query('rollback');
  await lock.end();
  const answers = await Promise.all(stuck);
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(CALLS - RUNNING_AND_WAITING);
  for (const { headers, body } of refused)
    expect([headers.get('retry-after'), body.code]).toEqual(['2', 'too-many-requests']);
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(RUNNING_AND_WAITING);
});
