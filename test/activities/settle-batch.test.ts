import { MockActivityEnvironment } from '@temporalio/testing';
import { createSettleBatch } from '../../src/activities/settle-batch';
import type { ActivityDeps, NotificationControl } from '../../src/activities/deps';
import { decodeId } from '../../src/domain/ids';
import type { SettleBatchResult } from '../../src/domain/settlement';
import type { Database } from '../../src/store/db/database';
import { findSettling, markSettling } from '../../src/store/subscriptions/settling';
import { watched } from '../support/attempt-runner';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { notificationRow, setNotification, setSubscription } from '../support/rows';
import { acceptOne, seed, type Seeded } from '../support/seed';
import { activityDeps } from '../support/activity-deps';
import { until } from '../support/until';

/** One step of settling, on a real database. Signals to workflows are recorded. */
let database: TestDatabase;
let seeded: Seeded;
let released: string[];
let started: string[];
let launched: string[];
let cancelled: string[];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  [released, started, launched, cancelled] = [[], [], [], []];
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
/** A notification without a workflow. */
async function acceptedAsHeld(): Promise<string> {
  const id = await notificationThatIs('held');
  await setNotification(database.db, id, "claimed_by = null, claimed_until = '-infinity'");
  return id;
}

function settle(
  db: Database = database.db,
  cancel: NotificationControl['cancel'] = async (id) => void cancelled.push(id),
): Promise<SettleBatchResult> {
  const control: NotificationControl = {
    start: async ({ notificationId }) => {
      started.push(notificationId);
      return true;
    },
    retry: async () => undefined,
    release: async ({ notificationId }) => void released.push(notificationId),
    cancel,
    reschedule: async () => undefined,
  };
  const launchReleased: ActivityDeps['launchReleased'] = (notifications) =>
    launched.push(...notifications.map(({ notificationId }) => notificationId));
  const activity = createSettleBatch(activityDeps({ db, control, launchReleased }));
  return new MockActivityEnvironment().run(activity, { subscriptionId: seeded.subscriptionId });
}

it('holds the line of a disabled subscription, and releases it if the subscription was enabled meanwhile', async () => {
  const id = await notificationThatIs('pending');
  await setNotification(database.db, id, 'rate_seq = 1');
  await database.db.query({
    text: 'insert into rate_lines (subscription_id) values ($1)',
    values: [decodeId('sub', seeded.subscriptionId)],
  });
  await setOurs('enabled = false');
  expect(await mark()).toEqual([seeded.subscriptionId]);
  expect(await settle()).toEqual({ done: false });
  expect(await statusOf(id)).toBe('held');
  await setOurs('enabled = true');
  await settle();
  expect(released).toEqual([id]);
});

it('launches what was held since its acceptance, in that order, with the claims of this process', async () => {
  const held = [await acceptedAsHeld(), await acceptedAsHeld(), await acceptedAsHeld()];
  await mark();
  await settle();
  expect(launched).toEqual(held);
  expect(released).toEqual([]);
  expect(await notificationRow(database.db, held[0]!)).toMatchObject({ status: 'pending', claimed_by: 'mine' });
});

it('wakes the workflows of what was held later', async () => {
  const held = [await notificationThatIs('held'), await notificationThatIs('held')];
  await mark();
  await settle();
  expect(released).toEqual(held);
  expect(launched).toEqual([]);
});

it('starts what waits in the line of a rate limit, and has no workflow', async () => {
  const held = await acceptedAsHeld();
  await setOurs('rate_limit_per_second = 5');
  await mark();
  await settle();
  expect([started, released, launched]).toEqual([[held], [], []]);
});

it.each([
  ['it is in the slow lane', "slow_until = now() + interval '1 minute'"],
  ['its timeout is too long for the fast lane', 'timeout_seconds = 16'],
])('claims no first attempts of a subscription if %s', async (_, assignments) => {
  const held = await acceptedAsHeld();
  await setOurs(assignments);
  await mark();
  await settle();
  expect(launched).toEqual([]);
  expect(released).toEqual([held]);
  expect(await notificationRow(database.db, held)).toMatchObject({ status: 'pending', claimed_by: null });
});

it('is done, and takes the mark away, once nothing is held any more', async () => {
  await notificationThatIs('held');
  await mark();
  while (!(await settle()).done);
  expect(await isMarked()).toBe(false);
});

it('looks a second time, for what was accepted as held while the mark was taken away', async () => {
  await setOurs('settling_since = now()');
  const straggler = await notificationThatIs('pending');
  const db = watched(database.db, async ({ text }) => {
    if (text.includes('set settling_since = null')) await setNotification(database.db, straggler, "status = 'held'");
  });
  let { done } = await settle(db);
  while (!done) ({ done } = await settle());
  // It has no workflow, because it was accepted as held.
  expect(launched).toEqual([straggler]);
});

it('releases nothing while the subscription takes no deliveries', async () => {
  const held = await notificationThatIs('held');
  await setOurs('enabled = false, settling_since = now()');
  while (!(await settle()).done);
  expect(released).toEqual([]);
  expect(await statusOf(held)).toBe('held');
  expect(await isMarked()).toBe(false);
});

it('cancels the open notifications of a deleted subscription, and signals their workflows', async () => {
  const [open, held] = [await notificationThatIs('retrying'), await notificationThatIs('held')];
  await setOurs('deleted_at = now()');
  await mark();
  expect(await settle()).toEqual({ done: false });
  await until(
    async () => cancelled.sort(),
    (signalled) => signalled.join() === [open, held].sort().join(),
  );
  expect(released).toEqual([]);
  expect([await statusOf(open), await statusOf(held)]).toEqual(['cancelled', 'cancelled']);
  while (!(await settle()).done);
  expect(await isMarked()).toBe(false);
});

it('records all notifications of a deleted subscription as cancelled before it signals any workflow', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 3; count++) ids.push(await notificationThatIs('retrying'));
  await setOurs('deleted_at = now()');
  await mark();
  const seen: string[] = [];
  await settle(database.db, async () => void seen.push(...(await Promise.all(ids.map(statusOf)))));
  for (const id of ids)
    await until(
      async () => (await notificationRow(database.db, id)).reconcile_after,
      (check) => check === null,
    );
  expect(seen).toEqual(Array(9).fill('cancelled'));
});

it('does not wait for the signals to the workflows of a deleted subscription, so that others get its slot', async () => {
  await notificationThatIs('retrying');
  await setOurs('deleted_at = now()');
  await mark();
  expect(await settle(database.db, () => new Promise(() => undefined))).toEqual({ done: false });
  while (!(await settle()).done);
  expect(await isMarked()).toBe(false);
});

it('leaves cancelled notifications whose workflows could not be signalled to the reconciler', async () => {
  const id = await notificationThatIs('retrying');
  await setOurs('deleted_at = now()');
  await mark();
  let asked = 0;
  const failing = () => Promise.reject(new Error(`Temporal is away (${++asked})`));
  expect(await settle(database.db, failing)).toEqual({ done: false });
  expect(asked).toBe(1);
  expect(await notificationRow(database.db, id)).toMatchObject({
    status: 'cancelled',
    reconcile_after: expect.any(Date),
  });
});
