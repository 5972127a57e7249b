import { pino } from 'pino';
import { createMetrics } from '../../src/metrics';
import { notificationWorkflowId } from '../../src/domain/types';
import { cancelNotification } from '../../src/store/deliveries';
import { findNotification, markDue, takeOverdue } from '../../src/store/notifications';
import { findForgottenHolds, findUnsettled, markSettling } from '../../src/store/settling';
import { Relay } from '../../src/temporal/relay';
import { startSettling } from '../../src/temporal/settler';
import { startReceiver, type Receiver } from '../support/receiver';
import { acceptOne, seed } from '../support/seed';
import { startSpine, type Spine } from '../support/spine';
import { connectTestTemporal } from '../support/temporal';
import { until } from '../support/until';

/** The relay on real Postgres and Temporal: what nobody looks after is found, whatever it was that went wrong. */
let temporal: Awaited<ReturnType<typeof connectTestTemporal>>;
let spine: Spine;
let receiver: Receiver;
let relay: Relay;

beforeAll(async () => {
  temporal = await connectTestTemporal();
  spine = await startSpine(temporal);
  receiver = await startReceiver();
  const { db } = spine;
  relay = new Relay({
    store: {
      takeOverdue: (limit, again) => takeOverdue(db, limit, again),
      cancel: async (id) => void (await cancelNotification(db, id)),
      findUnsettled: (seconds) => findUnsettled(db, seconds),
      async markForgottenHolds() {
        const marked: string[] = [];
        for (const subscriptionId of await findForgottenHolds(db))
          marked.push(...(await markSettling(db, { subscriptionId })));
        return marked;
      },
    },
    workflows: spine.workflows,
    burst: true,
    startSettling: (ids) => startSettling({ use: () => temporal }, spine.taskQueue, ids),
    resumeRecoveries: async () => undefined,
    metrics: createMetrics(),
    log: pino({ level: 'silent' }),
  });
});
afterAll(async () => {
  await spine?.stop();
  await temporal?.close();
  await receiver?.close();
});
beforeEach(() => receiver.answerWith(200));

const status = (id: string) => async () => (await findNotification(spine.db, id, {}))!.status;
const reaches = (id: string, wanted: string) => until(status(id), (seen) => seen === wanted);
const handle = (id: string) => temporal.client.workflow.getHandle(notificationWorkflowId(id));
/** As if the time had come at which the relay doubts. */
const doubt = () =>
  spine.db.query({
    text: "update notifications set reconcile_after = now() - interval '1 second' where reconcile_after is not null",
  });

it('starts what was accepted and never started', async () => {
  const [notification] = await acceptOne(spine.db, await seed(spine.db, { url: receiver.url() }));
  await doubt();
  await relay.sweep();
  await reaches(notification!.notificationId, 'delivered');
});

it('starts many that were never attempted together, as after a crash in a flood', async () => {
  const seeded = await seed(spine.db, { url: receiver.url() });
  const ids: string[] = [];
  for (let index = 0; index < 40; index++) ids.push((await acceptOne(spine.db, seeded))[0]!.notificationId);
  const before = receiver.requests.length;
  await doubt();
  await relay.sweep();
  for (const id of ids) await reaches(id, 'delivered');
  expect(receiver.requests).toHaveLength(before + 40);
  const workflowIds = await Promise.all(ids.map(async (id) => (await findNotification(spine.db, id, {}))!.workflowId));
  expect(new Set(workflowIds).size).toBe(1);
});

it('leaves alone what was accepted a moment ago, and what a workflow looks after', async () => {
  const seeded = await seed(spine.db, { url: receiver.url() });
  const [fresh] = await acceptOne(spine.db, seeded);
  await relay.sweep();
  expect(await spine.workflows.describe(fresh!.notificationId)).toBeUndefined();

  receiver.answerWith(500);
  await spine.workflows.start(fresh!);
  await reaches(fresh!.notificationId, 'retrying');
  const { runId } = await handle(fresh!.notificationId).describe();
  const before = receiver.requests.length;
  await doubt();
  await relay.sweep();
  expect((await handle(fresh!.notificationId).describe()).runId).toBe(runId);
  expect(receiver.requests).toHaveLength(before);
  await handle(fresh!.notificationId).terminate();
});

it('records as cancelled what an operator terminated', async () => {
  receiver.answerWith(500);
  const [notification] = await acceptOne(spine.db, await seed(spine.db, { url: receiver.url() }));
  await spine.workflows.start(notification!);
  await reaches(notification!.notificationId, 'retrying');
  await handle(notification!.notificationId).terminate('by hand');
  await doubt();
  await relay.sweep();
  expect(await status(notification!.notificationId)()).toBe('cancelled');
});

it('takes up a ladder whose workflow was lost, at the step it had reached', async () => {
  const [notification] = await acceptOne(
    spine.db,
    await seed(spine.db, { url: receiver.url(), retrySchedule: [10, 20, 30] }),
  );
  const id = notification!.notificationId;
  // As after the loss of Temporal's database: the record knows of two failed attempts, Temporal of nothing.
  await spine.db.query({
    text: "update notifications set status = 'retrying', attempt_count = 2, next_attempt_at = now() - interval '2 minutes' where subscription_id is not null and event_type = $1",
    values: [notification!.eventType],
  });
  receiver.answerWith(500);
  await doubt();
  await relay.sweep();
  const { attemptCount, nextAttemptAt } = await until(
    async () => (await findNotification(spine.db, id, {}))!,
    (seen) => seen.attemptCount === 3,
  );
  expect(attemptCount).toBe(3);
  // The third failure of the ladder is followed by its third wait.
  expect(nextAttemptAt!.getTime() - Date.now()).toBeGreaterThan(20_000);
  await handle(id).terminate();
});

it('sends again the signal of a retry that Temporal did not get', async () => {
  receiver.answerWith([500, 200]);
  const [notification] = await acceptOne(spine.db, await seed(spine.db, { url: receiver.url() }));
  const id = notification!.notificationId;
  await spine.workflows.start(notification!);
  await reaches(id, 'retrying');
  await markDue(spine.db, id);
  await doubt();
  await relay.sweep();
  await reaches(id, 'delivered');
});

it('two relays at once start everything once', async () => {
  const seeded = await seed(spine.db, { url: receiver.url() });
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) ids.push((await acceptOne(spine.db, seeded))[0]!.notificationId);
  const before = receiver.requests.length;
  await doubt();
  await Promise.all([relay.sweep(), relay.sweep()]);
  for (const id of ids) await reaches(id, 'delivered');
  expect(receiver.requests.length - before).toBe(20);
});

describe('settling', () => {
  it('releases what was held in order of acceptance, and what comes meanwhile after it', async () => {
    const seeded = await seed(spine.db, { url: receiver.url(), enabled: false });
    const events: string[] = [];
    const accept = async () => {
      const id = `event-${seeded.customerId}-${events.length}`;
      events.push(id);
      return (await acceptOne(spine.db, seeded, { id }))[0]!;
    };
    for (let i = 0; i < 5; i++) expect((await accept()).status).toBe('held');
    const before = receiver.requests.length;
    await spine.db.query({
      text: 'update subscriptions set enabled = true where customer_id = $1',
      values: [seeded.customerId],
    });
    const marked = await markSettling(spine.db, { subscriptionId: seeded.subscriptionId });
    expect(marked).toEqual([seeded.subscriptionId]);
    // The release has begun but not ended: this one queues up behind the others.
    expect((await accept()).status).toBe('held');
    await startSettling({ use: () => temporal }, spine.taskQueue, marked);
    await receiver.waitFor(before + 6);
    expect(receiver.requests.slice(before).map(({ headers }) => headers['webhook-id'])).toEqual(events);
    await until(
      () => findUnsettled(spine.db, -60),
      (unsettled) => !unsettled.includes(seeded.subscriptionId),
    );
    expect((await accept()).status).toBe('pending');
  });

  it('cancels what is open when a subscription was deleted', async () => {
    receiver.answerWith(500);
    const seeded = await seed(spine.db, { url: receiver.url() });
    const [waiting] = await acceptOne(spine.db, seeded);
    await spine.workflows.start(waiting!);
    await reaches(waiting!.notificationId, 'retrying');
    await spine.db.query({
      text: 'update subscriptions set deleted_at = now() where customer_id = $1',
      values: [seeded.customerId],
    });
    await startSettling(
      { use: () => temporal },
      spine.taskQueue,
      await markSettling(spine.db, { subscriptionId: seeded.subscriptionId }),
    );
    await handle(waiting!.notificationId).result();
    expect(await status(waiting!.notificationId)()).toBe('cancelled');
  });

  it('finds held notifications of an enabled subscription that nobody releases', async () => {
    const seeded = await seed(spine.db, { url: receiver.url(), enabled: false });
    const [held] = await acceptOne(spine.db, seeded);
    // As where an accept read the old status just before it changed: nobody marked the subscription.
    await spine.db.query({
      text: 'update subscriptions set enabled = true where customer_id = $1',
      values: [seeded.customerId],
    });
    for (let sweep = 0; sweep < 6; sweep++) await relay.sweep();
    await reaches(held!.notificationId, 'delivered');
  });
});
