import { createRateLimiter } from '../../src/attempts/rate-limiter';
import type { AcceptedNotification } from '../../src/domain/acceptance';
import { createMetrics } from '../../src/process/metrics';
import { decodeId, encodeId } from '../../src/domain/ids';
import { acceptEvents } from '../../src/store/notifications/accept';
import { listNotifications } from '../../src/store/notifications/notifications';
import { findRef } from '../../src/store/notifications/notification-refs';
import { markDue } from '../../src/store/notifications/reopen';
import { markRateChanged } from '../../src/store/subscriptions/rate-wakes';
import { markSettling } from '../../src/store/subscriptions/settling';
import { settleNow } from '../../src/temporal/settlement';
import { expectOrder } from '../support/order';
import type { ReceivedRequest } from '../support/receiver';
import { eventFor, seed, type Seeded, type SeedOptions } from '../support/seed';
import { until } from '../support/until';
import { usePipeline } from '../support/use-pipeline';

/** Rate limits on real Postgres and Temporal: exact, in order, and without a crowd of timers. */
const on = usePipeline();
/** Less than the 50 s between two turns of the limit that most tests begin with. */
const SOON_MS = 45_000;

async function limited(ratePerSecond: number, options: Partial<SeedOptions> = {}): Promise<Seeded> {
  return seed(on.pipeline.db, { url: on.receiver.url(), rateLimitPerSecond: ratePerSecond, ...options });
}

/** Accepts events in one statement. @returns their notifications, in order of acceptance */
async function accept(seeded: Seeded, count: number): Promise<AcceptedNotification[]> {
  const results = await acceptEvents(
    on.pipeline.db,
    Array.from({ length: count }, () => eventFor(seeded)),
  );
  return results.flatMap((result) => (result.kind === 'accepted' ? result.notifications : []));
}

const idsOf = (notifications: readonly AcceptedNotification[]) =>
  notifications.map(({ notificationId }) => notificationId);
const received = () => on.receiver.requests.map(({ headers }) => headers['signpost-notification'] as string);
/** The clocks of Postgres and Node.js are the same, but are read in another precision. */
const CLOCKS_MS = 2;

/**
 * Expects turns one interval apart, the first one not before `sinceMs`. A request may be late on a
 * busy machine, and the gap to the next one short. So the time is measured from the beginning.
 */
function expectTurns(requests: readonly ReceivedRequest[], intervalMs: number, sinceMs: number): void {
  requests.forEach(({ at }, index) =>
    expect(at.getTime() - sinceMs).toBeGreaterThanOrEqual(index * intervalMs - CLOCKS_MS),
  );
}

/**
 * The notifications of a subscription in the order in which their attempts started. Requests on
 * connections of their own may overtake each other on their way.
 */
async function started({ subscriptionId }: Seeded): Promise<string[]> {
  const { rows } = await on.pipeline.db.query<{ id: string }>({
    text: 'select notification_id as id from attempts where subscription_id = $1 order by started_at, notification_id',
    values: [decodeId('sub', subscriptionId)],
  });
  return rows.map(({ id }) => encodeId('ntf', id));
}

async function change(seeded: Seeded, assignments: string): Promise<void> {
  const { db, temporal, taskQueue } = on.pipeline;
  await db.query({
    text: `update subscriptions set ${assignments} where id = $1`,
    values: [decodeId('sub', seeded.subscriptionId)],
  });
  if (assignments.includes('rate_limit')) await markRateChanged(db, seeded.subscriptionId);
  await settleNow({ use: () => temporal }, taskQueue, await markSettling(db, seeded));
}

it('notifications behind a rate limit do not delay the retries of another subscription', async () => {
  const notifications = await accept(await limited(0.02), 100);
  await Promise.all(notifications.map((notification) => on.pipeline.workflows.start(notification)));
  on.receiver.answerWith((request) => ({ status: request.headers['signpost-attempt'] === '1' ? 500 : 200 }));
  const [healthy] = await accept(await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [1] }), 1);
  await on.pipeline.workflows.start(healthy!);
  await on.reaches(healthy!.notificationId, 'delivered');
  // The first of those behind the limit, and both attempts: nothing else has had its turn.
  expect(received().filter((id) => id === healthy!.notificationId)).toHaveLength(2);
  expect(on.receiver.requests.length).toBeLessThanOrEqual(3);
});

it('attempts are made in order of acceptance, one per interval, with at most two wake-ups each', async () => {
  const seeded = await limited(2);
  const sinceMs = Date.now();
  const notifications = await accept(seeded, 12);
  // Workflows start in the wrong order, as when several processes start them.
  await Promise.all(notifications.toReversed().map((notification) => on.pipeline.workflows.start(notification)));
  await on.receiver.waitFor(12);
  expect(received()).toEqual(idsOf(notifications));
  expectTurns(on.receiver.requests, 500, sinceMs);
  const lastsMs = on.receiver.requests.at(-1)!.at.getTime() - on.receiver.requests[0]!.at.getTime();
  expect(lastsMs).toBeLessThan(3 * 11 * 500);
  for (const { notificationId } of notifications) {
    await on.workflow(notificationId).result();
    const { events } = await on.workflow(notificationId).fetchHistory();
    const timers = events!.filter(({ timerStartedEventAttributes }) => timerStartedEventAttributes);
    expect(timers.length).toBeLessThanOrEqual(2);
  }
});

it('a limit that is higher than what Temporal can start is used as far as possible, in order', async () => {
  const seeded = await limited(100, { url: on.receiver.url() });
  const notifications = await accept(seeded, 200);
  await Promise.all(notifications.map((notification) => on.pipeline.workflows.start(notification)));
  await until(
    async () => (await started(seeded)).length,
    (count) => count === 200,
    120_000,
  );
  expectOrder(idsOf(notifications), await started(seeded));
});

it('eight concurrent requests from several processes get eight different turns', async () => {
  for (let round = 0; round < 10; round++) {
    const seeded = await limited(0.1);
    const notifications = await accept(seeded, 8);
    const begun = performance.now();
    const turns = await Promise.all(
      notifications.map(({ notificationId, subscriptionId }, seq) =>
        createRateLimiter(
          on.pipeline.db,
          createMetrics(),
          () => undefined,
        )({
          notificationId,
          subscriptionId,
          seq,
          urgent: false,
          ratePerSecond: 0.1,
          reconcileAfterSeconds: 60,
        }),
      ),
    );
    expect(turns.filter(({ granted }) => granted)).toHaveLength(1);
    const times = turns.map(({ at }) => at.getTime()).toSorted((a, b) => a - b);
    // The turns that are not granted are counted from the time of each request, by two clocks.
    const tookMs = performance.now() - begun;
    for (let index = 1; index < 8; index++)
      expect(times[index]! - times[index - 1]!).toBeGreaterThanOrEqual(9_000 - tookMs);
  }
});

describe('notifications that wait for their turn', () => {
  async function waiting(count = 3) {
    const seeded = await limited(0.02, { retrySchedule: [], timeoutSeconds: 15 });
    const acceptedAt = Date.now();
    const notifications = await accept(seeded, count);
    // One that asks before the first one had its turn would be counted from then.
    await on.pipeline.workflows.start(notifications[0]!);
    await on.receiver.waitFor(1);
    for (const notification of notifications.slice(1)) await on.pipeline.workflows.start(notification);
    for (const { notificationId } of notifications.slice(1))
      await until(
        () => on.find(notificationId),
        ({ nextAttemptAt }) => nextAttemptAt !== null,
      );
    return { seeded, acceptedAt, ids: idsOf(notifications) };
  }

  it('show when they are due, in the list and alone', async () => {
    const { seeded, acceptedAt, ids } = await waiting();
    const { items } = await listNotifications(
      on.pipeline.db,
      {},
      { subscriptionId: seeded.subscriptionId },
      { limit: 10 },
    );
    // One interval after the first turn, which was between the accept and the request.
    const due = items.toReversed().map(({ nextAttemptAt }) => nextAttemptAt?.getTime());
    expect(due[1]! - acceptedAt).toBeGreaterThanOrEqual(50_000 - CLOCKS_MS);
    expect(due[1]! - on.receiver.requests[0]!.at.getTime()).toBeLessThanOrEqual(50_000 + CLOCKS_MS);
    expect(Math.abs(due[2]! - due[1]! - 50_000)).toBeLessThan(1000);
    expect(await on.find(ids[1]!)).toMatchObject({ status: 'pending', attemptCount: 0 });
  });

  it.each([
    ['is removed', 'null'],
    ['is raised', '100'],
  ])('are attempted before their turn when the limit %s', async (_how, limit) => {
    const { seeded, ids } = await waiting();
    await change(seeded, `rate_limit_per_second = ${limit}`);
    const [later] = await accept(seeded, 1);
    await on.pipeline.workflows.start(later!);
    await on.receiver.waitFor(4, SOON_MS);
    expect(received().toSorted()).toEqual([...ids, later!.notificationId]);
  });

  it('are attempted before one that is accepted after the limit was raised', async () => {
    const { seeded, ids } = await waiting(8);
    const changed = change(seeded, 'rate_limit_per_second = 20');
    const [later] = await accept(seeded, 1);
    await on.pipeline.workflows.start(later!);
    await changed;
    await on.receiver.waitFor(9, SOON_MS);
    for (const id of [...ids, later!.notificationId]) await on.reaches(id, 'delivered');
    expect(await started(seeded)).toEqual([...ids, later!.notificationId]);
  });

  it('keep their order when the limit is raised', async () => {
    const { seeded, ids } = await waiting(6);
    const sinceMs = Date.now();
    await change(seeded, 'rate_limit_per_second = 2');
    await on.receiver.waitFor(6, SOON_MS);
    expect(received()).toEqual(ids);
    expectTurns(on.receiver.requests.slice(1), 500, sinceMs);
  });

  it('move back when the limit is lowered, and show it', async () => {
    const { seeded, ids } = await waiting();
    await change(seeded, 'rate_limit_per_second = 0.002');
    const { nextAttemptAt } = await until(
      () => on.find(ids[2]!),
      (seen) => seen.nextAttemptAt!.getTime() - Date.now() > 200_000,
    );
    expect(nextAttemptAt!.getTime() - Date.now()).toBeGreaterThan(990_000);
    expect(on.receiver.requests).toHaveLength(1);
  });

  it('are attempted without their turn after a manual retry, and the others keep their order', async () => {
    const { ids } = await waiting();
    await markDue(on.pipeline.db, ids[2]!);
    await on.pipeline.workflows.retry((await findRef(on.pipeline.db, ids[2]!))!);
    await on.receiver.waitFor(2, SOON_MS);
    expect(received()).toEqual([ids[0], ids[2]]);
    await on.reaches(ids[2]!, 'delivered');
  });

  it('are attempted before their turn when the limit is raised after a manual retry', async () => {
    const { seeded, ids } = await waiting();
    await markDue(on.pipeline.db, ids[2]!);
    await on.pipeline.workflows.retry((await findRef(on.pipeline.db, ids[2]!))!);
    await on.reaches(ids[2]!, 'delivered');
    await change(seeded, 'rate_limit_per_second = 10');
    await on.receiver.waitFor(3, SOON_MS);
    expect(received()).toEqual([ids[0], ids[2], ids[1]]);
  });

  it('are held when the subscription is disabled, and wait again when it is enabled', async () => {
    const { seeded, ids } = await waiting();
    await change(seeded, 'enabled = false');
    for (const id of ids.slice(1)) expect(await on.reaches(id, 'held')).toMatchObject({ nextAttemptAt: null });
    await change(seeded, 'enabled = true');
    for (const id of ids.slice(1)) {
      const { nextAttemptAt } = await until(
        () => on.find(id),
        (seen) => seen.status === 'pending' && seen.nextAttemptAt !== null,
      );
      expect(nextAttemptAt!.getTime() - Date.now()).toBeGreaterThan(40_000);
    }
    await change(seeded, 'rate_limit_per_second = null');
    await on.receiver.waitFor(3, SOON_MS);
  });
});

it('an attempt that fails for an internal reason is recorded as such and walks the ladder', async () => {
  const seeded = await limited(10, { retrySchedule: [1] });
  const [notification] = await accept(seeded, 1);
  // Any statement that fails in the same way every time.
  await on.pipeline.db.query({
    text:
      "alter table rate_lines add constraint broken check (subscription_id <> '" +
      decodeId('sub', seeded.subscriptionId) +
      "') not valid",
  });
  await on.pipeline.workflows.start(notification!);
  const failed = await on.reaches(notification!.notificationId, 'failed');
  expect(failed).toMatchObject({ attemptCount: 2, lastError: { class: 'internal' } });
  expect(on.receiver.requests).toHaveLength(0);
});
