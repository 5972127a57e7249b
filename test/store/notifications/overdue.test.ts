import type { AcceptedNotification } from '../../../src/domain/acceptance';
import { checkAgain, checkNow, endCheck, findStillOpen, OverdueSweep } from '../../../src/store/notifications/overdue';
import { OpenCounts } from '../../../src/store/notifications/open-counts';
import { markDue, reopenNotification } from '../../../src/store/notifications/reopen';
import { newUuid, uuidOf } from '../../../src/domain/ids';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { notificationRow, setNotification, setSubscription } from '../../support/rows';
import { acceptOne, seed, type Seeded } from '../../support/seed';

/** What the reconciler takes up, and what it learns of each notification. */
let database: TestDatabase;
let seeded: Seeded;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
});

const setOurs = (assignments: string) => setSubscription(database.db, seeded.subscriptionId, assignments);
const set = ({ notificationId }: AcceptedNotification, assignments: string) =>
  setNotification(database.db, notificationId, assignments);
const row = ({ notificationId }: AcceptedNotification) => notificationRow(database.db, notificationId);
const accept = async () => (await acceptOne(database.db, seeded))[0]!;

describe('overdue notifications', () => {
  const overdue = async () => {
    const notification = await accept();
    await set(notification, "reconcile_after = now() - interval '1 second'");
    return notification;
  };
  const take = (limit = 100) => new OverdueSweep(database.db).take(limit, 60);
  beforeEach(() => database.db.query({ text: 'update notifications set reconcile_after = null' }));

  it('are taken once within the given time, the longest overdue first', async () => {
    const first = await overdue();
    const second = await overdue();
    await set(second, "reconcile_after = now() - interval '1 hour'");
    await accept();
    expect((await take(1)).map(({ notificationId }) => notificationId)).toEqual([second.notificationId]);
    expect((await take()).map(({ notificationId }) => notificationId)).toEqual([first.notificationId]);
    expect(await take()).toEqual([]);
    expect((await row(first)).seconds_to_reconcile).toBeGreaterThan(0);
  });

  it('are found and counted if the clock of the process that accepted them was days ahead', async () => {
    const [ahead] = await acceptOne(database.db, seeded, { uuid: newUuid(Date.now() + 5 * 86_400_000) });
    await set(ahead!, "reconcile_after = now() - interval '1 second'");
    expect((await new OpenCounts(database.db).read()).byStatus.pending!.count).toBeGreaterThan(0);
    expect(await take()).toMatchObject([{ notificationId: ahead!.notificationId }]);
    await database.db.query({
      text: 'delete from notifications where id = $1',
      values: [uuidOf(ahead!.notificationId)],
    });
  });

  it('are taken again sooner if they could not be checked', async () => {
    const notification = await overdue();
    await take();
    await checkAgain(database.db, [notification.notificationId], 0);
    expect(await take()).toMatchObject([{ notificationId: notification.notificationId }]);
    await set(notification, "status = 'delivered', reconcile_after = null");
    await checkAgain(database.db, [notification.notificationId], 0);
    expect(await take()).toEqual([]);
  });

  it('include held ones that are to be checked now, until the check ends, and no closed ones', async () => {
    const [held, closed] = [await accept(), await accept()];
    await set(held, "status = 'held', reconcile_after = null");
    await set(closed, "status = 'delivered', reconcile_after = null");
    await checkNow(database.db, [held.notificationId, closed.notificationId, 'no-id']);
    expect(await take()).toMatchObject([{ notificationId: held.notificationId, status: 'held' }]);
    await endCheck(database.db, held.notificationId);
    expect((await row(held)).reconcile_after).toBeNull();
  });

  it('need a start only if they are open', async () => {
    const [pending, cancelled, held] = [await overdue(), await overdue(), await overdue()];
    await set(cancelled, "status = 'cancelled'");
    await set(held, "status = 'held'");
    const ids = [pending, cancelled, held].map(({ notificationId }) => notificationId);
    expect(await findStillOpen(database.db, ids)).toEqual([pending.notificationId]);
  });

  it('say whether they were reopened', async () => {
    const [fresh, reopened] = [await overdue(), await overdue()];
    await set(reopened, "opened_at = created_at + interval '1 minute'");
    expect((await take()).map((one) => [one.notificationId, one.reopened])).toEqual([
      [fresh.notificationId, false],
      [reopened.notificationId, true],
    ]);
  });

  it('are left to the process that is taking them at this moment', async () => {
    const [locked, free] = [await overdue(), await overdue()];
    const meanwhile = () =>
      database.db.transaction(async (db) => {
        await db.query({ text: "set local lock_timeout = '2 s'" });
        return new OverdueSweep(db).take(100, 60);
      });
    await database.db.transaction(async (db) => {
      expect(await new OverdueSweep(db).take(1, 60)).toMatchObject([{ notificationId: locked.notificationId }]);
      expect(await meanwhile()).toMatchObject([{ notificationId: free.notificationId }]);
    });
  });

  it('count as never attempted only if they were accepted and nothing happened since', async () => {
    const fresh = await overdue();
    const attempted = await overdue();
    await set(attempted, "attempt_count = 1, status = 'retrying'");
    const reopened = await overdue();
    await set(reopened, "status = 'failed'");
    await reopenNotification(database.db, reopened.notificationId);
    await set(reopened, "reconcile_after = now() - interval '1 second'");
    const taken = new Map((await take()).map((one) => [one.notificationId, one.unattempted]));
    expect(taken).toEqual(
      new Map([
        [fresh.notificationId, true],
        [attempted.notificationId, false],
        [reopened.notificationId, false],
      ]),
    );
  });

  it('say whether somebody asked for the next attempt, which only a waiting one can be', async () => {
    const waiting = await overdue();
    await set(waiting, "status = 'retrying'");
    const pending = await overdue();
    for (const one of [waiting, pending]) {
      await markDue(database.db, one.notificationId);
      await set(one, "reconcile_after = now() - interval '1 second'");
    }
    const asked = (await take()).filter(({ retryAsked }) => retryAsked);
    expect(asked.map(({ notificationId }) => notificationId)).toEqual([waiting.notificationId]);
  });

  it('go on at the step of the ladder that they had reached', async () => {
    const steps = [];
    for (const assignments of [
      'attempt_count = 0',
      "attempt_count = 2, last_attempt_key = 'run:2'",
      "attempt_count = 5, ladder_base = 3, last_attempt_key = 'run:5'",
      "attempt_count = 1, last_attempt_key = 'head:process'",
    ]) {
      const one = await overdue();
      await set(one, assignments);
      steps.push((await take())[0]!.step);
    }
    expect(steps).toEqual([0, 2, 2, 0]);
  });

  it('are in the lane that their subscription is in now', async () => {
    const lanes = [];
    for (const assignments of [
      'slow_until = null',
      "slow_until = now() + interval '1 minute'",
      "slow_until = now() - interval '1 minute'",
      'timeout_seconds = 16, slow_until = null',
    ]) {
      await overdue();
      await setOurs(assignments);
      lanes.push((await take())[0]!.lane);
    }
    expect(lanes).toEqual(['fast', 'slow', 'fast', 'slow']);
  });
});

describe('the open notifications for the metrics', () => {
  beforeEach(() => database.db.query({ text: 'delete from notifications' }));

  it('are counted by status, with the time at which the oldest was opened', async () => {
    const [first] = [await accept(), await accept()];
    await set(first!, "opened_at = '2026-01-01T00:00:00Z'");
    const closed = await accept();
    await set(closed, "status = 'delivered'");
    expect(await new OpenCounts(database.db).read()).toEqual({
      byStatus: {
        pending: { count: 2, oldestOpenedAt: new Date('2026-01-01T00:00:00Z') },
        delivering: { count: 0, oldestOpenedAt: null },
        retrying: { count: 0, oldestOpenedAt: null },
        held: { count: 0, oldestOpenedAt: null },
      },
      overdue: 1,
    });
  });

  it.each([
    [1, "status = 'retrying', next_attempt_at = now() - interval '61 seconds'"],
    [0, "status = 'retrying', next_attempt_at = now() - interval '50 seconds'"],
    [1, "opened_at = now() - interval '61 seconds', claimed_until = now() - interval '65 seconds'"],
    [0, "opened_at = now() - interval '1 hour', claimed_until = now()"],
    [0, "opened_at = now() - interval '1 hour', next_attempt_at = now() + interval '1 second'"],
    [0, "status = 'held', opened_at = now() - interval '1 hour'"],
  ])('count %i as overdue if %s', async (overdue, assignments) => {
    await set(await accept(), assignments);
    expect((await new OpenCounts(database.db).read()).overdue).toBe(overdue);
  });
});
