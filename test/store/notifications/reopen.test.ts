import type { AcceptedNotification } from '../../../src/domain/acceptance';
import { decodeId } from '../../../src/domain/ids';
import { markDue, releaseForRetry, reopenNotification } from '../../../src/store/notifications/reopen';
import { findRelease } from '../../../src/store/subscriptions/releasing';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { notificationRow, setNotification, setSubscription } from '../../support/rows';
import { acceptOne, seed, type Seeded } from '../../support/seed';

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

describe('opening a notification again', () => {
  it.each(['failed', 'cancelled', 'delivered'])('begins a new ladder for one that is %s', async (status) => {
    const notification = await accept();
    await set(
      notification,
      `status = '${status}', attempt_count = 4, finished_at = now(), next_attempt_at = now(), reconcile_after = null`,
    );
    await setOurs("retry_schedule = '{7}'");
    expect(await reopenNotification(database.db, notification.notificationId, status === 'delivered')).toMatchObject({
      schedule: [7],
      step: 0,
    });
    expect(await row(notification)).toMatchObject({
      status: 'pending',
      ladder_base: 4,
      finished_at: null,
      next_attempt_at: null,
      reconcile_after: expect.any(Date),
    });
  });

  it.each([
    ['pending', true],
    ['delivering', true],
    ['retrying', true],
    ['held', true],
    ['delivered', false],
  ])('does nothing to one that is %s (force: %s)', async (status, force) => {
    const notification = await accept();
    await set(notification, `status = '${status}'`);
    expect(await reopenNotification(database.db, notification.notificationId, force)).toBeUndefined();
    expect((await row(notification)).status).toBe(status);
  });

  it('does nothing if the subscription was deleted', async () => {
    const notification = await accept();
    await set(notification, "status = 'failed'");
    await setOurs('deleted_at = now()');
    expect(await reopenNotification(database.db, notification.notificationId)).toBeUndefined();
  });
});

it('makes a waiting notification due now and lets the reconciler pick it up', async () => {
  const notification = await accept();
  await set(notification, "status = 'retrying', next_attempt_at = now() + interval '1 hour', reconcile_after = null");
  await markDue(database.db, notification.notificationId);
  const { next_attempt_at: next, seconds_to_reconcile: seconds, retry_asked: asked } = await row(notification);
  expect(next!.getTime()).toBeLessThanOrEqual(Date.now());
  expect(seconds).toBeGreaterThan(0);
  expect(asked).toBe(true);
});

it('makes a notification in the line of a rate limit due now', async () => {
  const notification = await accept();
  await set(notification, "rate_seq = 5, next_attempt_at = now() + interval '1 hour'");
  await markDue(database.db, notification.notificationId);
  const { next_attempt_at: next, retry_asked: asked } = await row(notification);
  expect(next!.getTime()).toBeLessThanOrEqual(Date.now());
  expect(asked).toBe(true);
});

it.each([
  ['the first attempt', "claimed_until = now() + interval '10 seconds'"],
  ['a later attempt', "status = 'delivering'"],
])('notes a retry that is asked for during %s, and does not change when it is due', async (_, state) => {
  const notification = await accept();
  await set(notification, `${state}, reconcile_after = now() + interval '5 minutes'`);
  await markDue(database.db, notification.notificationId);
  const after = await row(notification);
  expect(after).toMatchObject({ next_attempt_at: null, retry_asked: true });
  expect(after.seconds_to_reconcile).toBeGreaterThan(200);
});

it('notes no retry for a notification whose first attempt is about to be made', async () => {
  const notification = await accept();
  await markDue(database.db, notification.notificationId);
  expect(await row(notification)).toMatchObject({ next_attempt_at: null, retry_asked: false });
});

describe('a held notification that is retried', () => {
  it('is released before its turn, if its subscription takes deliveries again', async () => {
    const [first, second] = [await accept(), await accept()];
    for (const held of [first, second]) await set(held, "status = 'held', reconcile_after = null");
    await database.db.query({
      text: 'insert into releases (subscription_id, backlog, released) values ($1, 2, 0)',
      values: [decodeId('sub', seeded.subscriptionId)],
    });
    expect(await releaseForRetry(database.db, second.notificationId)).toBe(true);
    expect(await row(second)).toMatchObject({
      status: 'pending',
      retry_asked: true,
      reconcile_after: expect.any(Date),
    });
    expect((await row(first)).status).toBe('held');
    expect(await findRelease(database.db, seeded.subscriptionId)).toEqual({ backlog: 2, released: 1 });
  });

  it.each([
    ['stays held while its subscription takes no deliveries', "status = 'held'", 'enabled = false', 'held'],
    ['is left alone if it is not held', "status = 'failed'", 'enabled = true', 'failed'],
  ])('%s', async (_, ours, subscription, status) => {
    const notification = await accept();
    await set(notification, ours);
    await setOurs(subscription);
    expect(await releaseForRetry(database.db, notification.notificationId)).toBe(false);
    expect((await row(notification)).status).toBe(status);
  });
});
