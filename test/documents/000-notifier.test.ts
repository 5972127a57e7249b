import { Webhook } from 'standardwebhooks';
import { useScenario } from '../support/scenario';

/**
 * The system of docs/migrating/notifier.md: a product line notifies its customers of events, and
 * handles what could not be delivered.
 */
const scenario = useScenario();
const CUSTOMER = 'customer1';
let key: string;
let subscriptions: Record<string, { id: string; secret: string }>;

it('product onboarding creates a disabled product, an operator enables it, and its event types are documented', async () => {
  await scenario.must('POST', '/v1/products', { id: 'payments', name: 'Payments' });
  ({ key } = await scenario.must('POST', '/v1/api-keys', { name: 'payments', role: 'product', productId: 'payments' }));
  for (const name of ['payment.confirmed.v1', 'payment.refused.v1']) {
    const properties = {
      PaymentId: { type: 'string' },
      Date: { type: 'string', format: 'date-time' },
      Amount: { type: 'number' },
    };
    await scenario.must(
      'PUT',
      `/v1/event-types/${name}`,
      { description: 'A payment was made.', schema: { type: 'object', required: Object.keys(properties), properties } },
      key,
    );
  }
  const early = { type: 'payment.confirmed.v1', data: { PaymentId: 'P-1', Date: '2026-01-31T12:00:00Z', Amount: 1 } };
  expect((await scenario.call('POST', '/v1/events', early, key)).body.code).toBe('product-disabled');
  await scenario.must('PATCH', '/v1/products/payments', { enabled: true });
  const documented = await scenario.must('GET', '/v1/event-types/payment.confirmed.v1', undefined, key);
  expect(Object.keys(documented.sample)).toEqual(['PaymentId', 'Date', 'Amount']);
});

it('customer onboarding sets up all subscriptions in one repeatable call, with a secret for each', async () => {
  await scenario.must('POST', '/v1/customers', { id: CUSTOMER, name: 'Customer 1' }, key);
  const wanted = [
    { name: 'confirmations', url: scenario.receiver.url('/payment-confirmed'), eventTypes: ['payment.confirmed.v1'] },
    {
      name: 'everything',
      url: scenario.receiver.url('/all'),
      eventTypes: ['payment.confirmed.v1', 'payment.refused.v1'],
    },
  ];
  const setUp = () => scenario.must('PUT', `/v1/customers/${CUSTOMER}/subscriptions`, { subscriptions: wanted }, key);
  const { items } = await setUp();
  subscriptions = Object.fromEntries(
    items.map((item: { name: string; id: string; secret: string }) => [item.name, item]),
  );
  expect(items.map(({ secret }: { secret: string }) => secret)).toEqual(
    Array(2).fill(expect.stringMatching(/^whsec_/)),
  );
  const again = await setUp();
  expect(again.items.map(({ id, secret }: { id: string; secret?: string }) => [id, secret])).toEqual(
    items.map(({ id }: { id: string }) => [id, undefined]),
  );
});

it('a URL waits for the allow-list: the product line requests it and an operator approves it', async () => {
  const url = 'https://hooks.customer1.example/in';
  const settings = { customerId: CUSTOMER, name: 'outside', url, eventTypes: ['payment.refused.v1'] };
  const subscription = await scenario.must('POST', '/v1/subscriptions', settings, key);
  expect(subscription.status).toBe('awaiting-approval');
  const asked = await scenario.must('POST', '/v1/url-allowlist', { pattern: 'https://hooks.customer1.example' }, key);
  expect(asked.status).toBe('requested');
  expect((await scenario.call('PATCH', `/v1/url-allowlist/${asked.id}`, { status: 'approved' }, key)).status).toBe(403);
  await scenario.must('PATCH', `/v1/url-allowlist/${asked.id}`, { status: 'approved' });
  const { status } = await scenario.must('GET', `/v1/subscriptions/${subscription.id}`, undefined, key);
  expect(status).toBe('enabled');
  await scenario.must('DELETE', `/v1/subscriptions/${subscription.id}`, undefined, key);
});

it('a challenge shows at any time whether the customer owns the URL', async () => {
  const { id, secret } = subscriptions.confirmations!;
  const challenge = () => scenario.must('POST', `/v1/subscriptions/${id}/challenge`, {}, key);
  expect((await challenge()).status).toBe('failed');
  scenario.receiver.answerChallenges(secret);
  expect(await challenge()).toMatchObject({ status: 'verified', responseStatus: 200 });
  const { verification } = await scenario.must('GET', `/v1/subscriptions/${id}`, undefined, key);
  expect(verification.status).toBe('verified');
  const { items } = await scenario.must('GET', `/v1/subscriptions/${id}/challenges`, undefined, key);
  expect(items.map(({ status }: { status: string }) => status)).toEqual(['verified', 'failed']);
});

const post = (type: string, customerId = CUSTOMER) => {
  const data = { PaymentId: 'P-2', Date: '2026-01-31T12:00:00Z', Amount: 125.5 };
  return scenario.must('POST', '/v1/events', { type, customerId, data }, key);
};

it('an event makes no, one or several notifications, each signed with the secret of its subscription', async () => {
  await scenario.must('POST', '/v1/customers', { id: 'nobody', name: 'Without subscriptions' }, key);
  expect((await post('payment.confirmed.v1', 'nobody')).notifications).toHaveLength(0);
  expect((await post('payment.refused.v1')).notifications).toHaveLength(1);
  expect((await post('payment.confirmed.v1')).notifications).toHaveLength(2);
  const requests = await scenario.received(3);
  expect(requests.map(({ path }) => path).sort()).toEqual(['/all', '/all', '/payment-confirmed']);
  for (const { path, body, headers } of requests) {
    const { secret } = subscriptions[path === '/all' ? 'everything' : 'confirmations']!;
    const verified = new Webhook(secret).verify(body, headers as Record<string, string>);
    expect(verified).toMatchObject({ data: { PaymentId: 'P-2', Amount: 125.5 } });
    const changed = body.replace('125.5', '1255');
    expect(() => new Webhook(secret).verify(changed, headers as Record<string, string>)).toThrow();
  }
});

it('retries wait 30 s, 5 min, 30 min and 2 h unless the customer has another schedule within the limits', async () => {
  const change = (retrySchedule: number[]) =>
    scenario.call('PATCH', `/v1/customers/${CUSTOMER}`, { retrySchedule }, key);
  const before = await scenario.must('GET', `/v1/customers/${CUSTOMER}`, undefined, key);
  expect(before.retrySchedule).toEqual([30, 300, 1800, 7200]);
  expect((await change([1, 1, 1, 1, 1, 1])).status).toBe(422);
  expect((await change([43_200, 43_201])).status).toBe(422);
  expect((await change([1])).status).toBe(200);
});

it('exception management lists notifications with status and error, and a retry delivers them', async () => {
  scenario.receiver.answerWith(({ path }) => ({ status: path === '/all' ? 503 : 200 }));
  const { notifications } = await post('payment.refused.v1');
  const [{ id }] = notifications;
  const failed = await scenario.reaches(id, 'failed');
  expect(failed.attempts.map(({ status }: { status: number }) => status)).toEqual([503, 503]);
  const route = `/v1/subscriptions/${subscriptions.everything!.id}/notifications`;
  const listed = await scenario.must('GET', `${route}?status=failed`, undefined, key);
  expect(listed.items).toMatchObject([{ id, status: 'failed', lastResponseStatus: 503, nextAttemptAt: null }]);
  scenario.receiver.answerWith(200);
  await scenario.must('POST', `/v1/notifications/${id}/retry`, {}, key);
  const delivered = await scenario.reaches(id, 'delivered');
  expect(delivered.attempts.at(-1)).toMatchObject({ trigger: 'manual', status: 200, number: 3 });
  const ids = (await scenario.received(3)).map(({ headers }) => headers['webhook-id']);
  expect(new Set(ids).size).toBe(1);
});

it('a link hands over the secret and shows it once', async () => {
  const { id, secret } = subscriptions.everything!;
  const { url } = await scenario.must('POST', `/v1/subscriptions/${id}/secret/link`, {}, key);
  const open = () => scenario.call('POST', '/secret', { token: new URL(url).hash.slice(1) });
  expect((await open()).body.secret).toBe(secret);
  expect((await open()).status).toBe(404);
});
