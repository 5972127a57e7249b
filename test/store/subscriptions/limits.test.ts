import { SLOW_LANE_SECONDS } from '../../../src/domain/delivery';
import { decodeId } from '../../../src/domain/ids';
import type { Executor } from '../../../src/store/db/database';
import { markSlow } from '../../../src/store/subscriptions/limits';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { setSubscription } from '../../support/rows';
import { seed, seedSubscription, type Seeded } from '../../support/seed';

const URL = 'http://127.0.0.1:9/';

/**
 * The slow lane by experience. Time stands still within a transaction, so each step has its own
 * exact time.
 */
let database: TestDatabase;
let seeded: Seeded;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: URL });
});

async function seconds(db: Executor, column: 'slow_until', id = seeded.subscriptionId) {
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
      await markSlow(db, seeded.subscriptionId, 0);
      expect(await seconds(db, 'slow_until')).toBe(expected);
    });
  });

  it('stays where it was if its URL or access was changed while an attempt was slow', async () => {
    await setSubscription(database.db, seeded.subscriptionId, 'receiver_revision = 1');
    await markSlow(database.db, seeded.subscriptionId, 0);
    expect(await seconds(database.db, 'slow_until')).toBeNull();
  });

  it('leaves its neighbours in the fast lane', async () => {
    const neighbour = await seedSubscription(database.db, seeded, { url: 'http://127.0.0.1:9/' }, 'neighbour');
    await markSlow(database.db, seeded.subscriptionId, 0);
    expect(await seconds(database.db, 'slow_until', neighbour)).toBeNull();
  });
});
