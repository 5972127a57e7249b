import { startPostgres, type RunningPostgres } from '../../src/embedded/postgres';
import { startTemporal } from '../../src/embedded/temporal';
import { openDatabase } from '../../src/store/db/database';
import { fromSetup } from '../support/environment';
import type { Receiver } from '../support/receiver';
import { onboard, tempDir } from '../support/service';
import { useStack } from '../support/stack';
import { until } from '../support/until';

/** Temporal, Postgres and the service are really stopped under way, and more than one process works on one database. */
const stack = useStack();
const portOf = ({ address }: { address: string }) => Number(address.split(':')[1]);

/** Lets the receiver hold its answer. @returns what sends it */
function holdAnswer(receiver: Receiver): () => void {
  let send: () => void = () => undefined;
  receiver.answerWith(() => new Promise((resolve) => (send = () => resolve({ status: 200 }))));
  return () => send();
}

it('Temporal stopped and started again: events are accepted meanwhile and delivered after, by the same process', async () => {
  const { receiver } = stack;
  const service = await stack.start();
  const customer = await onboard(service, receiver.url());
  receiver.answerWith([500, 200]);
  const waiting = await customer.post();
  await stack.reach(waiting, 'retrying');
  await stack.temporal.stop();
  const meanwhile = await customer.post();
  expect(await service.call('GET', '/readyz')).toMatchObject({
    status: 503,
    body: { temporal: 'unreachable', postgres: 'ok' },
  });
  // Asked for while Temporal is away: the relay sees to it.
  expect(await service.call('POST', `/v1/notifications/${waiting[0]}/retry`, {})).toMatchObject({ status: 202 });
  const port = portOf(stack.temporal);
  stack.temporal = await startTemporal(fromSetup('temporalCli'), stack.temporalDir, port);
  expect(portOf(stack.temporal)).toBe(port);
  await stack.doubt();
  await stack.reach([...meanwhile, ...waiting], 'delivered');
  await stack.expectAgreement([...meanwhile, ...waiting]);
});

describe('with a Postgres of its own', () => {
  let directory: string;
  let postgres: RunningPostgres;

  beforeEach(async () => {
    directory = tempDir();
    postgres = await startPostgres({ directory, port: 0 });
  });
  afterEach(() => postgres.stop());

  it('Postgres stopped and started again: posts are refused meanwhile, and an attempt that was made is recorded after, not repeated', async () => {
    const { receiver } = stack;
    const service = await stack.start({ databaseUrl: postgres.url });
    const customer = await onboard(service, receiver.url());
    const sendAnswer = holdAnswer(receiver);
    const [id] = await customer.post();
    await receiver.waitFor(1);
    await postgres.stop();
    sendAnswer();
    const { eventType: type, customerId } = customer;
    expect(await service.call('POST', '/v1/events', { type, customerId, data: {} })).toMatchObject({
      status: 503,
      body: { code: 'database-unavailable' },
    });
    // Away for longer than the record is tried.
    await until(
      async () => service.output(),
      (output) => output.includes('a head start could not be made or recorded'),
    );
    postgres = await startPostgres({ directory, port: postgres.port });
    const delivered = await until(
      () => service.call('GET', `/v1/notifications/${id}`),
      ({ body }) => body?.status === 'delivered',
      60_000,
    );
    expect(delivered.body.attempts).toHaveLength(1);
    expect(receiver.requests).toHaveLength(1);
    const db = openDatabase(postgres.url, () => undefined);
    await stack.expectAgreement([id!], db);
    await db.close();
  });
});

it('SIGTERM during an attempt: it is finished and recorded, nothing else is accepted, and the exit code is 0', async () => {
  const { receiver } = stack;
  const service = await stack.start();
  const customer = await onboard(service, receiver.url());
  const sendAnswer = holdAnswer(receiver);
  const ids = await customer.post();
  await receiver.waitFor(1);
  const stopped = service.stop();
  await until(
    async () => service.output(),
    (output) => output.includes('stopping'),
  );
  await expect(customer.post()).rejects.toThrow('fetch failed');
  sendAnswer();
  expect(await stopped).toBe(0);
  expect(await stack.statuses(ids)).toEqual(['delivered']);
  await stack.start();
  await stack.expectAgreement(ids);
  expect(receiver.requests).toHaveLength(1);
});

it('two processes on one database: everything is delivered once', async () => {
  const { receiver } = stack;
  const [first, second] = [await stack.start(), await stack.start()];
  const customer = await onboard(first, receiver.url());
  const ids = (await Promise.all(Array.from({ length: 40 }, () => customer.post()))).flat();
  await stack.reach(ids, 'delivered');
  expect(receiver.requests).toHaveLength(40);
  await stack.expectAgreement(ids);
  // Both served all along.
  expect(await second.call('GET', `/v1/notifications/${ids[0]}`)).toMatchObject({ body: { status: 'delivered' } });
});
