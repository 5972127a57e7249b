import { watch } from '../support/activity';
import { ADMIN_KEY } from '../support/service';
import { useScenario } from '../support/scenario';
import { until } from '../support/until';

/**
 * The system of docs/migrating/admin-panel.md: endpoints with channels, a catalog, logs and live
 * activity, for callers that an operator allowed. The panel itself is tested in test/web.
 */
const scenario = useScenario();
const CLIENT = 'client_1bd942c0-4cec-486f-be7a-7b14118ad4ad';
const AGENT = 'agent_32fad32d-0412-4f28-9349-a3cdca639c34';
const endpoints: Record<string, string> = {};

const post = (channels: string[]) =>
  scenario.must('POST', '/v1/events', {
    type: 'account.transaction.v1',
    customerId: 'brand',
    channels,
    data: { amount: 5 },
  });

it('webhooks are off until an operator enables them for the environment', async () => {
  await scenario.must('POST', '/v1/products', { id: 'environment', name: 'Environment' });
  await scenario.must('PUT', '/v1/event-types/account.transaction.v1', {
    productId: 'environment',
    description: 'Money moved on an account.',
    schema: {
      type: 'object',
      required: ['amount'],
      properties: { amount: { type: 'number' }, note: { type: 'string' } },
    },
  });
  await scenario.must('POST', '/v1/customers', { id: 'brand', name: 'White label', productId: 'environment' });
  const early = await scenario.call('POST', '/v1/events', {
    type: 'account.transaction.v1',
    customerId: 'brand',
    data: { amount: 1 },
  });
  expect(early).toMatchObject({ status: 403, body: { code: 'product-disabled' } });
  await scenario.must('PATCH', '/v1/products/environment', { enabled: true });
});

it('an endpoint is a URL with event types, and gets its channels afterwards', async () => {
  for (const name of ['everything', 'one-client', 'one-agent']) {
    const settings = {
      customerId: 'brand',
      name,
      url: scenario.receiver.url(`/${name}`),
      eventTypes: ['account.transaction.v1'],
    };
    endpoints[name] = (await scenario.must('POST', '/v1/subscriptions', settings)).id;
  }
  await scenario.must('PATCH', `/v1/subscriptions/${endpoints['one-client']}`, { channels: [CLIENT] });
  await scenario.must('PATCH', `/v1/subscriptions/${endpoints['one-agent']}`, { channels: [AGENT, 'region-north'] });
});

it.each([
  ['of a client', [CLIENT], ['/everything', '/one-client']],
  ['of an agent', [AGENT], ['/everything', '/one-agent']],
  ['of a group by another criterion', ['region-north'], ['/everything', '/one-agent']],
  ['without a channel', [], ['/everything']],
])('a message %s reaches the endpoints of that channel and those without channels', async (_, channels, paths) => {
  await post(channels);
  const requests = await scenario.received(paths.length);
  expect(requests.map(({ path }) => path).sort()).toEqual(paths);
});

it('the catalog lists event types with description, fields and generated sample', async () => {
  const { items } = await scenario.must('GET', '/v1/event-types?productId=environment');
  expect(items).toMatchObject([
    {
      name: 'account.transaction.v1',
      description: 'Money moved on an account.',
      schema: { properties: { amount: {}, note: {} } },
      sample: { amount: expect.any(Number) },
    },
  ]);
});

it('the logs show deliveries and failures with their details', async () => {
  scenario.receiver.answerWith({ status: 500, body: 'broken' });
  const { notifications } = await post([]);
  await scenario.reaches(notifications[0].id, 'retrying');
  // The receiver got the messages of the tests before, but their attempts may not be recorded yet.
  const { items } = await until(
    () => scenario.must('GET', `/v1/subscriptions/${endpoints.everything}/notifications`),
    (list) => list.items.every(({ status }: { status: string }) => ['retrying', 'delivered'].includes(status)),
  );
  expect(items.map((item: { status: string }) => item.status)).toEqual(['retrying', ...Array(4).fill('delivered')]);
  const { attempts } = await scenario.must('GET', `/v1/notifications/${items[0].id}`);
  expect(await scenario.must('GET', `/v1/attempts/${attempts[0].id}`)).toMatchObject({
    request: { url: scenario.receiver.url('/everything') },
    response: { status: 500, body: 'broken' },
  });
  await scenario.must('POST', `/v1/notifications/${items[0].id}/cancel`);
});

it('the activity shows events and attempts as they happen, to each caller its own', async () => {
  const { token } = await scenario.must('POST', '/v1/portal-sessions', { customerId: 'brand' });
  await scenario.must('POST', '/v1/customers', { id: 'other', name: 'Other', productId: 'environment' });
  const other = await scenario.must('POST', '/v1/portal-sessions', { customerId: 'other' });
  const [watching, theirs] = await Promise.all([token, other.token].map((key: string) => watch(scenario.url, key)));
  await post([]);
  await watching!.waitFor(2);
  expect(watching!.events.map(({ event }) => event)).toEqual(['event.accepted', 'attempt.finished']);
  expect(watching!.events[1]!.data).toMatchObject({ status: 'delivered', subscriptionId: endpoints.everything });
  expect(theirs!.events).toEqual([]);
  watching!.close();
  theirs!.close();
  const again = await watch(scenario.url, ADMIN_KEY, { lastEventId: watching!.lastEventId });
  await post([CLIENT]);
  await again.waitFor(3);
  expect(again.events.filter(({ event }) => event === 'event.accepted')).toHaveLength(1);
  again.close();
});
