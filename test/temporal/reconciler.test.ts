import { setTimeout as sleep } from 'node:timers/promises';
import { markSettling } from '../../src/store/subscriptions/settling';
import { createReconcilerStore } from '../../src/service/reconciler-store';
import { startSettling } from '../../src/temporal/settlement';
import { testReconciler } from '../support/reconciler';
import { acceptOne, seed } from '../support/seed';
import { until } from '../support/until';
import { usePipeline } from '../support/use-pipeline';
import { markDue } from '../../src/store/notifications/reopen';
import { OverdueSweep } from '../../src/store/notifications/overdue';

/**
 * The reconciler on real Postgres and Temporal: it finds open notifications without a running
 * workflow, whatever the cause.
 */
const on = usePipeline();
let reconciler: ReturnType<typeof testReconciler>;

beforeAll(() => {
  reconciler = testReconciler(on.pipeline);
});

/** Makes all open notifications overdue, so that the next sweep checks them. */
const makeOverdue = () =>
  on.pipeline.db.query({
    text: "update notifications set reconcile_after = now() - interval '1 second' where reconcile_after is not null",
  });

it('the reconciler starts a notification that was accepted and never started', async () => {
  const [notification] = await acceptOne(on.pipeline.db, await seed(on.pipeline.db, { url: on.receiver.url() }));
  await makeOverdue();
  await reconciler.sweep();
  await on.reaches(notification!.notificationId, 'delivered');
});

it('the reconciler starts many unattempted notifications in one burst, as after a crash during a spike', async () => {
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), timeoutSeconds: 15 });
  const ids: string[] = [];
  for (let index = 0; index < 40; index++) ids.push((await acceptOne(on.pipeline.db, seeded))[0]!.notificationId);
  await makeOverdue();
  await reconciler.sweep();
  for (const id of ids) await on.reaches(id, 'delivered');
  expect(on.receiver.requests).toHaveLength(40);
  const workflowIds = await Promise.all(ids.map(async (id) => (await on.find(id)).workflowId));
  expect(new Set(workflowIds).size).toBe(1);
});

it('the reconciler skips notifications that were just accepted or have a running workflow', async () => {
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url() });
  const [fresh] = await acceptOne(on.pipeline.db, seeded);
  await reconciler.sweep();
  expect(await on.pipeline.workflows.stateOf(fresh!.notificationId)).toEqual({ kind: 'absent' });

  on.receiver.answerWith(500);
  await on.pipeline.workflows.start(fresh!);
  await on.reaches(fresh!.notificationId, 'retrying');
  const { runId } = await on.workflow(fresh!.notificationId).describe();
  await makeOverdue();
  await reconciler.sweep();
  expect((await on.workflow(fresh!.notificationId).describe()).runId).toBe(runId);
  expect(on.receiver.requests).toHaveLength(1);
  await on.workflow(fresh!.notificationId).terminate();
});

it('the reconciler records a terminated workflow as a cancelled notification', async () => {
  on.receiver.answerWith(500);
  const [notification] = await acceptOne(on.pipeline.db, await seed(on.pipeline.db, { url: on.receiver.url() }));
  await on.pipeline.workflows.start(notification!);
  await on.reaches(notification!.notificationId, 'retrying');
  await on.workflow(notification!.notificationId).terminate('manually');
  await makeOverdue();
  await reconciler.sweep();
  expect((await on.find(notification!.notificationId)).status).toBe('cancelled');
});

it('the reconciler continues the ladder of a lost workflow at the step it had reached', async () => {
  const [notification] = await acceptOne(
    on.pipeline.db,
    await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [10, 20, 30] }),
  );
  const id = notification!.notificationId;
  // As after the loss of Temporal's database: the record has two failed attempts, Temporal has
  // nothing.
  await on.pipeline.db.query({
    text: "update notifications set status = 'retrying', attempt_count = 2, next_attempt_at = now() - interval '2 minutes' where subscription_id is not null and event_type = $1",
    values: [notification!.eventType],
  });
  on.receiver.answerWith(500);
  await makeOverdue();
  await reconciler.sweep();
  const { attemptCount, nextAttemptAt } = await until(
    () => on.find(id),
    (seen) => seen.attemptCount === 3,
  );
  expect(attemptCount).toBe(3);
  // The third failure of the ladder is followed by its third wait.
  expect(nextAttemptAt!.getTime() - Date.now()).toBeGreaterThan(20_000);
  await on.workflow(id).terminate();
});

it('the reconciler repeats a retry signal that Temporal did not get', async () => {
  on.receiver.answerWith([500, 200]);
  const [notification] = await acceptOne(on.pipeline.db, await seed(on.pipeline.db, { url: on.receiver.url() }));
  const id = notification!.notificationId;
  await on.pipeline.workflows.start(notification!);
  await on.reaches(id, 'retrying');
  await markDue(on.pipeline.db, id);
  await makeOverdue();
  await reconciler.sweep();
  await on.reaches(id, 'delivered');
});

it('two concurrent reconcilers start every notification once', async () => {
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url() });
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) ids.push((await acceptOne(on.pipeline.db, seeded))[0]!.notificationId);
  await makeOverdue();
  await Promise.all([reconciler.sweep(), reconciler.sweep()]);
  for (const id of ids) await on.reaches(id, 'delivered');
  expect(on.receiver.requests).toHaveLength(20);
});

describe('settlement', () => {
  it('settlement cancels the open notifications of a deleted subscription', async () => {
    on.receiver.answerWith(500);
    const seeded = await seed(on.pipeline.db, { url: on.receiver.url() });
    const [waiting] = await acceptOne(on.pipeline.db, seeded);
    await on.pipeline.workflows.start(waiting!);
    await on.reaches(waiting!.notificationId, 'retrying');
    await on.pipeline.db.query({
      text: 'update subscriptions set deleted_at = now() where customer_id = $1',
      values: [seeded.customerId],
    });
    await startSettling(
      { use: () => on.pipeline.temporal },
      on.pipeline.taskQueue,
      (await markSettling(on.pipeline.db, { subscriptionId: seeded.subscriptionId }))[0]!,
    );
    await on.workflow(waiting!.notificationId).result();
    expect((await on.find(waiting!.notificationId)).status).toBe('cancelled');
  });

  it('the reconciler releases held notifications of an enabled subscription that nothing else releases', async () => {
    const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), enabled: false });
    const [held] = await acceptOne(on.pipeline.db, seeded);
    // As after an accept that read the old status just before the change: the subscription is not
    // marked as settling.
    await on.pipeline.db.query({
      text: 'update subscriptions set enabled = true where customer_id = $1',
      values: [seeded.customerId],
    });
    await reconciler.sweep();
    await on.reaches(held!.notificationId, 'delivered');
  });
});

it('the reconciler does not start a notification that was started and failed for good during its sweep', async () => {
  on.receiver.answerWith(500);
  const { db, workflows } = on.pipeline;
  const [notification] = await acceptOne(db, await seed(db, { url: on.receiver.url(), retrySchedule: [] }));
  await makeOverdue();
  const overdue = await new OverdueSweep(db).take(100, 60);
  await workflows.start(notification!);
  await on.reaches(notification!.notificationId, 'failed');
  await until(
    () => workflows.stateOf(notification!.notificationId),
    ({ kind }) => kind === 'closed',
  );
  const store = { ...createReconcilerStore(db), takeOverdue: async () => overdue };
  await testReconciler(on.pipeline, { store }).sweep();
  await sleep(500);
  expect(await on.find(notification!.notificationId)).toMatchObject({ status: 'failed', attemptCount: 1 });
  expect(on.receiver.requests).toHaveLength(1);
});
