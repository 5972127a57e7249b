import { MockActivityEnvironment } from '@temporalio/testing';
import type { NotificationControl } from '../../src/activities/deps';
import { createRecoverPage } from '../../src/activities/recover-page';
import type { RecoverPageResult } from '../../src/domain/recovery';
import type { Database } from '../../src/store/db/database';
import { closeRecovery, findRecovery, insertRecovery } from '../../src/store/notifications/recoveries';
import { insertFilterRecovery } from '../../src/store/notifications/filter-recoveries';
import { readOutcomes } from '../../src/store/notifications/recovery-items';
import { watched } from '../support/attempt-runner';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { notificationRow, setNotification, setSubscription } from '../support/rows';
import { acceptOne, seed, type Seeded } from '../support/seed';
import { activityDeps } from '../support/activity-deps';

/**
 * One page of a recovery, on a real database; the signals that it sends are noted, and acted on as
 * a test says.
 */
let database: TestDatabase;
let seeded: Seeded;
let retried: string[];
let asked: unknown[];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  retried = [];
  asked = [];
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
});

async function failed(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const [notification] = await acceptOne(database.db, seeded);
    await setNotification(database.db, notification!.notificationId, "status = 'failed', attempt_count = 1");
    ids.push(notification!.notificationId);
  }
  return ids;
}
const statusOf = async (id: string) => (await notificationRow(database.db, id)).status;
const deliver = (id: string) => setNotification(database.db, id, "status = 'delivered'");

async function insert(ratePerSecond: number): Promise<string> {
  const since = new Date(Date.now() - 3_600_000);
  const until = new Date(Date.now() + 3_600_000);
  const { subscriptionId } = seeded;
  return (await insertRecovery(database.db, { subscriptionId, since, until, ratePerSecond })).id;
}

/** @param onRetry - what the workflow does then. @default it delivers */
function page(
  recoveryId: string,
  onRetry: (id: string) => Promise<void> = deliver,
  db: Database = database.db,
): Promise<RecoverPageResult> {
  const control: NotificationControl = {
    start: async () => true,
    async retry({ notificationId }, options) {
      retried.push(notificationId);
      asked.push(options);
      await onRetry(notificationId);
    },
    release: async () => undefined,
    cancel: async () => undefined,
    reschedule: async () => undefined,
  };
  const activity = createRecoverPage(activityDeps({ db, control }));
  return new MockActivityEnvironment().run(activity, { recoveryId });
}

it('retries a notification only after the attempt of the one before', async () => {
  const ids = await failed(3);
  const before: string[][] = [];
  // The attempt is over when somebody asks whether it is.
  const db = watched(database.db, async ({ text, values }) => {
    if (!text.includes('as moved')) return;
    await database.db.query({ text: "update notifications set status = 'delivered' where id = $1", values });
  });
  await page(
    await insert(1000),
    async (id) => void before.push(await Promise.all(ids.slice(0, ids.indexOf(id)).map(statusOf))),
    db,
  );
  expect(retried).toEqual(ids);
  expect(before).toEqual([[], ['delivered'], ['delivered', 'delivered']]);
});

it('retries what the rate allows in five seconds, then asks to be run again after the rest of the time', async () => {
  const ids = await failed(4);
  const { done, waitSeconds } = await page(await insert(0.4));
  expect(retried).toEqual(ids.slice(0, 2));
  expect(asked).toEqual(Array(2).fill({ reopened: true, attempts: 1 }));
  expect(done).toBe(false);
  expect(waitSeconds).toBeGreaterThan(0);
});

it('retries one notification a page where the rate is lower than that', async () => {
  const ids = await failed(2);
  await page(await insert(0.1));
  expect(retried).toEqual(ids.slice(0, 1));
});

it('is completed once nothing is left, and not before', async () => {
  await failed(1);
  const id = await insert(1000);
  expect((await page(id)).done).toBe(false);
  expect(await findRecovery(database.db, id, {})).toMatchObject({ status: 'running' });
  expect(await page(id)).toEqual({ done: true, waitSeconds: 0 });
  expect(await findRecovery(database.db, id, {})).toMatchObject({ status: 'completed', retried: 1 });
});

it('stops at the notification at which it was cancelled, and is done with the next page', async () => {
  const ids = await failed(3);
  const id = await insert(1000);
  const first = await page(id, async (notificationId) => {
    await deliver(notificationId);
    await closeRecovery(database.db, id, 'cancelled');
  });
  expect(first).toEqual({ done: false, waitSeconds: 0 });
  expect(retried).toEqual(ids.slice(0, 1));
  expect(await page(id)).toEqual({ done: true, waitSeconds: 0 });
});

it('fails if its subscription was deleted, although notifications are left', async () => {
  const ids = await failed(1);
  const id = await insert(1000);
  await setSubscription(database.db, seeded.subscriptionId, 'deleted_at = now()');
  expect(await page(id)).toEqual({ done: true, waitSeconds: 0 });
  expect(await findRecovery(database.db, id, {})).toMatchObject({ status: 'failed' });
  expect([retried, await statusOf(ids[0]!)]).toEqual([[], 'failed']);
});

it('signals nothing for a notification that is no longer failed when its turn comes', async () => {
  const ids = await failed(2);
  await page(await insert(1000), async (id) => {
    await deliver(id);
    await deliver(ids[1]!);
  });
  expect(retried).toEqual(ids.slice(0, 1));
});

describe('by filter', () => {
  const cancelled: string[] = [];
  const status = ['failed' as const];
  const insertFilter = async (action: 'retry' | 'cancel', filter: object, total = 0): Promise<string> =>
    (
      await insertFilterRecovery(database.db, {
        action,
        filter: { status, ...filter },
        since: new Date(0),
        until: new Date(Date.now() + 3_600_000),
        ratePerSecond: 1000,
        total,
        productId: null,
        customerId: null,
      })
    ).id;
  const cancelPage = (recoveryId: string) => {
    const control: NotificationControl = {
      start: async () => true,
      retry: async () => undefined,
      release: async () => undefined,
      cancel: async (id) => void cancelled.push(id),
      reschedule: async () => undefined,
    };
    return new MockActivityEnvironment().run(createRecoverPage(activityDeps({ db: database.db, control })), {
      recoveryId,
    });
  };

  it('retries what matches in turns by customer, lists it with its outcome, and is completed then', async () => {
    const many = await failed(3);
    const { customerId: first } = seeded;
    seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
    const few = await failed(1);
    const productIds = [first, seeded.customerId];
    // Only these two customers: other tests left failed notifications behind.
    await database.db.query({
      text: "update notifications set status = 'delivered' where customer_id <> all ($1)",
      values: [productIds],
    });
    const id = await insertFilter('retry', {}, 4);
    expect((await page(id)).done).toBe(false);
    expect(retried).toEqual([many[0], few[0], many[1], many[2]]);
    expect(asked).toEqual(Array(4).fill({ reopened: true, attempts: 1 }));
    expect(await page(id)).toEqual({ done: true, waitSeconds: 0 });
    expect(await findRecovery(database.db, id, {})).toMatchObject({ status: 'completed', retried: 4, skipped: 0 });
    await setNotification(database.db, many[1]!, "status = 'failed'");
    await setNotification(database.db, many[2]!, "status = 'retrying'");
    expect(await readOutcomes(database.db, id)).toEqual({ delivered: 2, failed: 1, waiting: 1, cancelled: 0 });
  });

  it('retries a notification once, also if it fails again immediately', async () => {
    const ids = await failed(2);
    const id = await insertFilter('retry', { customerId: seeded.customerId });
    await page(id, (notificationId) => setNotification(database.db, notificationId, "status = 'failed'"));
    expect((await page(id)).done).toBe(true);
    expect(retried).toEqual(ids);
  });

  it('is completed although a notification was delivered before its turn', async () => {
    const ids = await failed(2);
    const id = await insertFilter('retry', { customerId: seeded.customerId }, 2);
    await page(id, async (notificationId) => {
      await deliver(notificationId);
      await deliver(ids[1]!);
    });
    expect((await page(id)).done).toBe(true);
    expect(retried).toEqual(ids.slice(0, 1));
    expect(await findRecovery(database.db, id, {})).toMatchObject({ status: 'completed', retried: 1, skipped: 1 });
    expect(await readOutcomes(database.db, id)).toMatchObject({ delivered: 1 });
  });

  it('makes due what waits for its next attempt or its turn, and leaves alone what is being started', async () => {
    const [waiting, inLine, starting] = await failed(3);
    const open = 'finished_at = null, reconcile_after = null, next_attempt_at = ';
    const later = "now() + interval '2 h'";
    await setNotification(database.db, waiting!, `status = 'retrying', ${open} ${later}`);
    await setNotification(
      database.db,
      inLine!,
      `status = 'pending', rate_seq = 7, attempt_count = 0, ${open} ${later}`,
    );
    await setNotification(database.db, starting!, `status = 'pending', ${open} null`);
    const id = await insertFilter('retry', { customerId: seeded.customerId, status: ['retrying', 'pending'] }, 3);
    await page(id, async () => undefined);
    expect(retried).toEqual([waiting, inLine]);
    expect(asked).toEqual([
      { reopened: false, attempts: 1 },
      { reopened: false, attempts: 0 },
    ]);
    for (const [notificationId, status] of [
      [waiting!, 'retrying'],
      [inLine!, 'pending'],
    ] as const) {
      const row = await notificationRow(database.db, notificationId);
      expect(row).toMatchObject({ status, retry_asked: true });
      expect(row.next_attempt_at!.getTime()).toBeLessThan(Date.now() + 1000);
      // The reconciler finds it if the signal is lost.
      expect(row.reconcile_after).not.toBeNull();
    }
    expect(await notificationRow(database.db, starting!)).toMatchObject({ retry_asked: false, next_attempt_at: null });
    expect((await page(id)).done).toBe(true);
    expect(await findRecovery(database.db, id, {})).toMatchObject({ status: 'completed', retried: 2, skipped: 1 });
  });

  it('cancels open notifications and signals their workflows', async () => {
    const ids = await failed(2);
    for (const id of ids) await setNotification(database.db, id, "status = 'retrying', finished_at = null");
    const id = await insertFilter('cancel', { customerId: seeded.customerId, status: ['retrying'] });
    await cancelPage(id);
    expect(cancelled).toEqual(ids);
    expect(await Promise.all(ids.map(statusOf))).toEqual(['cancelled', 'cancelled']);
    expect(((await cancelPage(id)) as RecoverPageResult).done).toBe(true);
    expect(await readOutcomes(database.db, id)).toMatchObject({ cancelled: 2 });
  });

  it('stops at the notification at which it was cancelled', async () => {
    const ids = await failed(3);
    const id = await insertFilter('retry', { customerId: seeded.customerId });
    await page(id, async () => void (await closeRecovery(database.db, id, 'cancelled')));
    expect(retried).toEqual(ids.slice(0, 1));
    expect((await page(id)).done).toBe(true);
  });
});
