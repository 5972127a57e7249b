import { Client, Connection } from '@temporalio/client';
import { recoveryWorkflowId } from '../../src/domain/recovery';
import { watch } from '../support/activity';
import { ADMIN_KEY, onboard, type ServiceProcess } from '../support/service';
import { useCluster } from '../support/cluster';
import { until } from '../support/until';

/** Bulk recovery and the activity stream with whole processes that are killed and stopped. */
const cluster = useCluster();

/** A customer with `count` notifications, all failed. */
async function failing(service: ServiceProcess, count: number) {
  const customer = await onboard(service, cluster.receiver.url(), { retrySchedule: [] });
  cluster.receiver.answerWith(500);
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push(...(await customer.post({ id: `event-${i}` })));
  await cluster.reach(ids, 'failed');
  cluster.receiver.answerWith(200);
  cluster.receiver.requests.length = 0;
  return { ...customer, ids };
}
async function recover(service: ServiceProcess, subscriptionId: string, ratePerSecond: number): Promise<string> {
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const answer = await service.call('POST', `/v1/subscriptions/${subscriptionId}/recover`, { since, ratePerSecond });
  expect(answer.status).toBe(202);
  return answer.body.id;
}
const ended = (service: ServiceProcess, id: string) =>
  until(
    async () => (await service.call('GET', `/v1/recoveries/${id}`)).body,
    ({ status }) => status !== 'running',
    60_000,
  );
const received = () => cluster.receiver.requests.map(({ body }) => JSON.parse(body).id);
const eventIds = (count: number) => Array.from({ length: count }, (_, index) => `event-${index}`);

it('killed during a recovery: the next process continues where it was, and delivers everything once', async () => {
  const first = await cluster.start();
  const { ids, subscriptionId } = await failing(first, 30);
  const id = await recover(first, subscriptionId, 20);
  await cluster.receiver.waitFor(10);
  await first.kill9();
  await cluster.makeOverdue();
  const second = await cluster.start();
  expect(await ended(second, id)).toMatchObject({ status: 'completed', total: 30, retried: 30, skipped: 0 });
  await cluster.makeOverdue();
  await cluster.reach(ids, 'delivered');
  // Only attempts in flight when the process died are made again.
  expect([...new Set(received())].sort()).toEqual(eventIds(30).sort());
  expect(received().length).toBeLessThanOrEqual(31);
});

it('a recovery cancelled midway delivers what was retried and leaves the rest failed', async () => {
  const service = await cluster.start();
  const { ids, subscriptionId } = await failing(service, 12);
  const id = await recover(service, subscriptionId, 4);
  await cluster.receiver.waitFor(3);
  await service.call('POST', `/v1/recoveries/${id}/cancel`, {});
  const { status, retried } = await ended(service, id);
  expect(status).toBe('cancelled');
  expect(retried).toBeLessThan(12);
  await cluster.reach(ids.slice(0, retried), 'delivered');
  expect(await cluster.statuses(ids.slice(retried))).toEqual(ids.slice(retried).map(() => 'failed'));
  expect(received()).toEqual(eventIds(retried));
});

it('a recovery requested while Temporal is down is accepted, and runs later', async () => {
  const first = await cluster.start();
  const { ids, subscriptionId } = await failing(first, 3);
  await first.kill9();
  const away = await cluster.start({ temporalAddress: '127.0.0.1:9', withoutReady: true });
  const id = await recover(away, subscriptionId, 100);
  await away.kill9();
  await cluster.database.db.query({ text: "update recoveries set progressed_at = now() - interval '1 hour'" });
  const back = await cluster.start();
  expect(await ended(back, id)).toMatchObject({ status: 'completed', retried: 3 });
  await cluster.reach(ids, 'delivered');
});

it('a recovery terminated by an operator is cancelled and not started again', async () => {
  const service = await cluster.start();
  const { subscriptionId } = await failing(service, 3);
  const id = await recover(service, subscriptionId, 0.1);
  await cluster.receiver.waitFor(1);
  const connection = await Connection.connect({ address: cluster.temporal.address });
  await new Client({ connection }).workflow.getHandle(recoveryWorkflowId(id)).terminate();
  await connection.close();
  await cluster.database.db.query({ text: "update recoveries set progressed_at = now() - interval '1 hour'" });
  expect(await ended(service, id)).toMatchObject({ status: 'cancelled', retried: 1 });
});

it('an activity stream ends with its process and resumes on the next, without gaps or repeats', async () => {
  const first = await cluster.start();
  const customer = await onboard(first, cluster.receiver.url());
  const before = await watch(first.url, ADMIN_KEY);
  await customer.post({ id: 'before' });
  await before.waitFor(2);
  // The process stops immediately in spite of the open stream.
  expect(await first.stop()).toBe(0);
  await until(
    async () => before.ended,
    (over) => over,
  );
  const second = await cluster.start({ env: { SIGNPOST_PORT: new URL(first.url).port } });
  // The stream keeps the order of events, so this attempt ends before the next event is accepted.
  await cluster.reach(await customer.post({ id: 'between' }), 'delivered');
  const after = await watch(second.url, ADMIN_KEY, { lastEventId: before.lastEventId });
  await customer.post({ id: 'after' });
  await after.waitFor(4);
  const received = [...before.events, ...after.events].map(({ event, data }) => `${event} ${data.eventId}`);
  expect(received).toEqual(
    ['before', 'between', 'after'].flatMap((id) => [`event.accepted ${id}`, `attempt.finished ${id}`]),
  );
});
