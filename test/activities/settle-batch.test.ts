import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { createSettleBatch } from '../../src/activities/settle-batch';
import type { NotificationControl } from '../../src/activities/deps';
import { createMetrics } from '../../src/process/metrics';
import type { Database } from '../../src/store/db/database';
import { cancelNotification } from '../../src/store/notifications/transitions';
import { findSettling, markSettling } from '../../src/store/subscriptions/settling';
import { watched } from '../support/attempt-runner';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { notificationRow, setNotification, setSubscription } from '../support/rows';
import { acceptOne, seed, type Seeded } from '../support/seed';
import { noHeadStarts } from '../support/no-head-starts';

/** One step of settling, on a real database. Signals to workflows are recorded. */
let database: TestDatabase;
let seeded: Seeded;
let released: string[];
let cancelled: string[];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  [released, cancelled] = [[], []];
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
});

const setOurs = (assignments: string) => setSubscription(database.db, seeded.subscriptionId, assignments);
const mark = () => markSettling(database.db, { subscriptionId: seeded.subscriptionId });
const isMarked = async () => (await findSettling(database.db, seeded.subscriptionId))!.since !== null;
const statusOf = async (id: string) => (await notificationRow(database.db, id)).status;
async function notificationThatIs(status: string): Promise<string> {
  const [notification] = await acceptOne(database.db, seeded);
  await setNotification(database.db, notification!.notificationId, `status = '${status}', reconcile_after = null`);
  return notification!.notificationId;
}
const deliver = (id: string) => setNotification(database.db, id, "status = 'delivered'");

/** @param onRelease - what the workflow does then. @default it delivers */
function settle(db: Database = database.db, onRelease: (id: string) => Promise<void> = deliver) {
  const control: NotificationControl = {
    start: async () => true,
    retry: async () => undefined,
    async release({ notificationId }) {
      released.push(notificationId);
      await onRelease(notificationId);
    },
    cancel: async (id) => void cancelled.push(id),
  };
  const activity = createSettleBatch({
    db,
    control,
    runAttempt: () => Promise.reject(new Error('no attempt is made here')),
    headStarts: noHeadStarts,
    metrics: createMetrics(),
    log: pino({ level: 'silent' }),
  });
  return new MockActivityEnvironment().run(activity, { subscriptionId: seeded.subscriptionId });
}

it('releases what was held in order of acceptance, and asks to be run again', async () => {
  const held = [];
  for (let index = 0; index < 3; index++) held.push(await notificationThatIs('held'));
  await mark();
  expect(await settle()).toEqual({ done: false });
  expect(released).toEqual(held);
  expect(await isMarked()).toBe(true);
});

it('is done, and takes the mark away, once nothing is held any more', async () => {
  await notificationThatIs('held');
  await mark();
  await settle();
  expect(await settle()).toEqual({ done: true });
  expect(await isMarked()).toBe(false);
});

it('looks a second time, for what was accepted as held while the mark was taken away', async () => {
  await setOurs('settling_since = now()');
  const straggler = await notificationThatIs('pending');
  const db = watched(database.db, async ({ text }) => {
    if (text.includes('set settling_since = null')) await setNotification(database.db, straggler, "status = 'held'");
  });
  expect(await settle(db)).toEqual({ done: false });
  expect(await isMarked()).toBe(true);
  expect(await settle()).toEqual({ done: false });
  expect(released).toEqual([straggler]);
});

it('signals no workflow for a notification that was cancelled after it was listed', async () => {
  const [first, second] = [await notificationThatIs('held'), await notificationThatIs('held')];
  await mark();
  await settle(database.db, async (id) => {
    await deliver(id);
    if (id === first) await cancelNotification(database.db, second);
  });
  expect(released).toEqual([first]);
  expect(await statusOf(second)).toBe('cancelled');
});

it('releases the next one after the attempt of the one before', async () => {
  const held = [await notificationThatIs('held'), await notificationThatIs('held')];
  await mark();
  const before: string[] = [];
  // The attempt is over when somebody asks whether it is.
  const db = watched(database.db, async ({ text, values }) => {
    if (!text.includes('as moved')) return;
    await database.db.query({ text: "update notifications set status = 'delivered' where id = $1", values });
  });
  await settle(db, async (id) => {
    if (id !== held[0]) before.push(await statusOf(held[0]!));
  });
  expect(before).toEqual(['delivered']);
});

it('releases nothing while the subscription takes no deliveries', async () => {
  const held = await notificationThatIs('held');
  await setOurs('enabled = false, settling_since = now()');
  expect(await settle()).toEqual({ done: true });
  expect(released).toEqual([]);
  expect(await statusOf(held)).toBe('held');
  expect(await isMarked()).toBe(false);
});

it('cancels the open notifications of a deleted subscription, and signals their workflows', async () => {
  const [open, held] = [await notificationThatIs('retrying'), await notificationThatIs('held')];
  await setOurs('deleted_at = now()');
  await mark();
  expect(await settle()).toEqual({ done: false });
  expect(cancelled.sort()).toEqual([open, held].sort());
  expect(released).toEqual([]);
  expect([await statusOf(open), await statusOf(held)]).toEqual(['cancelled', 'cancelled']);
  expect(await settle()).toEqual({ done: true });
});
