import { createLaneGates } from '../../src/attempts/lane-gate';
import { createStartPlanner } from '../../src/attempts/start-planner';
import type { NotificationRef, RefToStart } from '../../src/domain/delivery';
import { createMetrics } from '../../src/process/metrics';
import { cancelNotification } from '../../src/store/notifications/transitions';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { notificationRow, setNotification } from '../support/rows';
import { acceptOne, seed, type Seeded } from '../support/seed';

/** When workflows of the slow lane, and of rate limits, begin, on a real database. */
let database: TestDatabase;
let seeded: Seeded;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
});

const LIMITS = { slots: 100, perCustomer: 10, perSubscription: 5 };
const planner = () =>
  createStartPlanner(database.db, createLaneGates({ fast: LIMITS, slow: LIMITS }, createMetrics()).slow);

async function accepted(overrides: Partial<RefToStart>): Promise<RefToStart> {
  const [notification] = await acceptOne(database.db, seeded);
  return { ...notification!, ...overrides };
}
const rowOf = ({ notificationId }: NotificationRef) => notificationRow(database.db, notificationId);

it('spreads the workflows of a slow subscription, and shows when their attempts are made', async () => {
  const planStart = planner();
  const delays: (number | undefined)[] = [];
  let last: NotificationRef | undefined;
  for (let count = 0; count < 8; count++) {
    last = await accepted({ lane: 'slow', slow: true });
    delays.push(await planStart(last));
  }
  expect(delays[0]).toBe(0);
  expect(delays.at(-1)).toBeGreaterThan(5000);
  const { next_attempt_at: next, reconcile_after: check } = await rowOf(last!);
  expect(next!.getTime() - Date.now()).toBeGreaterThan(4500);
  expect(check!.getTime() - next!.getTime()).toBe(30_000);
});

it.each([
  ['of the fast lane', { lane: 'fast' }],
  ['whose subscription has a long timeout and is not known to be slow', { lane: 'slow' }],
] as const)('does not delay workflows %s', async (_, overrides) => {
  const planStart = planner();
  for (let count = 0; count < 8; count++) expect(await planStart(await accepted(overrides))).toBe(0);
});

it('does not delay a workflow whose notification has been attempted, which has a time of its own', async () => {
  const planStart = planner();
  for (let count = 0; count < 8; count++) await planStart(await accepted({ lane: 'slow', slow: true }));
  const attempted = await accepted({ lane: 'slow', slow: true });
  await setNotification(database.db, attempted.notificationId, "status = 'retrying', attempt_count = 1");
  expect(await planStart(attempted)).toBe(0);
  expect((await rowOf(attempted)).next_attempt_at).toBeNull();
});

it('starts no workflow for a notification that was cancelled meanwhile', async () => {
  const planStart = planner();
  for (let count = 0; count < 8; count++) await planStart(await accepted({ lane: 'slow', slow: true }));
  const cancelled = await accepted({ lane: 'slow', slow: true });
  await cancelNotification(database.db, cancelled.notificationId);
  expect(await planStart(cancelled)).toBeUndefined();
});

describe('a workflow whose first attempt waits in the line of a rate limit', () => {
  beforeEach(async () => {
    seeded = await seed(database.db, { url: 'http://127.0.0.1:9/', rateLimitPerSecond: 0.1 });
  });

  it('begins shortly before its turn, which its notification shows', async () => {
    const [first, second, third] = [await accepted({}), await accepted({}), await accepted({ lane: 'slow' })];
    const planStart = planner();
    expect(await planStart(first)).toBe(0);
    for (const [place, notification] of [second, third].entries()) {
      const delayMs = (await planStart(notification))!;
      const dueMs = 10_000 * (place + 1);
      expect(delayMs).toBeGreaterThan(dueMs - 5000);
      expect(delayMs).toBeLessThanOrEqual(dueMs - 500);
      const { next_attempt_at: next, reconcile_after: check } = await rowOf(notification);
      expect(Math.abs(next!.getTime() - Date.now() - delayMs - 500)).toBeLessThan(1000);
      expect(check!.getTime() - next!.getTime()).toBe(30_000);
    }
  });

  it('begins immediately if its turn is more than a minute away, since a cancellation does not end the delay', async () => {
    let last = await accepted({});
    for (let count = 0; count < 7; count++) last = await accepted({});
    expect(await planner()(last)).toBe(0);
    expect((await rowOf(last)).next_attempt_at).toBeNull();
  });

  it('does not wait for the turns of those before it that were cancelled', async () => {
    const before = [await accepted({}), await accepted({}), await accepted({})];
    const last = await accepted({});
    for (const { notificationId } of before.slice(0, 2)) await cancelNotification(database.db, notificationId);
    const delayMs = (await planner()(last))!;
    expect(delayMs).toBeGreaterThan(5000);
    expect(delayMs).toBeLessThanOrEqual(9500);
    await cancelNotification(database.db, before[2]!.notificationId);
    expect(await planner()(last)).toBe(0);
  });

  it.each([
    ['has a head start', '', { hasHeadStart: true }],
    ['has been attempted', "status = 'retrying', attempt_count = 1", {}],
    ['is held', "status = 'held', rate_seq = null", {}],
  ])('is not delayed if its notification %s', async (_, assignments, overrides) => {
    await accepted({});
    const notification = await accepted(overrides);
    if (assignments) await setNotification(database.db, notification.notificationId, assignments);
    expect(await planner()(notification)).toBe(0);
    expect((await rowOf(notification)).next_attempt_at).toBeNull();
  });
});
