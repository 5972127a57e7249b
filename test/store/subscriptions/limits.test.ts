import { SLOW_LANE_SECONDS } from '../../../src/domain/delivery';
import { decodeId } from '../../../src/domain/ids';
import type { Executor } from '../../../src/store/db/database';
import { markSlow, takeRateSlot } from '../../../src/store/subscriptions/limits';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { setSubscription } from '../../support/rows';
import { seed, seedSubscription, type Seeded } from '../../support/seed';

/** The slow lane by experience, and the rate limit. Time stands still within a transaction, so each step has its own exact time. */
let database: TestDatabase;
let seeded: Seeded;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/', rateLimitPerSecond: 4 });
});

async function seconds(db: Executor, column: 'slow_until' | 'rate_next_at', id = seeded.subscriptionId) {
  const { rows } = await db.query<{ seconds: number | null }>({
    text: `select extract(epoch from ${column} - now())::float8 as seconds from subscriptions where id = $1`,
    values: [decodeId('sub', id)],
  });
  return rows[0]!.seconds;
}

describe('a subscription with a slow attempt', () => {
  it.each([
    ['was never in the slow lane', 'null', SLOW_LANE_SECONDS],
    ['left the slow lane', "now() - interval '1 second'", SLOW_LANE_SECONDS],
    [
      'is in it for less than half the time',
      `now() + interval '${SLOW_LANE_SECONDS / 2 - 1} seconds'`,
      SLOW_LANE_SECONDS,
    ],
    [
      'is in it for more than half the time',
      `now() + interval '${SLOW_LANE_SECONDS / 2 + 1} seconds'`,
      SLOW_LANE_SECONDS / 2 + 1,
    ],
  ])('that %s', async (_, slowUntil, expected) => {
    await database.db.transaction(async (db) => {
      await setSubscription(db, seeded.subscriptionId, `slow_until = ${slowUntil}`);
      await markSlow(db, seeded.subscriptionId);
      expect(await seconds(db, 'slow_until')).toBe(expected);
    });
  });

  it('leaves its neighbours in the fast lane', async () => {
    const neighbour = await seedSubscription(database.db, seeded, { url: 'http://127.0.0.1:9/' }, 'neighbour');
    await markSlow(database.db, seeded.subscriptionId);
    expect(await seconds(database.db, 'slow_until', neighbour)).toBeNull();
  });
});

describe('a rate limit of 4 attempts per second', () => {
  const take = (nextAt: string) =>
    database.db.transaction(async (db) => {
      await setSubscription(db, seeded.subscriptionId, `rate_next_at = ${nextAt}`);
      return { wait: await takeRateSlot(db, seeded.subscriptionId), next: await seconds(db, 'rate_next_at') };
    });

  it('allows the first attempt immediately and the next one a quarter of a second later', async () => {
    expect(await take('null')).toEqual({ wait: 0, next: 0.25 });
  });

  it('saves nothing up over a pause', async () => {
    expect(await take("now() - interval '1 hour'")).toEqual({ wait: 0, next: 0.25 });
  });

  it('allows an attempt at the very time that is due', async () => {
    expect(await take('now()')).toEqual({ wait: 0, next: 0.25 });
  });

  it('returns how long to wait, and takes no slot meanwhile', async () => {
    expect(await take("now() + interval '3 seconds'")).toEqual({ wait: 3, next: 3 });
  });

  it('does not apply to other subscriptions', async () => {
    const neighbour = await seedSubscription(
      database.db,
      seeded,
      { url: 'http://127.0.0.1:9/', rateLimitPerSecond: 4 },
      'neighbour',
    );
    await take("now() + interval '1 hour'");
    expect(await takeRateSlot(database.db, neighbour)).toBe(0);
  });

  it('allows one attempt if many ask at the same moment', async () => {
    await setSubscription(database.db, seeded.subscriptionId, 'rate_limit_per_second = 0.001');
    const waits = await Promise.all(Array.from({ length: 8 }, () => takeRateSlot(database.db, seeded.subscriptionId)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(1);
  });

  it('lets a subscription that was deleted meanwhile go on to be found as such', async () => {
    expect(await takeRateSlot(database.db, 'sub_00000000000000000000000000')).toBe(0);
  });
});
