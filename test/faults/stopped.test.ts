import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres, type RunningPostgres } from '../../src/embedded/postgres';
import { startTemporal } from '../../src/embedded/temporal';
import { openDatabase } from '../../src/store/db/database';
import { fromSetup } from '../support/environment';
import type { Receiver } from '../support/receiver';
import { onboard, tempDir } from '../support/service';
import { useCluster } from '../support/cluster';
import { until } from '../support/until';
import { itInLongRuns, variants } from '../support/variants';

/**
 * Temporal, Postgres and the service are stopped during work, and several processes share one
 * database.
 */
const cluster = useCluster();
const portOf = ({ address }: { address: string }) => Number(address.split(':')[1]);

/** Makes the receiver withhold its answers. @returns a function that sends them */
function holdAnswers(receiver: Receiver): () => void {
  const send: (() => void)[] = [];
  receiver.answerWith(() => new Promise((resolve) => send.push(() => resolve({ status: 200 }))));
  return () => {
    receiver.answerWith(200);
    for (const one of send) one();
  };
}

it('Temporal restarted: the same process accepts events meanwhile and delivers them afterwards', async () => {
  const { receiver } = cluster;
  const service = await cluster.start();
  const customer = await onboard(service, receiver.url());
  receiver.answerWith([500, 200]);
  const waiting = await customer.post();
  await cluster.reach(waiting, 'retrying');
  await cluster.temporal.stop();
  const meanwhile = await customer.post();
  const { body: readiness } = await until(
    () => service.call('GET', '/readyz'),
    ({ status, body }) => status === 503 && body.postgres === 'ok',
  );
  expect(readiness.temporal).toBe('unreachable');
  // The retry is requested while Temporal is down. The reconciler makes up for it.
  expect(await service.call('POST', `/v1/notifications/${waiting[0]}/retry`, {})).toMatchObject({ status: 202 });
  const port = portOf(cluster.temporal);
  cluster.temporal = await startTemporal(fromSetup('temporalCli'), cluster.temporalDir, port);
  expect(portOf(cluster.temporal)).toBe(port);
  await cluster.makeOverdue();
  await cluster.reach([...meanwhile, ...waiting], 'delivered');
  await cluster.expectAgreement([...meanwhile, ...waiting]);
});

describe('with a separate Postgres', () => {
  let directory: string;
  let postgres: RunningPostgres;

  beforeEach(async () => {
    directory = tempDir();
    postgres = await startPostgres({ directory, port: 0 });
  });
  afterEach(() => postgres.stop());

  it.each(variants([6, 8], [0, 1]))(
    'Postgres away for %i s: posts are refused meanwhile, and the %i attempts in flight are recorded afterwards and not repeated',
    async (seconds, count) => {
      const { receiver } = cluster;
      const service = await cluster.start({ databaseUrl: postgres.url });
      const customer = await onboard(service, receiver.url());
      const sendAnswers = holdAnswers(receiver);
      const ids: string[] = [];
      for (let posted = 0; posted < count; posted++) ids.push(...(await customer.post()));
      await receiver.waitFor(count);
      await postgres.stop();
      sendAnswers();
      const { eventType: type, customerId } = customer;
      expect(await service.call('POST', '/v1/events', { type, customerId, data: {} })).toMatchObject({
        status: 503,
        body: { code: 'database-unavailable' },
      });
      await sleep(seconds * 1000);
      postgres = await startPostgres({ directory, port: postgres.port });
      for (const id of ids) {
        const delivered = await until(
          () => service.call('GET', `/v1/notifications/${id}`),
          ({ body }) => body?.status === 'delivered',
          60_000,
        );
        expect(delivered.body.attempts).toHaveLength(1);
      }
      expect(receiver.requests).toHaveLength(count);
      const db = openDatabase(postgres.url, () => undefined);
      await cluster.expectAgreement(ids, db);
      await db.close();
    },
  );
});

it('SIGTERM during an attempt: it is finished and recorded, new events are refused, and the exit code is 0', async () => {
  const { receiver } = cluster;
  const service = await cluster.start();
  const customer = await onboard(service, receiver.url());
  const sendAnswers = holdAnswers(receiver);
  const ids = await customer.post();
  await receiver.waitFor(1);
  const stopped = service.stop();
  await until(
    () =>
      service.call('GET', '/healthz').then(
        () => 'answered',
        () => 'refused',
      ),
    (result) => result === 'refused',
  );
  sendAnswers();
  expect(await stopped).toBe(0);
  expect(await cluster.statuses(ids)).toEqual(['delivered']);
  await cluster.start();
  await cluster.expectAgreement(ids);
  expect(receiver.requests).toHaveLength(1);
});

itInLongRuns('two processes on one database deliver every notification once', async () => {
  const { receiver } = cluster;
  const [first, second] = [await cluster.start(), await cluster.start()];
  const customer = await onboard(first, receiver.url());
  const ids = (await Promise.all(Array.from({ length: 40 }, () => customer.post()))).flat();
  await cluster.reach(ids, 'delivered');
  expect(receiver.requests).toHaveLength(40);
  await cluster.expectAgreement(ids);
  // Both processes answered throughout.
  expect(await second.call('GET', `/v1/notifications/${ids[0]}`)).toMatchObject({ body: { status: 'delivered' } });
});
