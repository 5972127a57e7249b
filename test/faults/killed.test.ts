import { Client } from 'pg';
import { decodeId } from '../../src/domain/ids';
import { onboard } from '../support/service';
import { seededRandom } from '../support/random';
import { useStack } from '../support/stack';
import { until } from '../support/until';

/** Processes are really killed, at the worst moments; what was accepted ends delivered or failed by its own ladder all the same. */
const stack = useStack();
const webhookIds = () => new Set(stack.receiver.requests.map(({ headers }) => headers['webhook-id']));

it('killed between accept and start, some with their head start under way: the next process sees to all', async () => {
  const { receiver } = stack;
  // Nothing listens there: events are accepted, and delivered by their head starts, all the same.
  const first = await stack.start({ temporalAddress: '127.0.0.1:9', withoutReady: true });
  const customer = await onboard(first, receiver.url());
  const ids = [...(await customer.post()), ...(await customer.post()), ...(await customer.post())];
  await first.kill9();
  await stack.doubt();
  await stack.start();
  await stack.reach(ids, 'delivered');
  expect(webhookIds().size).toBe(3);
  await stack.expectAgreement(ids);
});

it('killed during an attempt: it is made again, with the same webhook-id', async () => {
  const { receiver } = stack;
  const first = await stack.start();
  const customer = await onboard(first, receiver.url());
  receiver.answerRaw(() => undefined);
  const ids = await customer.post();
  await receiver.waitFor(1);
  await first.kill9();
  receiver.answerRaw(undefined);
  await stack.start();
  await stack.reach(ids, 'delivered');
  expect(receiver.requests.length).toBeGreaterThanOrEqual(2);
  expect(webhookIds().size).toBe(1);
  await stack.expectAgreement(ids);
});

it('killed between attempt and record: nothing is lost, and what is recorded is what happened last', async () => {
  const { receiver, database } = stack;
  const first = await stack.start();
  const customer = await onboard(first, receiver.url());
  const waitingForLock = "datname = current_database() and wait_event_type = 'Lock'";
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
  await until(
    () => database.db.query({ text: `select from pg_stat_activity where ${waitingForLock}` }),
    ({ rowCount }) => rowCount! > 0,
  );
  await first.kill9();
  receiver.answerWith(200);
  // The statement of a process that is gone must not come true when the lock is released.
  await database.db.query({
    text: `select pg_terminate_backend(pid) from pg_stat_activity where ${waitingForLock}`,
  });
  await locker.query('rollback');
  await locker.end();
  await stack.start();
  await stack.reach(ids, 'delivered');
  expect(receiver.requests).toHaveLength(2);
  expect(webhookIds().size).toBe(1);
  await stack.expectAgreement(ids);
});

it('killed on the ladder: the steps that are left are walked, and no more', async () => {
  const { receiver } = stack;
  const first = await stack.start();
  const customer = await onboard(first, receiver.url(), { retrySchedule: [3, 1] });
  receiver.answerWith(500);
  const ids = await customer.post();
  await stack.reach(ids, 'retrying');
  await first.kill9();
  await stack.start();
  await stack.reach(ids, 'failed');
  expect(receiver.requests.map(({ headers }) => headers['signpost-attempt'])).toEqual(['1', '2', '3']);
  await stack.expectAgreement(ids);
});

it('killed three times in a flood: every event arrives', async () => {
  const random = seededRandom();
  const { receiver } = stack;
  let service = await stack.start();
  const customer = await onboard(service, receiver.url());
  const ids: string[] = [];
  for (let round = 0; round < 3; round++) {
    const posting = Array.from({ length: 34 }, async (_, index) => {
      // An answer that never came says nothing; the producer posts the same id again.
      for (let tries = 0; tries < 200; tries++) {
        try {
          return await customer.post({ id: `flood-${round}-${index}` });
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
      throw new Error('never accepted');
    });
    // Another moment in each round: events are being accepted, started, attempted and recorded.
    await receiver.waitFor(receiver.requests.length + 1 + Math.floor(random() * 20));
    await service.kill9();
    service = await stack.start({ env: { SIGNPOST_PORT: new URL(service.url).port } });
    ids.push(...(await Promise.all(posting)).flat());
  }
  await stack.doubt();
  expect(new Set(ids).size).toBe(102);
  await stack.reach(ids, 'delivered');
  expect(webhookIds().size).toBe(102);
  await stack.expectAgreement(ids);
});
