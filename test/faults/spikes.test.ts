import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { Receiver } from '../support/receiver';
import { onboard, type ServiceProcess } from '../support/service';
import { useCluster } from '../support/cluster';
import { until } from '../support/until';
import { itInLongRuns, variants } from '../support/variants';

/**
 * Spikes without any failure of ours: each attempt is one request, whatever the receiver does, and
 * workflows are shared whichever process accepted the events. bench/spikes.mjs runs the same at
 * full size.
 */
const cluster = useCluster();
const BATCH = 100;

/** Posts many events. @returns the ids of their notifications */
async function postMany(
  service: ServiceProcess,
  { eventType, customerId }: Awaited<ReturnType<typeof onboard>>,
  count: number,
): Promise<string[]> {
  const event = { type: eventType, customerId, data: { amount: 125.5 } };
  const ids: string[] = [];
  for (let posted = 0; posted < count; posted += BATCH) {
    const { results } = await service.must('POST', '/v1/events/batch', { events: Array(BATCH).fill(event) });
    for (const { notifications } of results as { notifications: { id: string }[] }[]) ids.push(notifications[0]!.id);
  }
  return ids;
}

/** Has the reconciler check everything that is open, again and again, as when a backlog is old. */
function keepOverdue(): () => void {
  const timer = setInterval(() => {
    const text = "update notifications set reconcile_after = now() - interval '1 s' where reconcile_after is not null";
    cluster.database.db.query({ text }).catch(() => undefined);
  }, 500);
  return () => clearInterval(timer);
}

/** Expects one request for each notification. */
function expectOneEach({ requests }: Receiver, ids: string[]): void {
  const received = requests.map(({ headers }) => String(headers['signpost-notification']));
  expect({ requests: received.length, notifications: new Set(received).size }).toEqual({
    requests: ids.length,
    notifications: ids.length,
  });
}

it.each(variants(600, 1200))(
  'a slow receiver gets each of %i events once, also while the reconciler checks on its backlog',
  async (count) => {
    const { receiver } = cluster;
    const service = await cluster.start();
    const customer = await onboard(service, receiver.url(), { timeoutSeconds: 10 });
    receiver.answerWith(async () => (await sleep(550), { status: 200 }));
    const stop = keepOverdue();
    const ids = await postMany(service, customer, count);
    await cluster.reach(ids, 'delivered');
    stop();
    expectOneEach(receiver, ids);
  },
  240_000,
);

itInLongRuns.each([300, 600])(
  'a receiver that rejects %i events for good gets each once, also while the reconciler starts workflows',
  async (count) => {
    const { receiver } = cluster;
    const service = await cluster.start();
    const customer = await onboard(service, receiver.url(), { retrySchedule: [] });
    receiver.answerWith(500);
    const stop = keepOverdue();
    const ids = await postMany(service, customer, count);
    await cluster.reach(ids, 'failed');
    await until(
      () => cluster.database.db.query({ text: "select 1 from notifications where last_attempt_key like 'head:%'" }),
      ({ rowCount }) => rowCount === 0,
      60_000,
    );
    stop();
    expectOneEach(receiver, ids);
  },
  240_000,
);

itInLongRuns('a worker shares a workflow among the events that another process accepted and delivers', async () => {
  const { receiver } = cluster;
  await cluster.start({ env: { SIGNPOST_ROLE: 'worker' } });
  const api = await cluster.start({ env: { SIGNPOST_ROLE: 'api' } });
  const customer = await onboard(api, receiver.url());
  const ids = await postMany(api, customer, 600);
  await cluster.reach(ids, 'delivered');
  const connection = await Connection.connect({ address: cluster.temporal.address });
  const client = new Client({ connection });
  await until(
    () => client.workflow.count("WorkflowType = 'deliverBurst' and ExecutionStatus = 'Completed'"),
    ({ count }) => count > 0,
  );
  await until(
    () => client.workflow.count("ExecutionStatus = 'Running'"),
    ({ count }) => count === 0,
  );
  const own = await client.workflow.count(
    `WorkflowType = 'deliverNotification' and SignpostCustomer = '${customer.customerId}'`,
  );
  await connection.close();
  expect(own.count).toBeLessThanOrEqual(30);
  expectOneEach(receiver, ids);
});
