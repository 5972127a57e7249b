import type { AcceptedNotification } from '../../../src/domain/acceptance';
import { HEAD_START_WAIT_SECONDS } from '../../../src/domain/delivery';
import type { Executor } from '../../../src/store/db/database';
import { releaseClaims } from '../../../src/store/notifications/claims';
import { holdNotification } from '../../../src/store/notifications/transitions';
import { countNotBegun, countPending, findRelease, releasePage } from '../../../src/store/subscriptions/releasing';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { notificationRow, setNotification, setSubscription } from '../../support/rows';
import { acceptOne, seed, type Seeded } from '../../support/seed';
import { until } from '../../support/until';

let database: TestDatabase;
let seeded: Seeded;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/', timeoutSeconds: 7 });
});

const setOurs = (assignments: string) => setSubscription(database.db, seeded.subscriptionId, assignments);
const row = ({ notificationId }: AcceptedNotification, db: Executor = database.db) =>
  notificationRow(db, notificationId);
const release = (limit = 100, db: Executor = database.db) => releasePage(db, seeded.subscriptionId, 'mine', limit);

/** A notification that was held when it was accepted, and has no workflow. */
async function held(assignments = ''): Promise<AcceptedNotification> {
  const [notification] = await acceptOne(database.db, seeded);
  const id = notification!.notificationId;
  await setNotification(database.db, id, "status = 'held', claimed_by = null, claimed_until = '-infinity'");
  if (assignments) await setNotification(database.db, id, assignments);
  return notification!;
}

it('a page of a release has the first held notifications, in order of acceptance', async () => {
  const ids = [];
  for (let count = 0; count < 3; count++) ids.push((await held()).notificationId);
  expect((await release(2)).map(({ notificationId }) => notificationId)).toEqual(ids.slice(0, 2));
  expect((await release(2)).map(({ notificationId }) => notificationId)).toEqual(ids.slice(2));
});

it('a release claims what was accepted as held', async () => {
  await setOurs('enabled = false');
  await acceptOne(database.db, seeded);
  await setOurs('enabled = true');
  expect(await release()).toMatchObject([{ claimed: true }]);
});

it('a release claims nothing whose claim was left to its workflow, which holds it', async () => {
  const notification = await held();
  await release();
  await releaseClaims(database.db, [notification.notificationId], 'mine');
  await setOurs('enabled = false');
  await holdNotification(database.db, notification.notificationId);
  await setOurs('enabled = true');
  expect(await release()).toMatchObject([{ claimed: false }]);
});

it('a release claims a first attempt for the wait for a slot and the timeout', async () => {
  const notification = await held();
  await database.db.transaction(async (db) => {
    expect(await release(1, db)).toMatchObject([{ claimed: true }]);
    expect(await row(notification, db)).toMatchObject({
      status: 'pending',
      claimed_by: 'mine',
      seconds_of_claim: 7 + HEAD_START_WAIT_SECONDS,
    });
  });
});

it.each([
  ['a workflow holds', 'claimed_until = null'],
  ['was attempted before', 'attempt_count = 1'],
  ['was opened again', "opened_at = created_at + interval '1 second'"],
  ['was released before, and has a workflow since', "claimed_until = now() - interval '1 hour'"],
])('a release claims no notification that %s', async (_, assignments) => {
  const notification = await held(assignments);
  expect(await release()).toMatchObject([{ notificationId: notification.notificationId, claimed: false }]);
  expect(await row(notification)).toMatchObject({ status: 'pending', claimed_by: null });
});

it.each([
  ['has a rate limit', 'rate_limit_per_second = 1'],
  ['is in the slow lane', "slow_until = now() + interval '1 minute'"],
  ['has a timeout for the slow lane', 'timeout_seconds = 16'],
])('a release claims nothing of a subscription that %s', async (_, assignments) => {
  await held();
  await setOurs(assignments);
  expect(await release()).toMatchObject([{ claimed: false }]);
});

it('a release claims first attempts of a subscription that left the slow lane', async () => {
  await held();
  await setOurs("slow_until = now() - interval '1 second'");
  expect(await release()).toMatchObject([{ claimed: true }]);
});

it('a release takes nothing of a subscription that was disabled again', async () => {
  const notification = await held();
  await setOurs('enabled = false');
  expect(await release()).toEqual([]);
  expect((await row(notification)).status).toBe('held');
});

it('a release leaves out a notification that is cancelled in the same instant', async () => {
  const notification = await held();
  let releasing: Promise<unknown[]> | undefined;
  await database.db.transaction(async (db) => {
    await setNotification(db, notification.notificationId, "status = 'cancelled'");
    releasing = release();
    // It waits for the lock of the row.
    await until(async () => {
      const { rows } = await database.db.query<{ waiting: number }>({
        text: "select count(*) as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      });
      return rows[0]!.waiting > 0;
    }, Boolean);
  });
  expect(await releasing).toEqual([]);
  expect((await row(notification)).status).toBe('cancelled');
});

it('a release notes its first backlog and how many it has released since', async () => {
  for (let count = 0; count < 3; count++) await held();
  await release(2);
  expect(await findRelease(database.db, seeded.subscriptionId)).toEqual({ backlog: 3, released: 2 });
  await held();
  await release(2);
  expect(await findRelease(database.db, seeded.subscriptionId)).toEqual({ backlog: 3, released: 4 });
});

it('a release counts those that wait for their attempt, and those whose workflow has not begun it', async () => {
  const [waiting, begun, over] = [await held(), await held(), await held()];
  const ids = [waiting, begun, over].map(({ notificationId }) => notificationId);
  await setNotification(database.db, ids[0]!, "status = 'pending', claimed_until = now() - interval '1 second'");
  await setNotification(database.db, ids[1]!, "status = 'pending', claimed_until = now() + interval '1 minute'");
  await setNotification(database.db, ids[2]!, "status = 'delivered'");
  expect(await countPending(database.db, ids)).toBe(2);
  expect(await countNotBegun(database.db, ids)).toBe(1);
});
