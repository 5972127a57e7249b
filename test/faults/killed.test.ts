import { Client } from 'pg';
import { decodeId } from '../../src/domain/ids';
import { onboard } from '../support/service';
import { useCluster } from '../support/cluster';
import { seededRandom } from '../support/random';
import { until } from '../support/until';
import { itInLongRuns, variants } from '../support/variants';

/**
 * Processes killed with SIGKILL at the worst moments. Whatever was accepted is still delivered, or
 * fails by its own ladder.
 */
const cluster = useCluster();
const webhookIds = () => new Set(cluster.receiver.requests.map(({ headers }) => headers['webhook-id']));

itInLongRuns(
  'killed between accept and start, also during head starts: the next process delivers everything',
  async () => {
    const { receiver } = cluster;
    // Nothing listens at this address. Events are accepted and delivered by their head starts all
    // the same.
    const first = await cluster.start({ temporalAddress: '127.0.0.1:9', withoutReady: true });
    const customer = await onboard(first, receiver.url());
    const ids = [...(await customer.post()), ...(await customer.post()), ...(await customer.post())];
    await first.kill9();
    await cluster.makeOverdue();
    await cluster.start();
    await cluster.reach(ids, 'delivered');
    expect(webhookIds().size).toBe(3);
    await cluster.expectAgreement(ids);
  },
);

it('killed during an attempt: the next process makes it again with the same webhook-id', async () => {
  const { receiver } = cluster;
  const first = await cluster.start();
  const customer = await onboard(first, receiver.url());
  receiver.answerRaw(() => undefined);
  const ids = await customer.post();
  await receiver.waitFor(1);
  await first.kill9();
  receiver.answerRaw(undefined);
  await cluster.makeOverdue();
  await cluster.start();
  await cluster.reach(ids, 'delivered');
  expect(receiver.requests.length).toBeGreaterThanOrEqual(2);
  expect(webhookIds().size).toBe(1);
  await cluster.expectAgreement(ids);
});

itInLongRuns(
  'killed between attempt and record: nothing is lost, and the record matches the last attempt',
  async () => {
    const { receiver, database } = cluster;
    const first = await cluster.start();
    const customer = await onboard(first, receiver.url());
    const waitingForLock = "datname = current_database() and wait_event_type = 'Lock'";
    // The record waits for a lock that the test takes before the receiver answers.
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
    await until(
      () => database.db.query({ text: `select from pg_stat_activity where ${waitingForLock}` }),
      ({ rowCount }) => rowCount! > 0,
    );
    await first.kill9();
    receiver.answerWith(200);
    // The statement of the killed process must not succeed when the lock is released.
    await database.db.query({
      text: `select pg_terminate_backend(pid) from pg_stat_activity where ${waitingForLock}`,
    });
    await locker.query('rollback');
    await locker.end();
    await cluster.makeOverdue();
    await cluster.start();
    await cluster.reach(ids, 'delivered');
    expect(receiver.requests).toHaveLength(2);
    expect(webhookIds().size).toBe(1);
    await cluster.expectAgreement(ids);
  },
);

itInLongRuns('killed on the ladder: the next process makes the remaining attempts and no more', async () => {
  const { receiver } = cluster;
  const first = await cluster.start();
  const customer = await onboard(first, receiver.url(), { retrySchedule: [6, 1] });
  receiver.answerWith(500);
  const ids = await customer.post();
  await cluster.reach(ids, 'retrying');
  await first.kill9();
  await cluster.start();
  await cluster.reach(ids, 'failed');
  expect(receiver.requests.map(({ headers }) => headers['signpost-attempt'])).toEqual(['1', '2', '3']);
  await cluster.expectAgreement(ids);
});

it.each(variants(1, 3))('killed during a spike, %i times: every event arrives', async (times) => {
  const random = seededRandom();
  const { receiver } = cluster;
  let service = await cluster.start();
  const customer = await onboard(service, receiver.url());
  const ids: string[] = [];
  for (let round = 0; round < times; round++) {
    const posting = Array.from({ length: 34 }, async (_, index) => {
      // A missing answer leaves the result open, so the producer posts the same id again.
      for (let tries = 0; tries < 200; tries++) {
        try {
          return await customer.post({ id: `flood-${round}-${index}` });
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
      throw new Error('never accepted');
    });
    // A random moment in each round, while events are accepted, started, attempted and recorded.
    await receiver.waitFor(receiver.requests.length + 1 + Math.floor(random() * 20));
    await service.kill9();
    service = await cluster.start({ env: { SIGNPOST_PORT: new URL(service.url).port } });
    ids.push(...(await Promise.all(posting)).flat());
  }
  await cluster.makeOverdue();
  expect(new Set(ids).size).toBe(34 * times);
  await cluster.reach(ids, 'delivered');
  expect(webhookIds().size).toBe(34 * times);
  await cluster.expectAgreement(ids);
});
