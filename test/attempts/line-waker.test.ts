import { pino } from 'pino';
import { LineWaker } from '../../src/attempts/line-waker';
import { findWake } from '../../src/store/subscriptions/rate-wakes';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { acceptOne, seed } from '../support/seed';
import { until } from '../support/until';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** @returns the subscriptions that were settled */
async function noted(times: number, settle = async () => undefined as void): Promise<string[]> {
  const { subscriptionId } = await seed(database.db, { url: 'http://127.0.0.1:9/', rateLimitPerSecond: 1 }).then(
    async (seeded) => {
      await acceptOne(database.db, seeded);
      return seeded;
    },
  );
  const settled: string[] = [];
  const waker = new LineWaker(
    database.db,
    async (id) => {
      settled.push(id);
      await settle();
    },
    pino({ level: 'silent' }),
  );
  for (let count = 0; count < times; count++) waker.note(subscriptionId);
  await until(
    () => findWake(database.db, subscriptionId),
    (wake) => wake !== undefined,
  );
  waker.note(subscriptionId);
  // The settlement that was started wakes those that fall asleep meanwhile.
  await until(async () => settled.length, Boolean);
  return settled.filter((id) => id === subscriptionId);
}

it('many that fall asleep in a line are woken by one settlement', async () => {
  expect(await noted(20)).toHaveLength(1);
});

it('a settlement that cannot be started is left to the reconciler, which finds the mark', async () => {
  expect(await noted(1, () => Promise.reject(new Error('Temporal is unreachable')))).toHaveLength(1);
});
