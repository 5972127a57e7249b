import { pino } from 'pino';
import { LineWaker } from '../../src/attempts/line-waker';
import { endWake, findWake } from '../../src/store/subscriptions/rate-wakes';
import { watched } from '../support/attempt-runner';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { acceptOne, seed } from '../support/seed';
import { until } from '../support/until';

let database: TestDatabase;
let subscriptionId: string;
let requests: number;
let settled: string[];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  const seeded = await seed(database.db, { url: 'http://127.0.0.1:9/', rateLimitPerSecond: 1 });
  await acceptOne(database.db, seeded);
  ({ subscriptionId } = seeded);
  [requests, settled] = [0, []];
});

function waker(settle: () => Promise<void> = async () => undefined): LineWaker {
  const db = watched(database.db, () => void (requests += 1));
  const start = (id: string) => {
    settled.push(id);
    return settle();
  };
  return new LineWaker(db, start, pino({ level: 'silent' }));
}
const wake = () => findWake(database.db, subscriptionId);
const settledTimes = (times: number) =>
  until(
    async () => settled.length,
    (count) => count === times,
  );

it('many that fall asleep in a line at the same time are noted once, and woken by one settlement', async () => {
  const line = waker();
  for (let count = 0; count < 20; count++) line.note(subscriptionId);
  await settledTimes(1);
  expect(requests).toBe(1);
  expect(settled).toEqual([subscriptionId]);
  expect(await wake()).toBeDefined();
});

it('those that fall asleep while the line is being woken need no other settlement', async () => {
  const line = waker();
  line.note(subscriptionId);
  await settledTimes(1);
  line.note(subscriptionId);
  await until(
    async () => requests,
    (count) => count === 2,
  );
  await endWake(database.db, subscriptionId, (await wake())!);
  line.note(subscriptionId);
  await settledTimes(2);
  expect(requests).toBe(3);
});

it('a settlement that cannot be started is left to the reconciler, which finds the mark', async () => {
  waker(() => Promise.reject(new Error('Temporal is unreachable'))).note(subscriptionId);
  await settledTimes(1);
  expect(await wake()).toBeDefined();
});
