import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings } from '../../support/tenant';

/** With SIGNPOST_HTTPS_ONLY, which also blocks requests to http URLs when they are sent. */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
const HTTP = 'http://127.0.0.1:1/hook';
const HTTPS = 'https://a.allowed.example/hook';

beforeAll(async () => {
  api = await startTestApi(undefined, undefined, { httpsOnly: true });
  tenant = await makeTenant(api);
});
afterAll(() => api.stop());

it('refuses an http URL wherever one is written, with a pointer to it', async () => {
  const { customerId, key } = tenant;
  const { id } = await api.must('POST', '/v1/subscriptions', settings({ customerId, url: HTTPS }), key);
  const inList = { subscriptions: [settings({ url: HTTPS }), settings({ url: HTTP })] };
  for (const [method, path, body, pointer] of [
    ['POST', '/v1/subscriptions', settings({ customerId, url: HTTP }), '/url'],
    ['PATCH', `/v1/subscriptions/${id}`, { url: HTTP }, '/url'],
    ['PUT', `/v1/customers/${customerId}/subscriptions`, inList, '/subscriptions/1/url'],
    ['PUT', '/v1/webhooks', { events: ['*'], url: HTTP }, '/url'],
  ] as const) {
    for (const caller of [key, undefined]) {
      const { status, body: answer } = await api.call(method, path, { key: caller, body });
      expect([path, status, answer.code, answer.errors?.[0].path]).toEqual([path, 422, 'validation-failed', pointer]);
    }
  }
});

it('a subscription that has an http URL already can still be changed otherwise, and removed', async () => {
  const { customerId, key } = tenant;
  const { id } = await api.must('POST', '/v1/subscriptions', settings({ customerId, url: HTTPS }), key);
  await api.pools.db.query({
    text: 'update subscriptions set url = $1 where customer_id = $2',
    values: [HTTP, customerId],
  });
  expect(await api.must('PATCH', `/v1/subscriptions/${id}`, { enabled: false }, key)).toMatchObject({ url: HTTP });
  await api.must('DELETE', `/v1/subscriptions/${id}`, undefined, key);
});
