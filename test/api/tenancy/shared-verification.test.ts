import { startTestApi, type TestApi } from '../../support/api';
import { startReceiver, type Receiver } from '../../support/receiver';
import { makeTenant, settings } from '../../support/tenant';

/** A customer that all products share, and a product that demands a challenge. */
let api: TestApi;
let receiver: Receiver;
let careful: Awaited<ReturnType<typeof makeTenant>>;
let other: Awaited<ReturnType<typeof makeTenant>>;
let customerKey: string;
const CUSTOMER = 'shared';

beforeAll(async () => {
  api = await startTestApi();
  receiver = await startReceiver();
  careful = await makeTenant(api);
  other = await makeTenant(api);
  await api.must('POST', '/v1/customers', { id: CUSTOMER, name: 'S' });
  customerKey = (await api.must('POST', '/v1/api-keys', { name: 'k', role: 'customer', customerId: CUSTOMER })).key;
});
afterAll(async () => {
  await receiver.close();
  await api.stop();
});
beforeEach(() => demand(true));

const demand = (requireVerification: boolean) =>
  api.must('PATCH', `/v1/products/${careful.productId}`, { requireVerification });
const subscribe = (overrides: object = {}, key = customerKey) =>
  api.must('POST', '/v1/subscriptions', settings({ customerId: CUSTOMER, url: receiver.url(), ...overrides }), key);
const statusOf = async (id: string) => (await api.must('GET', `/v1/subscriptions/${id}`)).status;
async function statusFor(id: string, { eventType, key }: typeof careful): Promise<string | undefined> {
  const { notifications } = await api.must(
    'POST',
    '/v1/events',
    { type: eventType, customerId: CUSTOMER, data: {} },
    key,
  );
  return notifications.find(({ subscriptionId }: { subscriptionId: string }) => subscriptionId === id)?.status;
}

it('holds the events of that product for a subscription bound to none, until a challenge is passed', async () => {
  const { id, secret, status } = await subscribe();
  expect(status).toBe('unverified');
  expect(await statusFor(id, careful)).toBe('held');
  receiver.answerChallenges(secret);
  await api.must('POST', `/v1/subscriptions/${id}/challenge`, {}, customerKey);
  expect(await statusOf(id)).toBe('enabled');
  expect(api.settled).toContain(id);
});

it('holds events that are posted to every customer, and triggered ones', async () => {
  const { id } = await subscribe();
  const { eventType, key } = careful;
  const { notifications } = await api.must('POST', '/v1/events', { type: eventType, data: {} }, key);
  expect(notifications).toContainEqual({ id: expect.any(String), subscriptionId: id, status: 'held' });
  const triggered = await api.must('POST', `/v1/subscriptions/${id}/trigger`, { type: eventType }, customerKey);
  expect(triggered.status).toBe('held');
});

it('does not concern a subscription that is bound to another product', async () => {
  const { id, status } = await subscribe({}, other.key);
  expect(status).toBe('enabled');
  expect(await statusFor(id, other)).toBe('pending');
  expect(await statusFor(id, careful)).toBeUndefined();
});

it('does not concern the own customers of another product', async () => {
  const { customerId, key } = other;
  expect((await subscribe({ customerId }, key)).status).toBe('enabled');
});

it('releases what was held when no product demands a challenge any more', async () => {
  const { id } = await subscribe();
  expect(await statusFor(id, other)).toBe('held');
  await demand(false);
  expect(api.settled).toContain(id);
  expect(await statusOf(id)).toBe('enabled');
});
