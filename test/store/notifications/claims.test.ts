import type { AcceptedNotification } from '../../../src/domain/acceptance';
import { HEAD_START_WAIT_SECONDS, RECONCILE_AFTER_SECONDS } from '../../../src/domain/delivery';
import { acceptEvents } from '../../../src/store/notifications/accept';
import {
  claimFirstAttempt,
  claimUnattempted,
  endClaims,
  findUnfinished,
  releaseClaims,
  renewClaims,
} from '../../../src/store/notifications/claims';
import { loadDeliveries } from '../../../src/store/notifications/load-deliveries';
import { acceptTriggered } from '../../../src/store/notifications/trigger';
import { newUuid } from '../../../src/domain/ids';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { notificationRow, setNotification, setSubscription } from '../../support/rows';
import { eventFor, seed, type Seeded } from '../../support/seed';

/** Who makes a first attempt, and until when nobody else does. */
let database: TestDatabase;
let seeded: Seeded;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/', timeoutSeconds: 15 });
});

const setOurs = (assignments: string) => setSubscription(database.db, seeded.subscriptionId, assignments);
const set = ({ notificationId }: AcceptedNotification, assignments: string) =>
  setNotification(database.db, notificationId, assignments);
const row = ({ notificationId }: AcceptedNotification) => notificationRow(database.db, notificationId);

async function accept(processId: string | null = 'process'): Promise<AcceptedNotification> {
  const [result] = await acceptEvents(database.db, [eventFor(seeded)], processId);
  if (result?.kind !== 'accepted') throw new Error('not accepted');
  return result.notifications[0]!;
}

async function trigger(): Promise<AcceptedNotification> {
  const { uuid, type, timestamp, data } = eventFor(seeded);
  const event = { uuid, type, timestamp, data, productId: seeded.productId, chosenByCustomer: false };
  return (await acceptTriggered(database.db, event, seeded.subscriptionId, 'process'))!;
}

const FAILED_HEAD_START = "attempt_count = 1, last_attempt_key = 'head:process'";

/** States of a subscription in which its first attempts are the workflow's to make. */
const UNCLAIMABLE = [
  ['settles what was held before', 'settling_since = now()', 'fast'],
  ['is in the slow lane for a while', "slow_until = now() + interval '1 minute'", 'slow'],
  ['has a timeout too long for the fast lane', 'timeout_seconds = 16', 'slow'],
  ['has a rate limit', 'rate_limit_per_second = 5', 'fast'],
  ['is disabled', 'enabled = false', 'fast'],
] as const;

describe.each([
  ['an accepted event', () => accept()],
  ['a triggered event', () => trigger()],
])('the first attempt for %s', (_, take) => {
  it('is claimed for the timeout and the wait for a turn, and the reconciler comes after that', async () => {
    const notification = await take();
    expect(notification).toMatchObject({ claimed: true, lane: 'fast' });
    const { claimed_by: by, claimed_until: until, reconcile_after: reconcile } = await row(notification);
    const { rows } = await database.db.query<{ created_at: Date }>({
      text: 'select created_at from notifications where event_type = $1',
      values: [seeded.eventType],
    });
    expect(by).toBe('process');
    expect((until!.getTime() - rows[0]!.created_at.getTime()) / 1000).toBe(15 + HEAD_START_WAIT_SECONDS);
    expect((reconcile!.getTime() - until!.getTime()) / 1000).toBe(RECONCILE_AFTER_SECONDS);
  });

  it.each(UNCLAIMABLE)('is not claimed if the subscription %s', async (_1, assignments, lane) => {
    await setOurs(assignments);
    const notification = await take();
    expect(notification).toMatchObject({ claimed: false, lane });
    // One that is held has no workflow, which its claim says.
    const { claimed_by: by, claimed_until: until, status } = await row(notification);
    expect([by, until]).toEqual([null, status === 'held' ? -Infinity : null]);
  });

  it('is claimed again, in the fast lane, once the time in the slow lane is over', async () => {
    await setOurs("slow_until = now() - interval '1 second'");
    expect(await take()).toMatchObject({ claimed: true, lane: 'fast' });
  });
});

it('leaves the first attempt unclaimed if nobody asks for it, and lets the reconciler come soon', async () => {
  const notification = await accept(null);
  expect(notification.claimed).toBe(false);
  const { claimed_until: until, seconds_to_reconcile: seconds } = await row(notification);
  expect(until).toBeNull();
  expect(seconds).toBeLessThanOrEqual(RECONCILE_AFTER_SECONDS);
});

describe('claiming first attempts that nobody made', () => {
  const claim = async (notification: AcceptedNotification, processId = 'mine') =>
    (await claimUnattempted(database.db, [notification.notificationId], processId)).length === 1;

  it('renews the claim for the timeout and the wait for a turn', async () => {
    const notification = await accept(null);
    const after = await database.db.transaction(async (db) => {
      await claimUnattempted({ ...database.db, ...db }, [notification.notificationId], 'mine');
      return notificationRow(db, notification.notificationId);
    });
    expect(after).toMatchObject({
      claimed_by: 'mine',
      seconds_of_claim: 15 + HEAD_START_WAIT_SECONDS,
      seconds_to_reconcile: 15 + HEAD_START_WAIT_SECONDS + RECONCILE_AFTER_SECONDS,
    });
  });

  it.each([
    ['its own claim', 'mine', 'later', true],
    ['a lapsed claim of another process', 'another', 'past', true],
    ['a live claim of another process', 'another', 'later', false],
  ])('decides by %s', async (_, processId, until, claimed) => {
    const notification = await accept(processId);
    if (until === 'past') await set(notification, "claimed_until = now() - interval '1 second'");
    expect(await claim(notification)).toBe(claimed);
  });

  it('leaves a lapsed claim to its owner while Postgres was away until a moment ago, and keeps its own', async () => {
    const justBack = { ...database.db, wasAway: () => true };
    const [theirs, mine, free] = [await accept('another'), await accept('mine'), await accept(null)];
    for (const each of [theirs, mine]) await set(each, "claimed_until = now() - interval '1 minute'");
    const ids = [theirs, mine, free].map(({ notificationId }) => notificationId);
    const [loaded] = await loadDeliveries(justBack, ids);
    expect(loaded!.claimedBy).toBe('another');
    expect(await findUnfinished(justBack, [theirs.notificationId], 'mine')).toMatchObject([{ state: 'claimed' }]);
    expect(await claimFirstAttempt(justBack, theirs.notificationId, { processId: 'mine', seconds: 1 })).toBe(false);
    const claimed = await claimUnattempted(justBack, ids, 'mine');
    expect(claimed.map(({ notificationId }) => notificationId).sort()).toEqual(ids.slice(1).sort());
    expect(await claimFirstAttempt(database.db, theirs.notificationId, { processId: 'mine', seconds: 1 })).toBe(true);
  });

  it.each(UNCLAIMABLE.filter(([, assignments]) => !/settling|enabled/.test(assignments)))(
    'leaves them to the workflow if the subscription %s',
    async (_, assignments) => {
      const notification = await accept(null);
      await setOurs(assignments);
      expect(await claim(notification)).toBe(false);
    },
  );

  it.each([
    ['was attempted', 'attempt_count = 1'],
    ['is held', "status = 'held'"],
    ['was cancelled', "status = 'cancelled'"],
    ['was opened again', "opened_at = now() + interval '1 second'"],
  ])('leaves alone a notification that %s', async (_, assignments) => {
    const notification = await accept(null);
    await set(notification, assignments);
    expect(await claim(notification)).toBe(false);
  });

  it('claims those of the fast lane once the time in the slow lane is over', async () => {
    const notification = await accept(null);
    await setOurs("slow_until = now() - interval '1 second'");
    expect(await claim(notification)).toBe(true);
  });
});

describe('renewing claims on first attempts that wait for a slot', () => {
  const renew = async ({ notificationId }: AcceptedNotification) =>
    (await renewClaims(database.db, [notificationId], 'mine')).length === 1;

  it('renews the claim for the timeout and the wait for a turn, and returns the host as it is now', async () => {
    const notification = await accept('mine');
    await set(notification, "claimed_until = now() + interval '5 seconds'");
    await setOurs("url = 'https://moved.example:8443/'");
    const { notificationId } = notification;
    const { renewed, after } = await database.db.transaction(async (db) => ({
      renewed: await renewClaims(db, [notificationId], 'mine'),
      after: await notificationRow(db, notificationId),
    }));
    expect(renewed).toEqual([{ notificationId, host: 'moved.example:8443' }]);
    expect(after).toMatchObject({
      claimed_by: 'mine',
      seconds_of_claim: 15 + HEAD_START_WAIT_SECONDS,
      seconds_to_reconcile: 15 + HEAD_START_WAIT_SECONDS + RECONCILE_AFTER_SECONDS,
    });
  });

  it('does not renew the claim of another process, one that has lapsed, or one that was released', async () => {
    const [theirs, lapsed, released] = [await accept('another'), await accept('mine'), await accept('mine')];
    await set(lapsed, "claimed_until = now() - interval '1 second'");
    await releaseClaims(database.db, [released.notificationId], 'mine');
    for (const each of [theirs, lapsed, released]) expect(await renew(each)).toBe(false);
  });

  it.each(UNCLAIMABLE.filter(([, assignments]) => !/settling|enabled/.test(assignments)))(
    'does not renew it if the subscription %s',
    async (_, assignments) => {
      const notification = await accept('mine');
      await setOurs(assignments);
      expect(await renew(notification)).toBe(false);
    },
  );

  it('does not renew the claim on a notification that was attempted', async () => {
    const notification = await accept('mine');
    await set(notification, 'attempt_count = 1');
    expect(await renew(notification)).toBe(false);
  });
});

describe('members of a burst that are not done', () => {
  const stateOf = async ({ notificationId }: AcceptedNotification) =>
    (await findUnfinished(database.db, [notificationId], 'mine')).map(({ state }) => state);

  it.each([
    ['were never attempted', 'process', 'claimed_until = null', 'unattempted'],
    ['are claimed by this process', 'mine', 'attempt_count = 0', 'unattempted'],
    ['another process has claimed', 'process', 'attempt_count = 0', 'claimed'],
    ['another process let lapse', 'process', "claimed_until = now() - interval '1 second'", 'unattempted'],
    ['failed their head start', 'process', `${FAILED_HEAD_START}, status = 'retrying'`, 'failed'],
    ['failed their head start for good', 'process', `${FAILED_HEAD_START}, status = 'failed'`, 'failed'],
  ])('include those that %s', async (_, processId, assignments, state) => {
    const notification = await accept(processId);
    await set(notification, assignments);
    expect(await stateOf(notification)).toEqual([state]);
  });

  it.each([
    ['were delivered', "status = 'delivered', attempt_count = 1, last_attempt_key = 'head:process'"],
    ['were cancelled', "status = 'cancelled'"],
    ['are held', "status = 'held'"],
    ['were opened again by somebody', "opened_at = now() + interval '1 second'"],
    ['failed in a workflow of their own', "status = 'retrying', attempt_count = 1, last_attempt_key = 'run:1'"],
  ])('leave out those that %s', async (_, assignments) => {
    const notification = await accept();
    await set(notification, assignments);
    expect(await stateOf(notification)).toEqual([]);
  });
});

describe('ending the claims of a process that is gone', () => {
  const ended = async (notification: AcceptedNotification) => {
    await database.db.transaction(async (db) => {
      await endClaims(db);
    });
    const { claimed_until: until, seconds_to_reconcile: seconds } = await row(notification);
    return until === null && seconds !== null && seconds <= 0;
  };

  it('ends the claim on an attempt that was not made, for the reconciler to find now', async () => {
    expect(await ended(await accept())).toBe(true);
  });

  it('lets the reconciler find a failed head start that no workflow took over', async () => {
    const notification = await accept();
    await set(notification, "status = 'retrying', attempt_count = 1, last_attempt_key = 'head:process'");
    expect(await ended(notification)).toBe(true);
  });

  it.each([
    ['a workflow goes on with', "status = 'retrying', attempt_count = 1, last_attempt_key = 'run:1'"],
    ['was delivered', "status = 'delivered', last_attempt_key = 'head:process', reconcile_after = null"],
  ])('leaves alone a notification that %s', async (_, assignments) => {
    const notification = await accept();
    await set(notification, assignments);
    const { reconcile_after: before } = await row(notification);
    expect(await ended(notification)).toBe(false);
    expect(await row(notification)).toMatchObject({ reconcile_after: before });
  });

  it('leaves alone a notification whose claim has lapsed', async () => {
    const notification = await accept();
    await set(notification, "claimed_until = now() - interval '1 second'");
    expect(await ended(notification)).toBe(false);
  });
});

it('triggers nothing for a subscription that was deleted', async () => {
  await setOurs('deleted_at = now()');
  const event = { ...eventFor(seeded), uuid: newUuid(), productId: seeded.productId, chosenByCustomer: false };
  expect(await acceptTriggered(database.db, event, seeded.subscriptionId, 'process')).toBeUndefined();
});
