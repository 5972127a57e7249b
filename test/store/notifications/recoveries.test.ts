import { randomBytes } from 'node:crypto';
import { uuidFloor } from '../../../src/domain/ids';
import type { Recovery } from '../../../src/domain/recovery';
import {
  closeRecovery,
  findRecovery,
  findRunning,
  findStalled,
  findTask,
  insertRecovery,
  retryForRecovery,
} from '../../../src/store/notifications/recoveries';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { notificationRow, setNotification, setSubscription } from '../../support/rows';
import { acceptOne, seed, type Seeded } from '../../support/seed';

/** A recovery on the record: which notifications it takes, and that it takes each once. */
let database: TestDatabase;
let seeded: Seeded;

const HOUR_MS = 3_600_000;
const SINCE = new Date(Date.UTC(2026, 0, 1, 12));
const UNTIL = new Date(SINCE.getTime() + HOUR_MS);

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
});

const later = (ms: number) => new Date(SINCE.getTime() + ms);

/** A failed notification of an event that was accepted then. @returns its id */
async function failedAt(at: Date, status = 'failed'): Promise<string> {
  const uuid = uuidFloor(at.getTime()).slice(0, -12) + randomBytes(6).toString('hex');
  const [notification] = await acceptOne(database.db, seeded, { uuid });
  const { notificationId } = notification!;
  await setNotification(
    database.db,
    notificationId,
    `status = '${status}', opened_at = '${at.toISOString()}', attempt_count = 1, reconcile_after = null`,
  );
  return notificationId;
}
const insert = () =>
  insertRecovery(database.db, {
    subscriptionId: seeded.subscriptionId,
    since: SINCE,
    until: UNTIL,
    ratePerSecond: 10,
  });
const find = async ({ id }: Recovery) => (await findRecovery(database.db, id, {}))!;
const task = async ({ id }: Recovery, max = 100) => (await findTask(database.db, id, max))?.notificationIds;

it('takes what failed at or after the start of its range and before the end', async () => {
  await failedAt(later(-1));
  const [first, last] = [await failedAt(SINCE), await failedAt(later(HOUR_MS - 1))];
  await failedAt(UNTIL);
  const recovery = await insert();
  expect(recovery.total).toBe(2);
  expect(await task(recovery)).toEqual([first, last]);
});

it('takes failed notifications of its own subscription only, in order of acceptance', async () => {
  const other = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  const ours = seeded;
  seeded = other;
  await failedAt(later(1));
  seeded = ours;
  const second = await failedAt(later(2000));
  const first = await failedAt(later(1000));
  for (const status of ['pending', 'delivering', 'delivered', 'retrying', 'held', 'cancelled']) {
    await failedAt(later(3000), status);
  }
  const recovery = await insert();
  expect(recovery.total).toBe(2);
  expect(await task(recovery)).toEqual([first, second]);
  expect(await task(recovery, 1)).toEqual([first]);
});

it('leaves out what was retried by somebody and failed again since it was asked for', async () => {
  const id = await failedAt(later(1));
  const recovery = await insert();
  await setNotification(database.db, id, "opened_at = now() + interval '1 second'");
  expect(await task(recovery)).toEqual([]);
});

it('opens a notification once, counts it, and goes on after it', async () => {
  const [first, second] = [await failedAt(later(1)), await failedAt(later(2))];
  const recovery = await insert();
  expect(await retryForRecovery(database.db, recovery.id, first)).toMatchObject({ notificationId: first, step: 0 });
  expect(await notificationRow(database.db, first)).toMatchObject({
    status: 'pending',
    reconcile_after: expect.any(Date),
  });
  expect(await find(recovery)).toMatchObject({ retried: 1 });
  expect(await task(recovery)).toEqual([second]);
});

it('stops a repeated execution at a notification that it is past, even if that failed again', async () => {
  const [first, second] = [await failedAt(later(1)), await failedAt(later(2))];
  const recovery = await insert();
  await retryForRecovery(database.db, recovery.id, first);
  await setNotification(database.db, first, "status = 'failed'");
  expect(await retryForRecovery(database.db, recovery.id, first)).toBe('stopped');
  await retryForRecovery(database.db, recovery.id, second);
  expect(await retryForRecovery(database.db, recovery.id, first)).toBe('stopped');
  expect(await notificationRow(database.db, first)).toMatchObject({ status: 'failed' });
  expect(await find(recovery)).toMatchObject({ retried: 2 });
});

it('opens a notification once if two executions come to it at the same moment', async () => {
  const id = await failedAt(later(1));
  const recovery = await insert();
  const both = await Promise.all([1, 2].map(() => retryForRecovery(database.db, recovery.id, id)));
  expect(both.filter((result) => result === 'stopped')).toHaveLength(1);
  expect(await find(recovery)).toMatchObject({ retried: 1 });
});

it('skips what is no longer failed, and notes that it is past it', async () => {
  const id = await failedAt(later(1));
  const recovery = await insert();
  await setNotification(database.db, id, "status = 'delivered'");
  expect(await retryForRecovery(database.db, recovery.id, id)).toBeUndefined();
  expect(await retryForRecovery(database.db, recovery.id, id)).toBe('stopped');
  expect(await find(recovery)).toMatchObject({ retried: 0 });
});

it.each(['completed', 'cancelled', 'failed'] as const)('retries nothing once it is %s', async (status) => {
  const id = await failedAt(later(1));
  const recovery = await insert();
  await closeRecovery(database.db, recovery.id, status);
  expect(await task(recovery)).toBeUndefined();
  expect(await retryForRecovery(database.db, recovery.id, id)).toBe('stopped');
  expect(await notificationRow(database.db, id)).toMatchObject({ status: 'failed' });
});

it('counts as skipped what was not retried, once it is completed', async () => {
  await failedAt(later(1));
  await failedAt(later(2));
  const recovery = await insert();
  await closeRecovery(database.db, recovery.id, 'completed');
  expect(await find(recovery)).toMatchObject({ status: 'completed', total: 2, retried: 0, skipped: 2 });
  await closeRecovery(database.db, recovery.id, 'cancelled');
  expect(await find(recovery)).toMatchObject({ status: 'completed' });
});

it('skips nothing if it is cancelled', async () => {
  await failedAt(later(1));
  const recovery = await insert();
  await closeRecovery(database.db, recovery.id, 'cancelled');
  expect(await find(recovery)).toMatchObject({ status: 'cancelled', skipped: 0, finishedAt: expect.any(Date) });
});

it('knows that its subscription was deleted', async () => {
  const recovery = await insert();
  expect(await findTask(database.db, recovery.id, 1)).toMatchObject({ subscriptionDeleted: false, ratePerSecond: 10 });
  await setSubscription(database.db, seeded.subscriptionId, 'deleted_at = now()');
  expect(await findTask(database.db, recovery.id, 1)).toMatchObject({ subscriptionDeleted: true });
});

it('is found as running until it ends, one at a time for each subscription', async () => {
  const recovery = await insert();
  expect(await findRunning(database.db, seeded.subscriptionId)).toMatchObject({ id: recovery.id });
  await expect(insert()).rejects.toThrow('recoveries_running');
  await closeRecovery(database.db, recovery.id, 'completed');
  expect(await findRunning(database.db, seeded.subscriptionId)).toBeUndefined();
  await insert();
});

it('is found as stalled after it has not moved for a while, unless it has ended', async () => {
  const recovery = await insert();
  expect(await findStalled(database.db, 30)).not.toContain(recovery.id);
  await database.db.query({ text: "update recoveries set progressed_at = now() - interval '31 seconds'" });
  expect(await findStalled(database.db, 30)).toContain(recovery.id);
  await closeRecovery(database.db, recovery.id, 'completed');
  expect(await findStalled(database.db, 30)).not.toContain(recovery.id);
});

it('is no longer stalled after it has gone on', async () => {
  const id = await failedAt(later(1));
  const recovery = await insert();
  await database.db.query({ text: "update recoveries set progressed_at = now() - interval '31 seconds'" });
  await retryForRecovery(database.db, recovery.id, id);
  expect(await findStalled(database.db, 30)).not.toContain(recovery.id);
});
