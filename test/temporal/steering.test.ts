import { attemptsOf } from '../../src/store/attempts';
import { cancelNotification } from '../../src/store/deliveries';
import { findNotification, reopenNotification } from '../../src/store/notifications';
import { notificationWorkflowId } from '../../src/domain/types';
import { startReceiver, type Receiver } from '../support/receiver';
import { acceptOne, seed, type SeedOptions } from '../support/seed';
import { startSpine, type Spine } from '../support/spine';
import { connectTestTemporal } from '../support/temporal';
import { until } from '../support/until';

/** Steering by hand on a real Temporal server: what the UI and the command line do must end as what the API does. */
let temporal: Awaited<ReturnType<typeof connectTestTemporal>>;
let spine: Spine;
let receiver: Receiver;

beforeAll(async () => {
  temporal = await connectTestTemporal();
  spine = await startSpine(temporal, { searchAttributes: true });
  receiver = await startReceiver();
});
afterAll(async () => {
  await spine?.stop();
  await temporal?.close();
  await receiver?.close();
});

async function start(options: Partial<SeedOptions> = {}) {
  const seeded = await seed(spine.db, { url: receiver.url('/hook'), ...options });
  const [notification] = await acceptOne(spine.db, seeded);
  await spine.workflows.start(notification!);
  return { id: notification!.notificationId, ref: notification!, seeded };
}

const handle = (id: string) => temporal.client.workflow.getHandle(notificationWorkflowId(id));
const status = (id: string) => async () => (await findNotification(spine.db, id, {}))!.status;
const reaches = (id: string, wanted: string) => until(status(id), (seen) => seen === wanted);

it('starting a notification twice is starting it once', async () => {
  receiver.answerWith(200);
  const { id, ref } = await start();
  await expect(spine.workflows.start(ref)).resolves.toBe(false);
  await reaches(id, 'delivered');
});

it('the live query agrees with the record about the next attempt', async () => {
  receiver.answerWith(500);
  const { id } = await start({ retrySchedule: [300] });
  await reaches(id, 'retrying');
  const live = await spine.workflows.live(id);
  const { nextAttemptAt } = (await findNotification(spine.db, id, {}))!;
  expect(live).toMatchObject({ phase: 'waiting', attempt: 1 });
  expect(live!.nextAttemptAt).toBe(nextAttemptAt!.toISOString());
  await handle(id).terminate();
});

it('a closed workflow has nothing live, and one that never was has nothing either', async () => {
  receiver.answerWith(200);
  const { id } = await start();
  await handle(id).result();
  await expect(spine.workflows.live(id)).resolves.toBeNull();
  await expect(spine.workflows.live('ntf_00000000000000000000000000')).resolves.toBeNull();
});

it('operators find a notification by customer, subscription and event type', async () => {
  receiver.answerWith(200);
  const { id, ref } = await start();
  await handle(id).result();
  for (const query of [
    `SignpostCustomer = "${ref.customerId}"`,
    `SignpostSubscription = "${ref.subscriptionId}"`,
    `SignpostEventType = "${ref.eventType}"`,
  ]) {
    const found = await until(
      async () => {
        const ids: string[] = [];
        for await (const { workflowId } of temporal.client.workflow.list({ query })) ids.push(workflowId);
        return ids;
      },
      (ids) => ids.length > 0,
    );
    expect(found).toEqual([notificationWorkflowId(id)]);
  }
});

it('a reset after failure walks the ladder again, and the record agrees', async () => {
  receiver.answerWith([500, 500, 200]);
  const { id } = await start({ retrySchedule: [1] });
  await reaches(id, 'failed');
  const { runId, status: closed } = await until(
    () => handle(id).describe(),
    ({ status: seen }) => seen.name !== 'RUNNING',
  );
  expect(closed.name).toBe('FAILED');
  const { events } = await handle(id).fetchHistory();
  const firstTask = events!.find((event) => event.workflowTaskCompletedEventAttributes)!;
  await temporal.client.workflowService.resetWorkflowExecution({
    namespace: temporal.namespace,
    workflowExecution: { workflowId: notificationWorkflowId(id), runId },
    reason: 'by hand',
    workflowTaskFinishEventId: firstTask.eventId,
    requestId: `reset-${id}`,
  });
  await reaches(id, 'delivered');
  expect((await attemptsOf(spine.db, id)).map(({ number, status: answered }) => [number, answered])).toEqual([
    [1, 500],
    [2, 500],
    [3, 200],
  ]);
});

it('a retry that finds the record reopened begins a new ladder with the schedule as it is now', async () => {
  receiver.answerWith([500, 500, 200]);
  const { id, seeded } = await start({ retrySchedule: [] });
  await reaches(id, 'failed');
  await spine.db.query({
    text: "update customers set retry_schedule = '{1}' where id = $1",
    values: [seeded.customerId],
  });
  const ref = await reopenNotification(spine.db, id);
  expect(ref!.schedule).toEqual([1]);
  await spine.workflows.retry(ref!);
  await reaches(id, 'delivered');
  expect((await attemptsOf(spine.db, id)).map(({ trigger }) => trigger)).toEqual(['scheduled', 'manual', 'scheduled']);
});

it('a retry asked for while the last attempt is under way begins a new ladder, with the schedule it brings', async () => {
  let answer: (status: number) => void = () => undefined;
  receiver.answerWith([() => new Promise((resolve) => (answer = (code) => resolve({ status: code }))), 500, 200]);
  const before = receiver.requests.length;
  const { id, ref } = await start({ retrySchedule: [] });
  await receiver.waitFor(before + 1);
  await spine.workflows.retry({ ...ref, schedule: [1] });
  answer(500);
  await reaches(id, 'delivered');
  expect((await attemptsOf(spine.db, id)).map(({ trigger, status: answered }) => [trigger, answered])).toEqual([
    ['scheduled', 500],
    ['manual', 500],
    ['scheduled', 200],
  ]);
});

it('cancelling a notification that has no workflow is no error', async () => {
  const seeded = await seed(spine.db, { url: receiver.url('/hook') });
  const [notification] = await acceptOne(spine.db, seeded);
  await spine.workflows.cancel(notification!.notificationId);
  await cancelNotification(spine.db, notification!.notificationId);
  // A start that comes later, as from the relay of another process, sends nothing.
  const before = receiver.requests.length;
  await spine.workflows.start(notification!);
  await handle(notification!.notificationId).result();
  expect(receiver.requests).toHaveLength(before);
});
