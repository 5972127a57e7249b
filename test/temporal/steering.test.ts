import { attemptsOf } from '../../src/store/notifications/attempts';
import { notificationWorkflowId } from '../../src/domain/types';
import { testReconciler } from '../support/reconciler';
import { acceptOne, seed, type SeedOptions } from '../support/seed';
import { until } from '../support/until';
import { usePipeline } from '../support/use-pipeline';
import { cancelNotification } from '../../src/store/notifications/transitions';
import { reopenNotification } from '../../src/store/notifications/reopen';

/**
 * Manual control on a real Temporal server: actions in its UI and CLI must have the same effect as
 * those of the API.
 */
const on = usePipeline({ searchAttributes: true });

async function start(options: Partial<SeedOptions> = {}) {
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url('/hook'), ...options });
  const [notification] = await acceptOne(on.pipeline.db, seeded);
  await on.pipeline.workflows.start(notification!);
  return { id: notification!.notificationId, ref: notification!, seeded };
}

it('starting a notification twice starts it once', async () => {
  on.receiver.answerWith(200);
  const { id, ref } = await start();
  await expect(on.pipeline.workflows.start(ref)).resolves.toBe(false);
  await on.reaches(id, 'delivered');
});

it('the live query agrees with the record about the next attempt', async () => {
  on.receiver.answerWith(500);
  const { id } = await start({ retrySchedule: [300] });
  const live = await until(
    () => on.pipeline.workflows.live(id),
    (seen) => seen?.phase === 'waiting',
  );
  const { nextAttemptAt } = await on.find(id);
  expect(live).toMatchObject({ phase: 'waiting', attempt: 1 });
  expect(live!.nextAttemptAt).toBe(nextAttemptAt!.toISOString());
  await on.workflow(id).terminate();
});

it('the live query returns null for a closed and for an unknown workflow', async () => {
  on.receiver.answerWith(200);
  const { id } = await start();
  await on.workflow(id).result();
  await expect(on.pipeline.workflows.live(id)).resolves.toBeNull();
  await expect(on.pipeline.workflows.live('ntf_00000000000000000000000000')).resolves.toBeNull();
});

it('the live query returns null for a workflow that was terminated while it waited', async () => {
  on.receiver.answerWith(500);
  const { id } = await start({ retrySchedule: [300] });
  await until(
    () => on.pipeline.workflows.live(id),
    (live) => live?.phase === 'waiting',
  );
  await on.workflow(id).terminate();
  await expect(on.pipeline.workflows.live(id)).resolves.toBeNull();
});

it('replacing a workflow ends its run and starts one that continues the ladder', async () => {
  on.receiver.answerWith(500);
  const { id, ref } = await start({ retrySchedule: [3600, 7200] });
  await on.reaches(id, 'retrying');
  const before = await on.workflow(id).describe();
  await on.pipeline.workflows.replace({ ...ref, step: 1 });
  const { nextAttemptAt } = await until(
    () => on.find(id),
    ({ attemptCount }) => attemptCount === 2,
  );
  expect(nextAttemptAt!.getTime() - Date.now()).toBeGreaterThan(7_000_000);
  const after = await on.workflow(id).describe();
  expect([after.status.name, after.runId === before.runId]).toEqual(['RUNNING', false]);
  await on.workflow(id).terminate();
});

it('a workflow that was terminated is listed within seconds, with its notification', async () => {
  on.receiver.answerWith(500);
  const since = new Date();
  const { id } = await start({ retrySchedule: [3600] });
  await on.reaches(id, 'retrying');
  await on.workflow(id).terminate();
  await until(
    () => on.pipeline.workflows.listTerminated(since),
    (ids) => ids.includes(id),
  );
  const { sweep } = testReconciler(on.pipeline, { listTerminated: async () => [id] });
  await sweep();
  expect((await on.find(id)).status).toBe('cancelled');
});

it('search attributes find a notification by customer, subscription and event type', async () => {
  on.receiver.answerWith(200);
  const { id, ref } = await start();
  await on.workflow(id).result();
  for (const query of [
    `SignpostCustomer = "${ref.customerId}"`,
    `SignpostSubscription = "${ref.subscriptionId}"`,
    `SignpostEventType = "${ref.eventType}"`,
  ]) {
    const found = await until(
      async () => {
        const ids: string[] = [];
        for await (const { workflowId } of on.pipeline.temporal.client.workflow.list({ query })) ids.push(workflowId);
        return ids;
      },
      (ids) => ids.length > 0,
    );
    expect(found).toEqual([notificationWorkflowId(id)]);
  }
});

/** Resets the last run, which has failed, to its first task, as people do in the Temporal UI. */
async function resetToStart(id: string): Promise<void> {
  const { runId, status } = await until(
    () => on.workflow(id).describe(),
    ({ status: seen }) => seen.name !== 'RUNNING',
  );
  expect(status.name).toBe('FAILED');
  const { events } = await on.workflow(id).fetchHistory();
  const firstTask = events!.find((event) => event.workflowTaskCompletedEventAttributes)!;
  await on.pipeline.temporal.client.workflowService.resetWorkflowExecution({
    namespace: on.pipeline.temporal.namespace,
    workflowExecution: { workflowId: notificationWorkflowId(id), runId },
    reason: 'manually',
    workflowTaskFinishEventId: firstTask.eventId,
    requestId: `reset-${id}`,
  });
}

it('a reset of a failed workflow walks the ladder again, and the record agrees', async () => {
  on.receiver.answerWith([500, 500, 200]);
  const { id } = await start({ retrySchedule: [1] });
  await on.reaches(id, 'failed');
  await resetToStart(id);
  await on.reaches(id, 'delivered');
  expect((await attemptsOf(on.pipeline.db, id)).map(({ number, status: answered }) => [number, answered])).toEqual([
    [1, 500],
    [2, 500],
    [3, 200],
  ]);
});

it('a reset of a failed workflow that a manual retry began makes the attempt again', async () => {
  on.receiver.answerWith([500, 500, 200]);
  const { id } = await start({ retrySchedule: [] });
  await on.reaches(id, 'failed');
  const ref = await reopenNotification(on.pipeline.db, id);
  await on.pipeline.workflows.retry(ref!);
  await until(
    () => attemptsOf(on.pipeline.db, id),
    (attempts) => attempts.length === 2,
  );
  await resetToStart(id);
  await on.reaches(id, 'delivered');
  expect((await attemptsOf(on.pipeline.db, id)).map(({ trigger, status }) => [trigger, status])).toEqual([
    ['scheduled', 500],
    ['manual', 500],
    ['manual', 200],
  ]);
});

it('a retry of a reopened notification begins a new ladder with the current retry schedule', async () => {
  on.receiver.answerWith([500, 500, 200]);
  const { id, seeded } = await start({ retrySchedule: [] });
  await on.reaches(id, 'failed');
  await on.pipeline.db.query({
    text: "update customers set retry_schedule = '{1}' where id = $1",
    values: [seeded.customerId],
  });
  const ref = await reopenNotification(on.pipeline.db, id);
  expect(ref!.schedule).toEqual([1]);
  await on.pipeline.workflows.retry(ref!);
  await on.reaches(id, 'delivered');
  expect((await attemptsOf(on.pipeline.db, id)).map(({ trigger }) => trigger)).toEqual([
    'scheduled',
    'manual',
    'scheduled',
  ]);
});

it('a retry signal during the last attempt begins a new ladder', async () => {
  let answer: (status: number) => void = () => undefined;
  const held = () => new Promise<{ status: number }>((resolve) => (answer = (code) => resolve({ status: code })));
  on.receiver.answerWith([500, held, 500, 200]);
  const { id, ref } = await start({ retrySchedule: [1], timeoutSeconds: 15 });
  await on.receiver.waitFor(2);
  await on.pipeline.workflows.retry(ref);
  answer(500);
  await on.reaches(id, 'delivered');
  expect((await attemptsOf(on.pipeline.db, id)).map(({ trigger, status: answered }) => [trigger, answered])).toEqual([
    ['scheduled', 500],
    ['scheduled', 500],
    ['manual', 500],
    ['scheduled', 200],
  ]);
});

it('cancelling a notification without a workflow succeeds', async () => {
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url('/hook') });
  const [notification] = await acceptOne(on.pipeline.db, seeded);
  await on.pipeline.workflows.cancel(notification!.notificationId);
  await cancelNotification(on.pipeline.db, notification!.notificationId);
  // A later start, such as by the reconciler of another process, sends nothing.
  await on.pipeline.workflows.start(notification!);
  await on.workflow(notification!.notificationId).result();
  expect(on.receiver.requests).toEqual([]);
});
