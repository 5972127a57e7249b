import { OUT_OF_ORDER_EVENT } from '../../src/domain/operational-events';
import { createRecorder } from '../../src/store/notifications/recorder';
import { publishRaised } from '../../src/store/operational/publish';
import { findSubscription } from '../../src/store/subscriptions/subscriptions';
import { attemptInput, httpResult, testRunner } from '../support/attempt-runner';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { notificationRow } from '../support/rows';
import { acceptOne, seed, seedSubscription } from '../support/seed';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it('a receiver that answers 410 disables its subscription, and operators who follow the event are notified', async () => {
  const url = 'https://receiver.example/';
  const seeded = await seed(database.db, { url });
  await database.db.query({
    text: "insert into customers (id, name, product_id) values ('operators', 'Operators', 'signpost')",
  });
  const operators = { ...seeded, customerId: 'operators', productId: 'signpost', eventType: 'signpost.*' };
  const follower = await seedSubscription(database.db, operators, { url });
  const [notification] = await acceptOne(database.db, seeded);
  const runAttempt = testRunner(database.db, () => httpResult(410));
  expect(await runAttempt(attemptInput(notification!.notificationId))).toMatchObject({ kind: 'failed', attempts: 1 });
  expect(await findSubscription(database.db, seeded.subscriptionId, {})).toMatchObject({ status: 'out-of-order' });
  const { notifications } = await publishRaised(database.db, { eventsPerMinute: 20, quietSeconds: 600 });
  // The event that the subscription is out of order covers that its notification failed for good.
  expect(notifications.map(({ subscriptionId, eventType }) => [subscriptionId, eventType])).toEqual([
    [follower, OUT_OF_ORDER_EVENT],
  ]);
});

it('a crash between the record of a 410 and what follows leaves the notification failed, and not held', async () => {
  const seeded = await seed(database.db, { url: 'https://receiver.example/' });
  const [notification] = await acceptOne(database.db, seeded);
  const recorder = createRecorder(database.db);
  const seen: string[] = [];
  const runAttempt = testRunner(database.db, () => httpResult(410), {
    recorder: async (record) => {
      const recorded = await recorder(record);
      seen.push((await findSubscription(database.db, seeded.subscriptionId, {}))!.status);
      seen.push((await notificationRow(database.db, notification!.notificationId)).status);
      return recorded;
    },
  });
  await runAttempt(attemptInput(notification!.notificationId));
  expect(seen).toEqual(['enabled', 'failed']);
  expect(await findSubscription(database.db, seeded.subscriptionId, {})).toMatchObject({ status: 'out-of-order' });
});
