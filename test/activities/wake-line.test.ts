import { MockActivityEnvironment } from '@temporalio/testing';
import { createWakeLine } from '../../src/activities/wake-line';
import type { AcceptedNotification } from '../../src/domain/acceptance';
import { decodeId } from '../../src/domain/ids';
import { acceptEvents } from '../../src/store/notifications/accept';
import { findWake, markRateChanged } from '../../src/store/subscriptions/rate-wakes';
import { activityDeps } from '../support/activity-deps';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { notificationRow, setNotification } from '../support/rows';
import { eventFor, seed, type Seeded } from '../support/seed';

/** Waking a line after its rate limit was changed, on a real database. */
let database: TestDatabase;
let seeded: Seeded;
let woken: string[];
/** The highest number of signals at the same time. */
let mostAtOnce: number;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(() => {
  [woken, mostAtOnce] = [[], 0];
});

/** Notifications in a line, whose workflows sleep for an hour since the limit was lower. */
async function asleep(count: number, ratePerSecond: number): Promise<string[]> {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/', rateLimitPerSecond: ratePerSecond });
  const results = await acceptEvents(
    database.db,
    Array.from({ length: count }, () => eventFor(seeded)),
  );
  const accepted = results.flatMap((result): AcceptedNotification[] =>
    result.kind === 'accepted' ? result.notifications : [],
  );
  const ids = accepted.map(({ notificationId }) => notificationId);
  await database.db.query({
    text: "update notifications set next_attempt_at = now() + interval '1 hour', reconcile_after = now() + interval '60.5 minutes' where id = any($1)",
    values: [ids.map((id) => decodeId('ntf', id))],
  });
  await markRateChanged(database.db, seeded.subscriptionId);
  return ids;
}

/** The workflow of a notification asks, and has its turn. */
const takesTurn = (id: string) => setNotification(database.db, id, "status = 'delivering', rate_seq = null");

/** @param reacts - what the workflow of a notification does when it is signalled */
async function wake(reacts: (id: string) => Promise<unknown> = takesTurn) {
  let now = 0;
  const { control, ...deps } = activityDeps({ db: database.db });
  const wakeLine = createWakeLine({
    ...deps,
    control: {
      ...control,
      async release({ notificationId }) {
        woken.push(notificationId);
        mostAtOnce = Math.max(mostAtOnce, ++now);
        await reacts(notificationId);
        now -= 1;
      },
    },
  });
  return new MockActivityEnvironment().run(wakeLine, seeded.subscriptionId);
}
const isMarked = async () => (await findWake(database.db, seeded.subscriptionId)) !== undefined;

it('a long line is woken in batches of 10 s, which continue where the last one ended', async () => {
  const ids = await asleep(35, 100);
  const now = jest.spyOn(performance, 'now');
  // Each signal takes a second.
  now.mockImplementation(() => Date.now() - performance.timeOrigin + woken.length * 1000);
  try {
    for (let batch = 1; batch <= 3; batch++) {
      expect(await wake()).toEqual({ done: false });
      expect(woken).toEqual(ids.slice(0, batch * 10));
    }
    expect(await wake()).toEqual({ done: true });
    expect(woken).toEqual(ids);
  } finally {
    now.mockRestore();
  }
});

it('a line whose limit was raised is woken in order, one after the other, and shows when each is due', async () => {
  const ids = await asleep(5, 100);
  expect(await wake()).toEqual({ done: true });
  expect(woken).toEqual(ids);
  expect(mostAtOnce).toBe(1);
  const { next_attempt_at: next } = await notificationRow(database.db, ids[4]!);
  expect(next!.getTime() - Date.now()).toBeLessThan(5000);
  expect(await isMarked()).toBe(false);
});

it('a line of more than twenty is woken by several signals at a time', async () => {
  await asleep(30, 1000);
  await wake();
  expect(woken).toHaveLength(30);
  expect(mostAtOnce).toBeGreaterThan(1);
});

it('notifications that wake in time, or have not asked for their turn yet, are not woken', async () => {
  const [soon, notAsked, late] = await asleep(3, 100);
  await setNotification(database.db, soon!, "next_attempt_at = now(), reconcile_after = now() + interval '30.4 s'");
  await setNotification(database.db, notAsked!, 'next_attempt_at = null');
  await wake();
  expect(woken).toEqual([late]);
});

it('a long line is woken ten seconds ahead, and continues where it ended', async () => {
  const begun = performance.now();
  const ids = await asleep(4, 0.1);
  const result = (await wake()) as { waitSeconds?: number };
  const seconds = (performance.now() - begun) / 1000;
  expect(woken).toEqual(ids.slice(0, 2));
  expect(result).toEqual({ done: false, waitSeconds: expect.any(Number) });
  expect(Math.abs(result.waitSeconds! - 15)).toBeLessThan(0.5 + seconds);
  expect(await isMarked()).toBe(true);
});

describe('a notification that is woken', () => {
  let now: jest.SpyInstance | undefined;
  function shortenBatches(factor: number): void {
    const begun = performance.now();
    const real = performance.now.bind(performance);
    now = jest.spyOn(performance, 'now').mockImplementation(() => begun + factor * (real() - begun));
  }
  afterEach(() => now?.mockRestore());

  it('is signalled once in a batch if its workflow takes long to ask, and again in the next one', async () => {
    const [id] = await asleep(1, 100);
    shortenBatches(20);
    expect(await wake(async () => undefined)).toEqual({ done: false });
    expect(woken).toEqual([id]);
    expect(await wake(async () => undefined)).toEqual({ done: false });
    expect(woken).toEqual([id, id]);
  });

  it('is signalled again if it has asked, and sleeps again', async () => {
    const [id] = await asleep(1, 100);
    // On a busy machine, too, there is time for three signals in a batch.
    shortenBatches(3);
    const result = await wake((asking) =>
      woken.length < 3
        ? setNotification(database.db, asking, "reconcile_after = reconcile_after + interval '1 s'")
        : takesTurn(asking),
    );
    expect(woken).toEqual([id, id, id]);
    expect(result).toEqual({ done: true });
  });
});
