import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ActivityDeps } from '../../src/activities/deps';
import { createSettleBatch } from '../../src/activities/settle-batch';
import { decodeId } from '../../src/domain/ids';
import { acceptEvents } from '../../src/store/notifications/accept';
import { markRateChanged } from '../../src/store/subscriptions/rate-wakes';
import { findRelease } from '../../src/store/subscriptions/releasing';
import { findSettling, markSettling } from '../../src/store/subscriptions/settling';
import { activityDeps } from '../support/activity-deps';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { setNotification, setSubscription } from '../support/rows';
import { eventFor, seed, type Seeded } from '../support/seed';

/** The pace of a release, on a real database. Signals to workflows and launches are recorded. */
const PAGE = 200;
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
const isMarked = async () => (await findSettling(database.db, seeded.subscriptionId))!.since !== null;
const setAll = (ids: readonly string[], assignments: string) =>
  database.db.query({
    text: `update notifications set ${assignments} where id = any($1)`,
    values: [ids.map((id) => decodeId('ntf', id))],
  });

/** Notifications that are held and have no workflow. @returns their ids, in order of acceptance */
async function held(count: number): Promise<string[]> {
  const results = await acceptEvents(
    database.db,
    Array.from({ length: count }, () => eventFor(seeded)),
  );
  const ids = results.flatMap((result) =>
    result.kind === 'accepted' ? result.notifications.map(({ notificationId }) => notificationId) : [],
  );
  await setAll(ids, "status = 'held', claimed_by = null, claimed_until = '-infinity'");
  return ids;
}

function settle({
  release = async () => undefined,
  start = async () => true,
  launch = () => undefined,
}: {
  release?(notificationId: string): Promise<void>;
  start?(notificationId: string): Promise<boolean>;
  launch?(notificationIds: string[]): void;
}) {
  const deps = activityDeps({ db: database.db });
  const launchReleased: ActivityDeps['launchReleased'] = (notifications) => {
    if (notifications.length > 0) launch(notifications.map(({ notificationId }) => notificationId));
  };
  const control = {
    ...deps.control,
    release: ({ notificationId }: { notificationId: string }) => release(notificationId),
    start: ({ notificationId }: { notificationId: string }) => start(notificationId),
  };
  const activity = createSettleBatch({ ...deps, control, launchReleased });
  return new MockActivityEnvironment().run(activity, { subscriptionId: seeded.subscriptionId });
}
const mark = () => markSettling(database.db, { subscriptionId: seeded.subscriptionId });

it('a release launches what has no workflow after the workflows of earlier notifications have begun', async () => {
  const [withWorkflow, without] = await held(2);
  await setNotification(database.db, withWorkflow!, 'claimed_until = null');
  await mark();
  let begun = false;
  const launched: [string[], boolean][] = [];
  await settle({
    release: async (id) => {
      void sleep(200).then(async () => {
        begun = true;
        await setNotification(database.db, id, "claimed_until = now() + interval '1 minute'");
      });
    },
    launch: (ids) => void launched.push([ids, begun]),
  });
  expect(launched).toEqual([[[without], true]]);
});

it('a release starts the workflows of those in the line of a rate limit, which begin at their turns', async () => {
  const ids = await held(3);
  await setSubscription(database.db, seeded.subscriptionId, 'rate_limit_per_second = 1');
  await setNotification(database.db, ids[0]!, 'claimed_until = null');
  await mark();
  const calls: string[] = [];
  await settle({
    release: async (id) => void calls.push(`release ${id}`),
    start: async (id) => {
      calls.push(`start ${id}`);
      return id !== ids[2];
    },
  });
  // The last one has a workflow, although it should not.
  expect(calls.toSorted()).toEqual([`release ${ids[0]}`, `release ${ids[2]}`, `start ${ids[1]}`, `start ${ids[2]}`]);
});

it('a release launches the next page when half of the last one has been answered', async () => {
  const ids = await held(PAGE + 1);
  await mark();
  let answered = false;
  const launched: [number, boolean][] = [];
  await settle({
    launch: (page) => {
      launched.push([page.length, answered]);
      if (launched.length === 1)
        void sleep(300).then(async () => {
          answered = true;
          await setAll(ids.slice(0, PAGE / 2), "status = 'delivered'");
        });
    },
  });
  expect(launched).toEqual([
    [PAGE, false],
    [1, true],
  ]);
  expect(await findRelease(database.db, seeded.subscriptionId)).toBeUndefined();
});

describe('while a backlog is released, new notifications', () => {
  /** @returns whether new ones still queued while the last page was released */
  async function queuedAtLastPage(): Promise<boolean | undefined> {
    // In the slow lane, pages follow when attempts have begun. Here they begin immediately.
    await setOurs('timeout_seconds = 60');
    const ids = await held(PAGE + 1);
    await mark();
    let queued: boolean | undefined;
    await settle({
      release: async (id) => {
        if (id === ids[PAGE]) queued = await isMarked();
        await setNotification(database.db, id, "status = 'delivering'");
      },
    });
    return queued;
  }

  it('queue behind it', async () => {
    expect(await queuedAtLastPage()).toBe(true);
  });

  it('pass once it was released twice over, since the release cannot catch up', async () => {
    await database.db.query({
      text: 'insert into releases (subscription_id, backlog, released) values ($1, 10, 500)',
      values: [decodeId('sub', seeded.subscriptionId)],
    });
    expect(await queuedAtLastPage()).toBe(false);
  });
});

it('a settlement wakes those that wait for their turn after the rate limit was changed', async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/', rateLimitPerSecond: 100 });
  const results = await acceptEvents(database.db, [eventFor(seeded)]);
  const [result] = results;
  if (result?.kind !== 'accepted') throw new Error('not accepted');
  const { notificationId } = result.notifications[0]!;
  await setNotification(
    database.db,
    notificationId,
    "next_attempt_at = now() + interval '1 hour', reconcile_after = now() + interval '61 minutes'",
  );
  await markRateChanged(database.db, seeded.subscriptionId);
  const released: string[] = [];
  await settle({ release: async (id) => void released.push(id) });
  expect(released).toEqual([notificationId]);
});
