import { MockActivityEnvironment } from '@temporalio/testing';
import { createReschedule } from '../../src/activities/reschedule';
import type { RescheduleRequest } from '../../src/domain/delivery';
import { recordAttempts } from '../../src/store/notifications/record-attempts';
import { findRescheduling, markRescheduling } from '../../src/store/subscriptions/rescheduling';
import { activityDeps } from '../support/activity-deps';
import { attemptRecord } from '../support/attempt-record';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { notificationRow, setNotification, setSubscription } from '../support/rows';
import { acceptOne, seed, seedSubscription, type Seeded } from '../support/seed';

/** Rescheduling after a change of the retry schedule, on a real database. */
let database: TestDatabase;
let seeded: Seeded;
let signals: (RescheduleRequest & { id: string })[];
let failing: boolean;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/', retrySchedule: [3600] });
  [signals, failing] = [[], false];
});

const MINUTE_MS = 60_000;

/** A notification that failed `agoMs` ago and waits by the schedule of then. */
async function waiting(agoMs: number, overrides: Parameters<typeof attemptRecord>[2] = {}, schedule = [3600]) {
  const [notification] = await acceptOne(database.db, seeded);
  const finishedAt = new Date(Date.now() - agoMs);
  const nextAttemptAt = new Date(finishedAt.getTime() + schedule[0]! * 1000);
  const record = attemptRecord(
    notification!,
    { status: 'retrying', nextAttemptAt, schedule },
    { finishedAt, ...overrides },
  );
  await recordAttempts(database.db, [record]);
  return { id: notification!.notificationId, finishedAt };
}

async function change(schedule: number[]): Promise<void> {
  await setSubscription(database.db, seeded.subscriptionId, `retry_schedule = '{${schedule.join()}}'`);
  await markRescheduling(database.db, seeded);
}

function run() {
  const { control, ...deps } = activityDeps({ db: database.db });
  const reschedule = createReschedule({
    ...deps,
    control: {
      ...control,
      async reschedule(id, request) {
        if (failing) throw new Error('Temporal is unreachable');
        signals.push({ id, ...request });
      },
    },
  });
  return new MockActivityEnvironment().run(reschedule, seeded.subscriptionId);
}
const dueAt = async (id: string) => (await notificationRow(database.db, id)).next_attempt_at?.getTime();

it('moves the next attempt in the record and in the workflow', async () => {
  const { id, finishedAt } = await waiting(MINUTE_MS);
  await change([4]);
  expect(await run()).toEqual({ done: false, waitSeconds: 2 });
  const due = await dueAt(id);
  expect(due).toBeGreaterThan(finishedAt.getTime() + 4000);
  expect(Math.abs(due! - Date.now())).toBeLessThan(10_000);
  expect(signals).toEqual([{ id, attempts: 1, waitSeconds: expect.any(Number), dueAt: new Date(due!).toISOString() }]);
  expect(signals[0]!.waitSeconds).toBeLessThan(2);
});

it('ends after 10 s with what is signalled by then, and the next batch signals the rest', async () => {
  const ids = [];
  for (let count = 0; count < 3; count++) ids.push((await waiting(MINUTE_MS)).id);
  await change([4]);
  // Each signal takes 11 s.
  const now = jest.spyOn(performance, 'now');
  const real = performance.timeOrigin;
  now.mockImplementation(() => Date.now() - real + signals.length * 11_000);
  try {
    for (let batch = 1; batch <= 3; batch++) {
      expect(await run()).toEqual({ done: false });
      expect(signals.map(({ id }) => id)).toEqual(ids.slice(0, batch));
    }
  } finally {
    now.mockRestore();
  }
});

it('counts a longer wait from the last attempt', async () => {
  const { id, finishedAt } = await waiting(MINUTE_MS);
  await change([20_000]);
  await run();
  const waitSeconds = ((await dueAt(id))! - finishedAt.getTime()) / 1000;
  expect(waitSeconds).toBeGreaterThanOrEqual(20_000);
  expect(waitSeconds).toBeLessThanOrEqual(22_000);
});

it('keeps the time that the receiver asked for', async () => {
  const response = { status: 429, headers: { 'retry-after': '1000' }, body: '', truncated: false };
  const { id, finishedAt } = await waiting(MINUTE_MS, { response });
  await change([4]);
  await run();
  expect(await dueAt(id)).toBe(finishedAt.getTime() + 1_000_000);
});

it('makes what the new schedule ends due now', async () => {
  await waiting(MINUTE_MS);
  await change([]);
  await run();
  expect(signals).toEqual([expect.objectContaining({ attempts: 1 })]);
});

it('does the work once, and looks again for attempts that were recorded late', async () => {
  await waiting(MINUTE_MS);
  await change([4]);
  await run();
  await run();
  expect(signals).toHaveLength(1);
  await waiting(0);
  expect(await run()).toEqual({ done: false, waitSeconds: 2 });
  expect(signals).toHaveLength(2);
  await setSubscription(database.db, seeded.subscriptionId, "rescheduling_since = now() - interval '3 seconds'");
  expect(await run()).toEqual({ done: true });
  expect(await findRescheduling(database.db, seeded.subscriptionId)).toBeUndefined();
});

it('signals again what may not have been signalled', async () => {
  const { id } = await waiting(MINUTE_MS);
  await change([4]);
  failing = true;
  await expect(run()).rejects.toThrow('unreachable');
  failing = false;
  await run();
  expect(signals.map((signal) => signal.id)).toEqual([id]);
});

it('moves what waits by a schedule before the last one, when that comes back', async () => {
  const { id } = await waiting(MINUTE_MS, {}, [7200]);
  await change([3600]);
  await run();
  expect(signals.map((signal) => signal.id)).toEqual([id]);
});

it.each([
  ['asked for by a person', 'retry_asked = true'],
  ['in the line of a rate limit', 'rate_seq = 1'],
  ['held', "status = 'held'"],
  ['under way', "status = 'delivering'"],
])('leaves alone an attempt that is %s', async (_what, assignments) => {
  const { id } = await waiting(MINUTE_MS);
  await setNotification(database.db, id, assignments);
  const before = await dueAt(id);
  await change([4]);
  await run();
  expect(await dueAt(id)).toBe(before);
  expect(signals).toEqual([]);
});

it('leaves alone other subscriptions', async () => {
  const first = seeded;
  const { id } = await waiting(MINUTE_MS);
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/', retrySchedule: [3600] });
  await waiting(MINUTE_MS);
  seeded = first;
  await change([4]);
  await run();
  expect(signals.map((signal) => signal.id)).toEqual([id]);
});

describe('a change of the schedule of a customer', () => {
  it('marks the subscriptions without one of their own that have open notifications', async () => {
    await waiting(MINUTE_MS);
    const own = await seedSubscription(database.db, seeded, { url: 'http://127.0.0.1:9/' }, 'own');
    await setSubscription(database.db, own, "retry_schedule = '{1}'");
    await seedSubscription(database.db, { ...seeded, eventType: 'other.v1' }, { url: 'http://127.0.0.1:9/' }, 'idle');
    expect(await markRescheduling(database.db, { customerId: seeded.customerId })).toEqual([seeded.subscriptionId]);
  });
});
