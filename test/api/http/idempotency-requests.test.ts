import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings, unique } from '../../support/tenant';

/** What an Idempotency-Key stands for: one request, by its path and its body. */
let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());
beforeEach(() => {
  key = unique('key');
});

const call = (path: string, body: object) => api.call('POST', path, { body, headers: { 'idempotency-key': key } });

async function twoSubscriptions(): Promise<string[]> {
  const { customerId } = await makeTenant(api);
  const ids = [];
  for (const name of ['first', 'second']) {
    ids.push((await api.must('POST', '/v1/subscriptions', settings({ customerId, name }))).id);
  }
  return ids;
}

it('conflicts if the same key and body are used on another path, and changes nothing there', async () => {
  const [first, second] = (await twoSubscriptions()).map((id) => `/v1/subscriptions/${id}/signing-key`);
  const body = {};
  const made = await call(first!, body);
  expect(made.status).toBe(201);
  expect(await call(second!, body)).toMatchObject({ status: 409, body: { code: 'idempotency-key-conflict' } });
  expect(await api.call('GET', second!)).toMatchObject({ status: 404 });
  expect((await call(first!, body)).body).toEqual(made.body);
});
