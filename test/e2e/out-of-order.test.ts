import { Webhook } from 'standardwebhooks';
import { useCluster } from '../support/cluster';
import { onboard } from '../support/service';
import { until } from '../support/until';

const cluster = useCluster();
const TYPE = 'signpost.subscription.out-of-order.v1';

it.each([
  ['its rule', 500, /^2 failures and no success since 20/],
  ['a 410', 410, /^the receiver answered 410 Gone$/],
])('a subscription disabled by %s is reported to operators by a signed event', async (_, status, reason) => {
  const service = await cluster.start();
  const operators = await service.call('POST', '/v1/customers', {
    id: 'signpost-operators',
    name: 'Operators',
    productId: 'signpost',
  });
  expect(operators.status).toBe(201);
  const follower = await service.call('POST', '/v1/subscriptions', {
    customerId: 'signpost-operators',
    name: 'on call',
    url: cluster.receiver.url('/operators'),
    eventTypes: [TYPE],
  });
  expect(follower.status).toBe(201);
  cluster.receiver.answerWith(({ path }) => ({ status: path === '/operators' ? 200 : status }));
  const customer = await onboard(service, cluster.receiver.url('/customer'), {
    outOfOrderRule: { afterSeconds: 0, minFailures: 2 },
    retrySchedule: [1],
  });
  await customer.post();

  const toOperators = () => cluster.receiver.requests.filter(({ path }) => path === '/operators');
  await until(
    async () => toOperators().length,
    (count) => count === 1,
  );
  const [{ body, headers }] = toOperators() as [(typeof cluster.receiver.requests)[0]];
  const event = new Webhook(follower.body.secret).verify(body, headers as Record<string, string>);
  expect(event).toEqual({
    id: expect.stringMatching(/^evt_/),
    type: TYPE,
    timestamp: expect.any(String),
    data: {
      subscriptionId: customer.subscriptionId,
      customerId: customer.customerId,
      name: 'main',
      reason: expect.stringMatching(reason),
      at: expect.any(String),
      failuresSinceLastSuccess: status === 410 ? 1 : 2,
      alsoAffected: 0,
    },
  });
  const { body: shown } = await service.call('GET', `/v1/subscriptions/${customer.subscriptionId}`);
  expect(shown).toMatchObject({ status: 'out-of-order', outOfOrder: { reason: expect.stringMatching(reason) } });
  expect(shown.outOfOrder.at).toBe((event as { data: { at: string } }).data.at);

  const { items } = (await service.call('GET', `/v1/notifications?subscriptionId=${follower.body.id}`)).body;
  await cluster.reach([items[0].id], 'delivered');
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  const cause = status === 410 ? 'gone' : 'failing';
  expect(metrics).toContain(`signpost_subscriptions_out_of_order_total{cause="${cause}"} 1`);
  // The reconciler was not needed.
  expect(metrics).toContain('signpost_relayed_total 0');
  expect(await service.call('GET', '/v1/events?type=' + TYPE)).toMatchObject({
    body: { items: [{ productId: 'signpost' }] },
  });
});
