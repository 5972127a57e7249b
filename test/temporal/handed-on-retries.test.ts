import { setTimeout as sleep } from 'node:timers/promises';
import { findRef } from '../../src/store/notifications/notification-refs';
import { markDue, reopenNotification } from '../../src/store/notifications/reopen';
import { cancelNotification } from '../../src/store/notifications/transitions';
import { useFirstAttempts } from '../support/first-attempts';
import { testReconciler } from '../support/reconciler';
import { acceptOne, seed } from '../support/seed';
import { until } from '../support/until';

/**
 * Retries whose workflow is started or signalled for another reason meanwhile, by a burst or by the
 * reconciler: the workflow finds the record reopened before it gets the signal of the retry. One
 * attempt is made for it.
 */
const on = useFirstAttempts();

const attempts = (id: string, count: number) =>
  until(
    () => on.triggers(id),
    (made) => made.length === count,
  );

/**
 * Fails the first attempt in a burst, and retries the closed notification in Postgres.
 *
 * @returns what starts the workflow for the burst, and what signals the retry
 */
async function retried(retrySchedule: number[]) {
  on.receiver.answerWith(500);
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule });
  const { notification, begin } = await on.accept(seeded, on.mine());
  const { notificationId: id } = notification;
  begin(on.pipeline.headStarts, 'burst/any');
  await attempts(id, 1);
  if (retrySchedule.length > 0) await cancelNotification(on.pipeline.db, id);
  const ref = (await reopenNotification(on.pipeline.db, id))!;
  return {
    id,
    start: () => on.pipeline.workflows.start(notification),
    signal: () => on.pipeline.workflows.retry(ref, { reopened: true, attempts: 1 }),
  };
}

it('a signal that comes during the attempt of a workflow that a burst started asks for no other one', async () => {
  const { id, start, signal } = await retried([]);
  let answer = (): void => undefined;
  on.receiver.answerWith(() => new Promise((resolve) => (answer = () => resolve({ status: 500 }))));
  await start();
  await on.receiver.waitFor(2);
  await signal();
  answer();
  await on.closes(id);
  await sleep(1000);
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual']);
  expect(on.receiver.requests).toHaveLength(2);
});

it('a signal that comes after the workflow that a burst started has closed asks for no other attempt', async () => {
  const { id, start, signal } = await retried([]);
  await start();
  await attempts(id, 2);
  await on.closes(id);
  await signal();
  await on.closes(id);
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual']);
  expect(on.receiver.requests).toHaveLength(2);
});

it('a signal that comes while the workflow that a burst started waits asks for no other attempt', async () => {
  const { id, start, signal } = await retried([3600]);
  await start();
  await attempts(id, 2);
  await until(
    () => on.pipeline.workflows.live(id),
    (live) => live?.phase === 'waiting',
  );
  await signal();
  await sleep(1000);
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual']);
  expect((await on.find(id)).status).toBe('retrying');
  await on.workflow(id).terminate();
});

it('the attempts of the ladder after that are made by the schedule', async () => {
  const { id, start, signal } = await retried([1, 3600]);
  await start();
  await signal();
  await attempts(id, 3);
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual', 'scheduled']);
  await on.workflow(id).terminate();
});

it('a later retry of what waits makes an attempt', async () => {
  const { id, start, signal } = await retried([3600, 3600]);
  await start();
  await attempts(id, 2);
  await signal();
  await on.pipeline.workflows.retry((await findRef(on.pipeline.db, id))!, { attempts: 2 });
  await attempts(id, 3);
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual', 'manual']);
  await on.workflow(id).terminate();
});

it('a signal that comes after the attempt was due by the schedule asks for no other attempt', async () => {
  on.receiver.answerWith(500);
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [1, 3600] });
  const [notification] = await acceptOne(on.pipeline.db, seeded);
  const { notificationId: id } = notification!;
  await on.pipeline.workflows.start(notification!);
  await on.reaches(id, 'retrying');
  await markDue(on.pipeline.db, id);
  await attempts(id, 2);
  await on.pipeline.workflows.retry((await findRef(on.pipeline.db, id))!, { attempts: 1 });
  await sleep(1000);
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual']);
  await on.workflow(id).terminate();
});

it('a signal that comes after the reconciler began a new run asks for no other attempt', async () => {
  const { id, start, signal } = await retried([]);
  await start();
  await attempts(id, 2);
  await on.closes(id);
  await reopenNotification(on.pipeline.db, id);
  await testReconciler(on.pipeline).sweepAll();
  await attempts(id, 3);
  await on.closes(id);
  await signal();
  await on.closes(id);
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual', 'manual']);
});

it('a signal that the reconciler repeats asks for no other attempt, although the first one was faster', async () => {
  const { id, start } = await retried([3600, 3600]);
  await start();
  await attempts(id, 2);
  await cancelNotification(on.pipeline.db, id);
  const again = (await reopenNotification(on.pipeline.db, id))!;
  await until(
    () => on.pipeline.workflows.live(id),
    (live) => live?.phase === 'waiting',
  );
  const retry = on.pipeline.workflows.retry.bind(on.pipeline.workflows);
  const repeated = jest.spyOn(on.pipeline.workflows, 'retry').mockImplementationOnce(async (...signal) => {
    await retry(again, { reopened: true, attempts: again.attempts });
    await attempts(id, 3);
    await retry(...signal);
  });
  await testReconciler(on.pipeline).sweepAll();
  expect(repeated).toHaveBeenCalledTimes(1);
  repeated.mockRestore();
  await sleep(1000);
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual', 'manual']);
  await on.workflow(id).terminate();
});
