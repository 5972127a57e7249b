import type { AcceptedNotification } from '../../src/domain/acceptance';
import { DEFAULT_LIMITS } from '../../src/attempts/head-start/slots';
import { decodeId } from '../../src/domain/ids';
import { acceptEvents } from '../../src/store/notifications/accept';
import { findRelease } from '../../src/store/subscriptions/releasing';
import { findUnsettled, markForgottenHolds, markSettling } from '../../src/store/subscriptions/settling';
import { settleNow } from '../../src/temporal/settlement';
import { expectOrder } from '../support/order';
import { setSubscription } from '../support/rows';
import { acceptOne, eventFor, seed, type Seeded, type SeedOptions } from '../support/seed';
import { until } from '../support/until';
import { usePipeline } from '../support/use-pipeline';

/** Releases after a pause, on real Postgres and Temporal. */
const on = usePipeline();

const paused = (options: Partial<SeedOptions> = {}) =>
  seed(on.pipeline.db, { url: on.receiver.url(), enabled: false, timeoutSeconds: 15, ...options });

async function accept(seeded: Seeded, count: number): Promise<AcceptedNotification[]> {
  const results = await acceptEvents(
    on.pipeline.db,
    Array.from({ length: count }, () => eventFor(seeded)),
  );
  return results.flatMap((result) => (result.kind === 'accepted' ? result.notifications : []));
}

async function enable(seeded: Seeded, enabled = true): Promise<void> {
  const { db, temporal, taskQueue } = on.pipeline;
  await db.query({
    text: 'update subscriptions set enabled = $2 where id = $1',
    values: [decodeId('sub', seeded.subscriptionId), enabled],
  });
  await settleNow({ use: () => temporal }, taskQueue, await markSettling(db, seeded));
}

/** How many of the subscription's notifications have a status. */
async function count(seeded: Seeded, status: string): Promise<number> {
  const { rows } = await on.pipeline.db.query<{ count: number }>({
    text: 'select count(*) from notifications where subscription_id = $1 and status = $2',
    values: [decodeId('sub', seeded.subscriptionId), status],
  });
  return rows[0]!.count;
}

/** The notifications in the order in which their attempts started. */
async function started(seeded: Seeded): Promise<string[]> {
  const { rows } = await on.pipeline.db.query<{ id: string }>({
    text: 'select notification_id as id from attempts where subscription_id = $1 order by started_at, notification_id',
    values: [decodeId('sub', seeded.subscriptionId)],
  });
  return rows.map(({ id }) => id);
}

const uuids = (notifications: readonly AcceptedNotification[]) =>
  notifications.map(({ notificationId }) => decodeId('ntf', notificationId)!);

async function expectSharedWorkflows(accepted: readonly AcceptedNotification[]): Promise<void> {
  const workflowIds = await Promise.all(
    accepted.map(async ({ notificationId }) => (await on.find(notificationId)).workflowId),
  );
  expect(new Set(workflowIds).size).toBeLessThan(60);
}

it('a release does not wait for the receiver, and new notifications pass as soon as the backlog has started', async () => {
  on.receiver.answerRaw(() => undefined);
  const seeded = await paused();
  await accept(seeded, 10);
  await enable(seeded);
  await on.receiver.waitFor(10);
  expect(await count(seeded, 'held')).toBe(0);
  // The release ends when it sees that all have started.
  await until(
    async () => (await accept(seeded, 1))[0]!.status,
    (status) => status === 'pending',
  );
  expect(await count(seeded, 'delivered')).toBe(0);
  on.receiver.answerRaw(undefined);
});

it('a release of many notifications keeps the order as far as requests do not overlap, and shares workflows', async () => {
  const seeded = await paused();
  const held = await accept(seeded, 600);
  await enable(seeded);
  await until(
    () => count(seeded, 'delivered'),
    (delivered) => delivered === 600,
    60_000,
  );
  expect(on.receiver.requests).toHaveLength(600);
  expectOrder(uuids(held), await started(seeded));
  await expectSharedWorkflows(held);
  // The release ends by itself, a moment after its last delivery.
  await until(
    () => findRelease(on.pipeline.db, seeded.subscriptionId),
    (release) => release === undefined,
  );
});

it('a release that is interrupted keeps the order, and shares workflows', async () => {
  const seeded = await paused();
  const held = await accept(seeded, 600);
  on.receiver.answerRaw((_, response) => void setTimeout(() => response.end(), 50));
  await enable(seeded);
  await until(
    () => count(seeded, 'delivered'),
    (delivered) => delivered > 100,
  );
  await enable(seeded, false);
  await until(
    () => count(seeded, 'pending'),
    (pending) => pending === 0,
  );
  const before = await count(seeded, 'delivered');
  expect(before).toBeLessThan(500);
  await enable(seeded);
  await until(
    () => count(seeded, 'delivered'),
    (delivered) => delivered === 600,
    60_000,
  );
  on.receiver.answerRaw(undefined);
  expect(on.receiver.requests).toHaveLength(600);
  expectOrder(uuids(held), await started(seeded));
  await expectSharedWorkflows(held);
});

describe('of a subscription in the slow lane', () => {
  /** A paused subscription that was slow, and the notifications that it holds. */
  async function slowWithHeld(held: number): Promise<{ seeded: Seeded; held: AcceptedNotification[] }> {
    const seeded = await paused({ enabled: true });
    await setSubscription(on.pipeline.db, seeded.subscriptionId, "slow_until = now() + interval '10 minutes'");
    // The lane learns from it how long attempts take.
    on.receiver.answerRaw((_, response) => void setTimeout(() => response.end(), 3000));
    const [slow] = await accept(seeded, 1);
    await on.pipeline.workflows.start(slow!);
    await on.reaches(slow!.notificationId, 'delivered');
    on.receiver.answerRaw(undefined);
    await enable(seeded, false);
    return { seeded, held: await accept(seeded, held) };
  }

  it('goes on as its attempts begin', async () => {
    const { seeded } = await slowWithHeld(200);
    on.receiver.answerRaw(() => undefined);
    const before = on.receiver.requests.length;
    await enable(seeded);
    await on.receiver.waitFor(before + 25);
    // One page more than begins is released, and one that waits for the page to begin.
    expect(await count(seeded, 'held')).toBeGreaterThan(100);
    on.receiver.answerRaw(undefined);
  });
});

it('a release continues notifications that were attempted before together with those that were not', async () => {
  const seeded = await paused({ enabled: true, retrySchedule: [1] });
  // Disabled before the short wait begins.
  on.receiver.answerWith([async () => (await enable(seeded, false), { status: 500 }), 200]);
  const [attempted] = await accept(seeded, 1);
  await on.pipeline.workflows.start(attempted!);
  await on.reaches(attempted!.notificationId, 'held');
  const [unattempted] = await accept(seeded, 1);
  await enable(seeded);
  await on.reaches(attempted!.notificationId, 'delivered');
  await on.reaches(unattempted!.notificationId, 'delivered');
  await on.workflow(attempted!.notificationId).result();
  expect(on.receiver.requests).toHaveLength(3);
});

it('a notification that is held and released several times is attempted once and leaves no workflow', async () => {
  const seeded = await paused({ timeoutSeconds: 60 });
  const [held] = await accept(seeded, 1);
  const { db, workflows } = on.pipeline;
  // A workflow that holds, although no attempt was made.
  await workflows.start(held!);
  await until(
    () => workflows.live(held!.notificationId),
    (live) => live?.phase === 'held',
  );
  await db.query({
    text: 'update notifications set claimed_until = now() where id = $1',
    values: [decodeId('ntf', held!.notificationId)],
  });
  await db.query({
    text: 'update subscriptions set timeout_seconds = 5 where id = $1',
    values: [decodeId('sub', seeded.subscriptionId)],
  });
  await enable(seeded);
  await expect(on.workflow(held!.notificationId).result()).resolves.toMatchObject({ status: 'delivered' });
  expect(on.receiver.requests).toHaveLength(1);
});

it('a release that cannot catch up lets new notifications pass', async () => {
  const seeded = await paused({ timeoutSeconds: 60 });
  await accept(seeded, 250);
  const uuid = decodeId('sub', seeded.subscriptionId);
  const { db } = on.pipeline;
  // As after a first backlog of 10, and new ones that arrived faster than they were released.
  await db.query({
    text: 'insert into releases (subscription_id, backlog, released) values ($1, 10, 5000)',
    values: [uuid],
  });
  await db.query({ text: 'update subscriptions set enabled = true where id = $1', values: [uuid] });
  const marked = await markSettling(db, seeded);
  expect((await accept(seeded, 1))[0]!.status).toBe('held');
  await settleNow({ use: () => on.pipeline.temporal }, on.pipeline.taskQueue, marked);
  await until(
    async () => (await accept(seeded, 1))[0]!.status,
    (status) => status === 'pending',
  );
  // The reconciler does not close the gate again.
  if ((await count(seeded, 'held')) > 0) expect(await markForgottenHolds(db)).not.toContain(seeded.subscriptionId);
  await until(
    () => count(seeded, 'held'),
    (held) => held === 0,
  );
});

it('a settlement that waits is not repeated by the reconciler, and a new change ends its wait', async () => {
  const seeded = await paused();
  await accept(seeded, 1);
  await enable(seeded);
  await on.receiver.waitFor(1);
  // The settlement waits for stragglers now.
  await enable(seeded, false);
  const [held] = await accept(seeded, 1);
  await enable(seeded);
  await on.reaches(held!.notificationId, 'delivered');
  await until(
    () => findUnsettled(on.pipeline.db, -60),
    (unsettled) => !unsettled.includes(seeded.subscriptionId),
  );
});

describe('with one first attempt of a subscription in flight', () => {
  // Attempts that are in flight together may overtake each other, before and after their requests.
  const alone = usePipeline({ headStartLimits: { ...DEFAULT_LIMITS, perSubscription: 1 } });

  it('held notifications are attempted in order of acceptance, and newly accepted ones after them', async () => {
    const { db, temporal, taskQueue } = alone.pipeline;
    const seeded = await seed(db, { url: alone.receiver.url(), enabled: false });
    const accepted: AcceptedNotification[] = [];
    const accept = async () => {
      accepted.push((await acceptOne(db, seeded))[0]!);
      return accepted.at(-1)!;
    };
    for (let i = 0; i < 5; i++) expect((await accept()).status).toBe('held');
    await db.query({
      text: 'update subscriptions set enabled = true where customer_id = $1',
      values: [seeded.customerId],
    });
    const marked = await markSettling(db, { subscriptionId: seeded.subscriptionId });
    expect(marked).toEqual([seeded.subscriptionId]);
    // The release has begun but not ended, so this notification is queued behind the others.
    expect((await accept()).status).toBe('held');
    await settleNow({ use: () => temporal }, taskQueue, marked);
    for (const { notificationId } of accepted) await alone.reaches(notificationId, 'delivered');
    expect(alone.receiver.requests.map(({ headers }) => headers['signpost-notification'])).toEqual(
      accepted.map(({ notificationId }) => notificationId),
    );
    await until(
      () => findUnsettled(db, -60),
      (unsettled) => !unsettled.includes(seeded.subscriptionId),
    );
    expect((await accept()).status).toBe('pending');
  });
});
