import { setTimeout as sleep } from 'node:timers/promises';
import type { AcceptedNotification } from '../../src/domain/acceptance';
import { erasureWorkflowId } from '../../src/domain/erasure';
import { decodeId, newId } from '../../src/domain/ids';
import { recoveryWorkflowId } from '../../src/domain/recovery';
import { settlementWorkflowId } from '../../src/domain/settlement';
import { acceptEvents } from '../../src/store/notifications/accept';
import { attemptsOf } from '../../src/store/notifications/attempts';
import { markSlow } from '../../src/store/subscriptions/limits';
import { findCustomersOf, markSettling } from '../../src/store/subscriptions/settling';
import { startErasure } from '../../src/temporal/erasure-workflows';
import { RecoveryWorkflows } from '../../src/temporal/recovery-workflows';
import { settleNow } from '../../src/temporal/settlement';
import { startReceiver, type Receiver } from '../support/receiver';
import { eventFor, seed, type Seeded, type SeedOptions } from '../support/seed';
import { until } from '../support/until';
import { usePipeline } from '../support/use-pipeline';

/** Lanes on real Postgres and Temporal: a customer whose receiver hangs delays nobody else. */
const on = usePipeline({ env: { SIGNPOST_SLOW_SLOTS: '40', SIGNPOST_FAST_SLOTS: '40' } });

/** Less than any request to a receiver that hangs takes. */
const SOON_MS = 12_000;

/** A receiver that reads requests and never answers. */
let hanging: Receiver;
beforeEach(async () => {
  hanging = await startReceiver();
  hanging.answerRaw(() => undefined);
});
afterEach(() => hanging.close());

async function accept(seeded: Seeded, count: number): Promise<AcceptedNotification[]> {
  const results = await acceptEvents(
    on.pipeline.db,
    Array.from({ length: count }, () => eventFor(seeded)),
  );
  return results.flatMap((result) => (result.kind === 'accepted' ? result.notifications : []));
}

const startAll = (notifications: readonly AcceptedNotification[]) =>
  Promise.all(notifications.map((notification) => on.pipeline.workflows.start(notification)));

/**
 * Starts the notifications of a customer whose receiver hangs, and waits until it has its share.
 */
async function hang(count: number, options: Partial<SeedOptions> = {}) {
  const seeded = await seed(on.pipeline.db, { url: hanging.url(), timeoutSeconds: 60, ...options });
  const notifications = await accept(seeded, count);
  await startAll(notifications);
  await until(
    async () => hanging.requests.length,
    (requests) => requests >= Math.min(count, 12),
  );
  return { seeded, notifications };
}

async function change(seeded: Seeded, assignments: string): Promise<void> {
  const { db, temporal, taskQueue } = on.pipeline;
  await db.query({
    text: `update subscriptions set ${assignments} where id = $1`,
    values: [decodeId('sub', seeded.subscriptionId)],
  });
  await settleNow({ use: () => temporal }, taskQueue, await markSettling(db, seeded));
}

async function statuses(seeded: Seeded): Promise<Record<string, number>> {
  const { rows } = await on.pipeline.db.query<{ status: string; count: number }>({
    text: 'select status, count(*) from notifications where subscription_id = $1 group by 1',
    values: [decodeId('sub', seeded.subscriptionId)],
  });
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

describe('a subscription whose receiver hangs in the slow lane', () => {
  it('has at most a third of the lane in flight, and what waits shows when it is tried again', async () => {
    const { seeded, notifications } = await hang(60);
    const times = () => Promise.all(notifications.map(async ({ notificationId }) => on.find(notificationId)));
    await until(times, (seen) => seen.every((one) => one.status !== 'pending' || one.nextAttemptAt !== null));
    expect(hanging.requests).toHaveLength(12);
    expect(await statuses(seeded)).toEqual({ delivering: 12, pending: 48 });
    await change(seeded, 'deleted_at = now()');
  });

  it('does not delay the slow lane of another customer', async () => {
    const { seeded } = await hang(60);
    const healthy = await accept(await seed(on.pipeline.db, { url: on.receiver.url(), timeoutSeconds: 20 }), 1);
    await startAll(healthy);
    await on.receiver.waitFor(1, SOON_MS);
    await change(seeded, 'deleted_at = now()');
  });

  it('does not delay the release of another customer, nor its own deletion', async () => {
    const { seeded } = await hang(60);
    const other = await seed(on.pipeline.db, { url: on.receiver.url(), enabled: false });
    await accept(other, 1);
    await change(other, 'enabled = true');
    await on.receiver.waitFor(1, SOON_MS);
    await change(seeded, 'deleted_at = now()');
    await until(
      () => statuses(seeded),
      (seen) => seen.cancelled === 60,
      SOON_MS,
    );
  });
});

it('retries to a receiver that begins to hang do not delay the retries of another customer', async () => {
  hanging.answerRaw(undefined);
  hanging.answerWith(503);
  const failing = await seed(on.pipeline.db, { url: hanging.url(), timeoutSeconds: 15, retrySchedule: [12, 60] });
  const notifications = await accept(failing, 80);
  await startAll(notifications);
  await until(
    () => statuses(failing),
    (seen) => seen.retrying === 80,
  );
  hanging.answerRaw(() => undefined);
  await until(
    async () => hanging.requests.length,
    (requests) => requests >= 90,
  );
  on.receiver.answerWith([500, 200]);
  await startAll(
    await accept(await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [1], timeoutSeconds: 5 }), 1),
  );
  await on.receiver.waitFor(2, SOON_MS);
  const attempts = hanging.requests.map(
    ({ headers }) => `${headers['signpost-notification']} ${headers['signpost-attempt']}`,
  );
  expect(new Set(attempts).size).toBe(attempts.length);
  // 80 first attempts, and a third of each lane.
  expect(hanging.requests.length).toBeLessThanOrEqual(80 + 12 + 12);
  await change(failing, 'deleted_at = now()');
});

describe('the lane of a retry', () => {
  /**
   * @param changed - called when the first attempt has been sent, so that its lane is the old one
   * @returns the id of the notification
   */
  async function retrying(changed: (seeded: Seeded) => Promise<unknown> = async () => undefined): Promise<string> {
    const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [1], timeoutSeconds: 15 });
    on.receiver.answerWith([
      async () => (await changed(seeded), { status: 500 }),
      async () => (await sleep(500), { status: 200 }),
    ]);
    const [notification] = await accept(seeded, 1);
    await on.pipeline.workflows.start(notification!);
    return notification!.notificationId;
  }

  async function ordinaryActivities(id: string): Promise<number> {
    const { events } = await on.workflow(id).fetchHistory();
    return events!.filter(({ activityTaskScheduledEventAttributes }) => activityTaskScheduledEventAttributes).length;
  }

  it('is the slow one if the timeout was raised meanwhile, and the attempt is made once', async () => {
    const id = await retrying((seeded) => change(seeded, 'timeout_seconds = 300'));
    await on.workflow(id).result();
    expect(await ordinaryActivities(id)).toBe(1);
    expect(on.receiver.requests.map(({ headers }) => headers['signpost-attempt'])).toEqual(['1', '2']);
    expect(await attemptsOf(on.pipeline.db, id)).toHaveLength(2);
  });

  it('is the slow one if the subscription became slow meanwhile', async () => {
    const id = await retrying(({ subscriptionId }) => markSlow(on.pipeline.db, subscriptionId, 0));
    await on.workflow(id).result();
    expect(await ordinaryActivities(id)).toBe(1);
  });

  it('is the fast one otherwise', async () => {
    const id = await retrying();
    await on.workflow(id).result();
    expect(await ordinaryActivities(id)).toBe(0);
  });
});

it('workflows carry the fairness key of their customer', async () => {
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url() });
  const [notification] = await accept(seeded, 1);
  await on.pipeline.workflows.start(notification!);
  const { priority } = await on.workflow(notification!.notificationId).describe();
  expect(priority).toMatchObject({ fairnessKey: seeded.customerId });
});

it('workflows that settle, recover and erase carry the fairness key of their tenant', async () => {
  const { db, temporal, taskQueue } = on.pipeline;
  const link = { use: () => temporal };
  const seeded = await seed(db, { url: on.receiver.url() });
  const { subscriptionId, customerId } = seeded;
  const ids = { recovery: newId('rec'), erasure: newId('ers') };
  await settleNow(link, taskQueue, [subscriptionId], await findCustomersOf(db, [subscriptionId]));
  await new RecoveryWorkflows(link, taskQueue, async () => customerId).start(ids.recovery);
  await startErasure(link, taskQueue, ids.erasure, customerId);
  for (const workflowId of [
    settlementWorkflowId(subscriptionId),
    recoveryWorkflowId(ids.recovery),
    erasureWorkflowId(ids.erasure),
  ]) {
    const { priority } = await temporal.client.workflow.getHandle(workflowId).describe();
    expect(priority).toMatchObject({ priorityKey: 1, fairnessKey: customerId });
  }
});
