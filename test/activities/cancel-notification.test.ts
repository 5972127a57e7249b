import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities } from '../../src/activities';
import { createMetrics } from '../../src/process/metrics';
import type { DeliverNotificationResult } from '../../src/domain/delivery';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { notificationRow, setNotification } from '../support/rows';
import { acceptOne, seed } from '../support/seed';
import { activityDeps } from '../support/activity-deps';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const metrics = createMetrics();
async function cancel(notificationId: string): Promise<DeliverNotificationResult> {
  const { cancelNotification } = createActivities(activityDeps({ db: database.db, metrics }));
  return new MockActivityEnvironment().run(cancelNotification, { notificationId });
}

it.each([
  ['pending', 'cancelled'],
  ['retrying', 'cancelled'],
  ['held', 'cancelled'],
  ['cancelled', 'cancelled'],
  ['delivered', 'delivered'],
  ['failed', 'failed'],
])('answers for a notification that was %s that it is %s, which the record says as well', async (before, after) => {
  const seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  const { notificationId } = (await acceptOne(database.db, seeded))[0]!;
  await setNotification(database.db, notificationId, `status = '${before}', attempt_count = 2`);
  expect(await cancel(notificationId)).toEqual({ status: after, attempts: 2 });
  expect((await notificationRow(database.db, notificationId)).status).toBe(after);
});

it('answers that an unknown notification is cancelled', async () => {
  expect(await cancel('ntf_00000000000000000000000000')).toEqual({ status: 'cancelled', attempts: 0 });
});

it('answers that the notification is open if it was reopened after the opening that was cancelled', async () => {
  const seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  const { notificationId } = (await acceptOne(database.db, seeded))[0]!;
  const openedAt = (await notificationRow(database.db, notificationId)).opened_at.toISOString();
  await setNotification(database.db, notificationId, "opened_at = opened_at + interval '1 second'");
  const { cancelNotification } = createActivities(activityDeps({ db: database.db, metrics }));
  expect(await new MockActivityEnvironment().run(cancelNotification, { notificationId, openedAt })).toEqual({
    status: 'cancelled',
    attempts: 0,
    reopened: true,
  });
  expect((await notificationRow(database.db, notificationId)).status).toBe('pending');
});
