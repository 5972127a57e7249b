import { readFileSync } from 'node:fs';
import path from 'node:path';
import { useCluster } from '../support/cluster';
import { onboard, type ServiceProcess } from '../support/service';
import { until } from '../support/until';

const cluster = useCluster();
const transformOf = (file: string) => ({
  language: 'jsonata',
  expression: readFileSync(path.join(__dirname, `../../examples/transforms/${file}.jsonata`), 'utf8'),
});

/** Subscribes operators to operational events. */
async function follow(service: ServiceProcess, name: string, settings: object = {}): Promise<void> {
  await service.call('POST', '/v1/customers', { id: 'operators', name: 'Operators', productId: 'signpost' });
  const body = {
    customerId: 'operators',
    name,
    url: cluster.receiver.url(`/${name}`),
    eventTypes: ['signpost.*'],
    ...settings,
  };
  // The process that checks transforms may still be starting.
  const answer = await until(
    () => service.call('POST', '/v1/subscriptions', body),
    ({ status }) => status !== 429,
  );
  expect(answer.status).toBe(201);
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- bodies of three services
const bodiesAt = (path: string): any[] =>
  cluster.receiver.requests.filter((request) => request.path === path).map(({ body }) => JSON.parse(body));

it('a subscription that fails, recovers and is read is reported to Slack, Teams and PagerDuty', async () => {
  const service = await cluster.start();
  let customerStatus = 500;
  cluster.receiver.answerWith(({ path }) => ({ status: path === '/customer' ? customerStatus : 200 }));
  for (const name of ['slack', 'microsoft-teams', 'pagerduty'])
    await follow(service, name, { format: 'flat', transform: transformOf(name) });
  const customer = await onboard(service, cluster.receiver.url('/customer'), {
    outOfOrderRule: { afterSeconds: 0, minFailures: 4 },
    retrySchedule: [1, 86_000],
  });
  const [failed] = await customer.post();
  await until(
    async () => bodiesAt('/slack').length,
    (count) => count === 1,
  );
  customerStatus = 200;
  await service.must('POST', `/v1/notifications/${failed}/retry`, {});
  await until(
    async () => bodiesAt('/slack').length,
    (count) => count === 2,
  );
  await service.must('GET', `/v1/subscriptions/${customer.subscriptionId}/secret`);
  await until(
    async () => ['/slack', '/microsoft-teams', '/pagerduty'].map((path) => bodiesAt(path).length),
    (counts) => counts.every((count) => count === 3),
  );
  expect(bodiesAt('/slack').map(({ text }) => text.split(' ')[0])).toEqual([
    ':warning:',
    ':white_check_mark:',
    ':key:',
  ]);
  expect(bodiesAt('/microsoft-teams').map(({ attachments }) => attachments[0].content.body[0].inlines[0].text)).toEqual(
    ['A subscription is failing', 'A subscription recovered', 'A secret was read'],
  );
  expect(
    bodiesAt('/pagerduty').map(({ event_action: action, dedup_key: key }) => [action, key.replace(/evt_.*/, 'evt')]),
  ).toEqual([
    ['trigger', `signpost ${customer.subscriptionId}`],
    ['resolve', `signpost ${customer.subscriptionId}`],
    ['trigger', 'signpost evt'],
  ]);
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toContain('signpost_operational_events_total{type="signpost.subscription.failing.v1"} 1');
});

it('an event that was raised before the process was killed is published once after a restart', async () => {
  const service = await cluster.start();
  await follow(service, 'plain');
  const customer = await onboard(service, cluster.receiver.url('/customer'));
  await service.must('GET', `/v1/subscriptions/${customer.subscriptionId}/secret`);
  await service.kill9();
  // Two processes compete for it.
  await Promise.all([cluster.start(), cluster.start()]);
  await until(
    async () => bodiesAt('/plain').length,
    (count) => count > 0,
    60_000,
  );
  await new Promise((resolve) => setTimeout(resolve, 5000));
  expect(new Set(bodiesAt('/plain').map(({ id }) => id)).size).toBe(1);
  const { rows } = await cluster.database.db.query({
    text: "select from events where type = 'signpost.secret.revealed.v1'",
  });
  expect(rows).toHaveLength(1);
});
