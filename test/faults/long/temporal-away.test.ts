import { Client } from '@temporalio/client';
import { decodeId } from '../../../src/domain/ids';
import { notificationWorkflowId } from '../../../src/domain/types';
import { freePort, startBareTemporal, type BareTemporal } from '../../support/bare-temporal';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { startReceiver, type Receiver } from '../../support/receiver';
import { onboard, startService, type ServiceOptions, type ServiceProcess } from '../../support/service';
import { until } from '../../support/until';

/** Temporal is away, frozen, replaced, or late, while the service runs and is not restarted. */
let temporal: BareTemporal;
let database: TestDatabase;
let receiver: Receiver;
let services: ServiceProcess[];

beforeEach(async () => {
  services = [];
  database = await createTestDatabase();
  receiver = await startReceiver();
});
afterEach(async () => {
  for (const service of services) await service.kill9();
  await temporal?.stop();
  await receiver.close();
  await database.drop();
});

async function start(options: ServiceOptions = {}): Promise<ServiceProcess> {
  const service = await startService({ databaseUrl: database.url, temporalAddress: temporal.address, ...options });
  services.push(service);
  return service;
}

const statuses = async (ids: string[]) => {
  const { rows } = await database.db.query<{ status: string }>({
    text: 'select status from notifications where id = any($1)',
    values: [ids.map((id) => decodeId('ntf', id))],
  });
  return rows.map(({ status }) => status);
};
const reach = (ids: string[], status: string, timeoutMs = 60_000) =>
  until(
    () => statuses(ids),
    (seen) => seen.length === ids.length && seen.every((one) => one === status),
    timeoutMs,
  );
/** The search attributes of a notification's workflow. */
async function attributesOf(id: string, namespace = 'default'): Promise<string[]> {
  const connection = await temporal.connect();
  try {
    const { typedSearchAttributes } = await new Client({ connection, namespace }).workflow
      .getHandle(notificationWorkflowId(id))
      .describe();
    return typedSearchAttributes
      .getAll()
      .map(({ key }) => key.name)
      .filter((name) => name.startsWith('Signpost'))
      .sort();
  } finally {
    await connection.close();
  }
}
const NAMES = ['SignpostCustomer', 'SignpostEventType', 'SignpostSubscription'];

it('Temporal replaced by an empty server: retries go on, new notifications start, and schedule and search attributes are back', async () => {
  temporal = await startBareTemporal(await freePort());
  const service = await start();
  receiver.answerWith(500);
  const customer = await onboard(service, receiver.url(), { timeoutSeconds: 60, retrySchedule: [8] });
  const waiting = [...(await customer.post()), ...(await customer.post())];
  await reach(waiting, 'retrying');
  await temporal.stop();
  receiver.answerWith(200);
  temporal = await startBareTemporal(temporal.port);
  const backAt = Date.now();
  const later = await customer.post();
  await reach([...waiting, ...later], 'delivered', 90_000);
  // The reconciler looks for a retry a minute after it was due.
  expect(Date.now() - backAt).toBeLessThan(80_000);
  const connection = await temporal.connect();
  const { schedule } = new Client({ connection });
  await until(
    () =>
      schedule
        .getHandle('signpost-maintenance')
        .describe()
        .then(
          () => true,
          () => false,
        ),
    (exists) => exists,
    40_000,
  );
  await connection.close();
  const [next] = await customer.post();
  await reach([next!], 'delivered');
  expect(await attributesOf(next!)).toEqual(NAMES);
}, 200_000);

it('api and worker started before their namespace exists wait for it, and use search attributes without a restart', async () => {
  temporal = await startBareTemporal(await freePort());
  const env = { TEMPORAL_NAMESPACE: 'late' };
  const worker = await start({ env: { ...env, SIGNPOST_ROLE: 'worker' }, withoutReady: true });
  const api = await start({ env: { ...env, SIGNPOST_ROLE: 'api' }, withoutReady: true });
  expect((await api.call('GET', '/readyz')).status).toBe(503);
  const customer = await onboard(api, receiver.url(), { timeoutSeconds: 60 });
  const [early] = await customer.post();
  await until(
    async () => worker.output() + api.output(),
    (output) => output.includes('namespace create --namespace late'),
  );
  expect(worker.output() + api.output()).not.toContain('search-attribute create');
  await temporal.createNamespace('late');
  await reach([early!], 'delivered', 90_000);
  const [next] = await customer.post();
  await reach([next!], 'delivered');
  expect(await attributesOf(next!, 'late')).toEqual(NAMES);
  expect((await api.call('GET', '/readyz')).status).toBe(200);
}, 200_000);

it('Temporal away for 40 s: what fell due meanwhile is attempted within 20 s of its return, and the log stays short', async () => {
  temporal = await startBareTemporal(await freePort());
  const first = await start();
  receiver.answerWith(500);
  const customer = await onboard(first, receiver.url(), { retrySchedule: [5] });
  await temporal.stop();
  // Also a process that never reached Temporal.
  const second = await start({ withoutReady: true });
  const ids: string[] = [];
  for (let posted = 0; posted < 60; posted++) {
    const { url } = posted % 2 === 0 ? first : second;
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { 'x-api-key': 'test-admin-key-0123456789', 'content-type': 'application/json' },
      body: JSON.stringify({ type: customer.eventType, customerId: customer.customerId, data: {} }),
    });
    expect(response.status).toBe(202);
    const { notifications } = (await response.json()) as { notifications: { id: string }[] };
    ids.push(...notifications.map(({ id }) => id));
  }
  await reach(ids, 'retrying');
  await new Promise((resolve) => setTimeout(resolve, 35_000));
  const linesOf = ({ output }: ServiceProcess) =>
    output()
      .split('\n')
      .filter((line) => line.startsWith('{') && !line.includes('an attempt failed')).length;
  // An outage is a few lines, and not one for each event.
  expect(linesOf(first)).toBeLessThan(30);
  expect(linesOf(second)).toBeLessThan(30);
  receiver.answerWith(200);
  temporal = await startBareTemporal(temporal.port);
  await reach(ids, 'delivered', 25_000);
  expect(receiver.requests).toHaveLength(120);
}, 200_000);

it('Temporal frozen for 15 s while held notifications are released: all are delivered within a minute of its return', async () => {
  temporal = await startBareTemporal(await freePort());
  const service = await start();
  receiver.answerWith(500);
  const customer = await onboard(service, receiver.url(), { retrySchedule: [4, 4, 4] });
  const ids: string[] = [];
  for (let posted = 0; posted < 60; posted++) ids.push(...(await customer.post()));
  await reach(ids, 'retrying');
  const enable = (enabled: boolean) =>
    service.must('PATCH', `/v1/subscriptions/${customer.subscriptionId}`, { enabled });
  await enable(false);
  await reach(ids, 'held');
  receiver.answerWith(200);
  const before = receiver.requests.length;
  await enable(true);
  await receiver.waitFor(before + 5);
  temporal.freeze();
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  temporal.unfreeze();
  await reach(ids, 'delivered', 65_000);
}, 200_000);

it('a workflow that the server terminates at a history limit is started again when its attempt is due', async () => {
  temporal = await startBareTemporal(await freePort(), ['--dynamic-config-value', 'limit.historyCount.error=40']);
  const service = await start();
  receiver.answerWith([500, 200]);
  const customer = await onboard(service, receiver.url(), { retrySchedule: [30] });
  const ids = await customer.post();
  await reach(ids, 'retrying');
  const connection = await temporal.connect();
  const handle = new Client({ connection }).workflow.getHandle(notificationWorkflowId(ids[0]!));
  await until(
    async () => {
      await handle.signal('release').catch(() => undefined);
      return (await handle.describe()).status.name;
    },
    (status) => status === 'TERMINATED',
  );
  await connection.close();
  await reach(ids, 'delivered', 75_000);
  expect(receiver.requests).toHaveLength(2);
  const [first, second] = receiver.requests;
  expect(second!.at.getTime() - first!.at.getTime()).toBeGreaterThan(29_000);
}, 200_000);
