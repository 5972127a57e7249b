import { Client } from 'pg';
import { startPostgres } from '../../src/embedded/postgres';
import { startTemporal, type RunningTemporal } from '../../src/embedded/temporal';
import { decodeId } from '../../src/domain/ids';
import { notificationWorkflowId } from '../../src/domain/types';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { fromSetup } from '../support/environment';
import { startReceiver, type Receiver } from '../support/receiver';
import { onboard, startService, tempDir, type ServiceProcess } from '../support/service';
import { until } from '../support/until';

/**
 * Whatever stops whenever: every accepted notification ends delivered or failed by its own ladder, and the record agrees with the workflow. The
 * service runs as a process of its own and is really killed; Temporal and Postgres are really stopped.
 */
let temporalDir: string;
let temporal: RunningTemporal;
let database: TestDatabase;
let receiver: Receiver;
let service: ServiceProcess | undefined;

beforeAll(async () => {
  temporalDir = tempDir();
  temporal = await startTemporal(fromSetup('temporalCli'), temporalDir);
});
afterAll(() => temporal?.stop());
beforeEach(async () => {
  database = await createTestDatabase();
  receiver = await startReceiver();
});
afterEach(async () => {
  await service?.kill9();
  service = undefined;
  await receiver.close();
  await database.drop();
});

const start = (env: Record<string, string> = {}) =>
  startService({ databaseUrl: database.url, temporalAddress: temporal.address, env });
const query = (text: string, values: unknown[] = []) => database.db.query<Record<string, unknown>>({ text, values });
/** As if the time had come at which the relay doubts. */
const doubt = () =>
  query("update notifications set reconcile_after = now() - interval '1 second' where reconcile_after is not null");
const statuses = async (ids: string[]) => {
  const { rows } = await query('select status from notifications where id = any($1)', [
    ids.map((id) => decodeId('ntf', id)),
  ]);
  return rows.map(({ status }) => status as string);
};
const allDelivered = (ids: string[]) =>
  until(
    () => statuses(ids),
    (seen) => seen.every((status) => status === 'delivered'),
    60_000,
  );

/** Record, attempts and workflow tell the same. */
async function expectAgreement(ids: string[]): Promise<void> {
  const connection = await Connection.connect({ address: temporal.address });
  const client = new TemporalClient({ connection });
  for (const id of ids) {
    const { rows } = await query(
      `select n.status, n.attempt_count, (select count(*) from attempts a where a.notification_id = n.id) as logged,
         (select error_class from attempts a where a.notification_id = n.id order by number desc limit 1) as last_error
       from notifications n where n.id = $1`,
      [decodeId('ntf', id)],
    );
    const [row] = rows;
    expect(row!.logged).toBe(row!.attempt_count);
    if (row!.status === 'delivered') expect(row!.last_error).toBeNull();
    const workflow = await until(
      () => client.workflow.getHandle(notificationWorkflowId(id)).describe(),
      ({ status }) => status.name !== 'RUNNING',
    );
    expect(workflow.status.name).toBe(row!.status === 'delivered' ? 'COMPLETED' : 'FAILED');
  }
  await connection.close();
}

it('killed between accept and start: the relay of the next process starts what was accepted', async () => {
  service = await startService({
    databaseUrl: database.url,
    // Nothing listens there: events are accepted all the same.
    temporalAddress: '127.0.0.1:9',
    withoutReady: true,
  });
  const customer = await onboard(service, receiver.url());
  const ids = [...(await customer.post()), ...(await customer.post()), ...(await customer.post())];
  await service.kill9();
  await doubt();
  service = await start();
  await allDelivered(ids);
  expect(receiver.requests).toHaveLength(3);
  await expectAgreement(ids);
});

it('killed during an attempt: it is made again, with the same webhook-id', async () => {
  service = await start();
  const customer = await onboard(service, receiver.url());
  receiver.answerRaw(() => undefined);
  const ids = await customer.post();
  await receiver.waitFor(1);
  await service.kill9();
  receiver.answerRaw(undefined);
  service = await start();
  await allDelivered(ids);
  expect(receiver.requests.length).toBeGreaterThanOrEqual(2);
  expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  await expectAgreement(ids);
});

it('killed between attempt and record: nothing is lost, and what is recorded is what happened last', async () => {
  service = await start();
  const customer = await onboard(service, receiver.url());
  // The record waits for a lock that the test holds from before the receiver answers.
  const locker = new Client(database.url);
  await locker.connect();
  receiver.answerWith(async ({ headers }) => {
    await locker.query('begin');
    await locker.query('select from notifications where id = $1 for update', [
      decodeId('ntf', String(headers['signpost-notification'])),
    ]);
    return { status: 200 };
  });
  const ids = await customer.post();
  await receiver.waitFor(1);
  await until(
    () =>
      query("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"),
    ({ rows }) => Number(rows[0]!.count) > 0,
  );
  await service.kill9();
  receiver.answerWith(200);
  // The statement of a process that is gone must not come true when the lock is released.
  await query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  await locker.query('rollback');
  await locker.end();
  service = await start();
  await allDelivered(ids);
  expect(receiver.requests).toHaveLength(2);
  expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  await expectAgreement(ids);
});

it('killed three times in a flood: every event arrives', async () => {
  service = await start();
  const customer = await onboard(service, receiver.url());
  const ids: string[] = [];
  for (let round = 0; round < 3; round++) {
    const posting = Array.from({ length: 30 }, async (_, index) => {
      // An answer that never came says nothing; the producer posts the same id again.
      for (let tries = 0; tries < 100; tries++) {
        try {
          return await customer.post({ id: `flood-${round}-${index}` });
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
      throw new Error('never accepted');
    });
    await receiver.waitFor(receiver.requests.length + 5);
    await service.kill9();
    const { url } = service;
    service = await start({ SIGNPOST_PORT: new URL(url).port });
    ids.push(...(await Promise.all(posting)).flat());
  }
  await doubt();
  expect(new Set(ids).size).toBe(90);
  await allDelivered(ids);
  const arrived = new Set(receiver.requests.map(({ headers }) => headers['webhook-id']));
  expect(arrived.size).toBe(90);
  await expectAgreement(ids);
});

it('Temporal stopped and started again: events are accepted meanwhile and delivered after, by the same process', async () => {
  service = await start();
  const customer = await onboard(service, receiver.url());
  receiver.answerWith([500, 200]);
  const waiting = await customer.post();
  await until(
    () => statuses(waiting),
    ([status]) => status === 'retrying',
  );
  await temporal.stop();
  const meanwhile = await customer.post();
  expect(await service.call('GET', '/readyz')).toMatchObject({
    status: 503,
    body: { temporal: 'unreachable', postgres: 'ok' },
  });
  // Asked for while Temporal is away: the relay sees to it.
  expect(await service.call('POST', `/v1/notifications/${waiting[0]}/retry`, {})).toMatchObject({ status: 202 });
  const port = Number(temporal.address.split(':')[1]);
  temporal = await startTemporal(fromSetup('temporalCli'), temporalDir, port);
  expect(Number(temporal.address.split(':')[1])).toBe(port);
  await doubt();
  await allDelivered([...meanwhile, ...waiting]);
  await expectAgreement([...meanwhile, ...waiting]);
});

it('Postgres stopped and started again: posts are refused meanwhile, and an attempt that was made is recorded after, not repeated', async () => {
  const directory = tempDir();
  let postgres = await startPostgres({ directory });
  service = await startService({ databaseUrl: postgres.url, temporalAddress: temporal.address });
  const customer = await onboard(service, receiver.url());
  let answer: () => void = () => undefined;
  receiver.answerWith(() => new Promise((resolve) => (answer = () => resolve({ status: 200 }))));
  const [id] = await customer.post();
  await receiver.waitFor(1);
  await postgres.stop();
  answer();
  const refused = await service.call('POST', '/v1/events', {
    type: customer.eventType,
    customerId: customer.customerId,
    data: {},
  });
  expect(refused).toMatchObject({ status: 503, body: { code: 'database-unavailable' } });
  postgres = await startPostgres({ directory, port: Number(new URL(postgres.url).port) });
  const delivered = await until(
    () => service!.call('GET', `/v1/notifications/${id}`),
    ({ body }) => body?.status === 'delivered',
    60_000,
  );
  expect(delivered.body.attempts).toHaveLength(1);
  expect(receiver.requests).toHaveLength(1);
  await service.kill9();
  await postgres.stop();
});

it('SIGTERM during an attempt: it is finished and recorded, and the exit code is 0', async () => {
  service = await start();
  const customer = await onboard(service, receiver.url());
  let answer: () => void = () => undefined;
  receiver.answerWith(() => new Promise((resolve) => (answer = () => resolve({ status: 200 }))));
  const ids = await customer.post();
  await receiver.waitFor(1);
  const stopped = service.stop();
  await until(
    async () => service!.output(),
    (output) => output.includes('stopping'),
  );
  answer();
  expect(await stopped).toBe(0);
  expect(await statuses(ids)).toEqual(['delivered']);
  expect(receiver.requests).toHaveLength(1);
});

it('two processes on one database: everything is delivered once', async () => {
  service = await start();
  const second = await start();
  const customer = await onboard(service, receiver.url());
  const ids = (await Promise.all(Array.from({ length: 40 }, () => customer.post()))).flat();
  await allDelivered(ids);
  expect(receiver.requests).toHaveLength(40);
  await second.kill9();
});
