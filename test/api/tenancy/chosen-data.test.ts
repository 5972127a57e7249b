import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings } from '../../support/tenant';

/** Events are marked if a customer chose their data. Their attempts: test/composition/attempts. */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
let id: string;
beforeAll(async () => {
  api = await startTestApi();
  tenant = await makeTenant(api);
  const { customerId, key } = tenant;
  id = (await api.must('POST', '/v1/subscriptions', settings({ customerId }), key)).id;
});
afterAll(() => api.stop());

async function isMarked(key: string, body: object): Promise<boolean> {
  await api.must('POST', `/v1/subscriptions/${id}/trigger`, body, key);
  const { rows } = await api.pools.db.query<{ marked: boolean }>({
    text: 'select chosen_by_customer as marked from events order by id desc limit 1',
  });
  return rows[0]!.marked;
}

it('only an event whose data was given by a customer is marked, by key or portal', async () => {
  const { customerId, key } = tenant;
  const portal = (await api.must('POST', '/v1/portal-sessions', { customerId }, key)).token;
  const ofCustomer = (await api.must('POST', '/v1/api-keys', { name: 'c', role: 'customer', customerId })).key;
  for (const customer of [portal, ofCustomer]) {
    expect(await isMarked(customer, { data: { paymentid: 1 } })).toBe(true);
    expect(await isMarked(customer, {})).toBe(false);
  }
  expect(await isMarked(key, { data: { paymentid: 1 } })).toBe(false);
});
