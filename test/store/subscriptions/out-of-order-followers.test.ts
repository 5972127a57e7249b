import { OUT_OF_ORDER_EVENT } from '../../../src/domain/operational-events';
import { decodeId } from '../../../src/domain/ids';
import { publishRaised } from '../../../src/store/operational/publish';
import { markOutOfOrder, markOutOfOrderIfFailing } from '../../../src/store/subscriptions/out-of-order';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { setSubscription } from '../../support/rows';
import { seed, seedSubscription, type Seeded } from '../../support/seed';

/**
 * Who is notified when a subscription is disabled automatically, and which subscriptions never are.
 */
const RULES = { failingPercents: [50, 70, 90], quietSeconds: 600, eventsPerMinute: 20 };

let database: TestDatabase;
let seeded: Seeded;
let follower: string;

beforeEach(async () => {
  database = await createTestDatabase();
  seeded = await seed(database.db, { url: 'http://127.0.0.1:1/' });
  await database.db.query({
    text: "insert into customers (id, name, product_id) values ('operators', 'Operators', 'signpost')",
  });
  const operators = { ...seeded, customerId: 'operators', productId: 'signpost', eventType: OUT_OF_ORDER_EVENT };
  follower = await seedSubscription(database.db, operators, { url: 'http://127.0.0.1:1/' });
});
afterEach(() => database.drop());

/**
 * Disables the subscription and publishes the event.
 *
 * @returns undefined if it was disabled before
 */
const gone = async () =>
  (await markOutOfOrder(database.db, seeded.subscriptionId, 'gone'))
    ? (await publishRaised(database.db, RULES)).notifications
    : undefined;
const count = async (table: string) =>
  (await database.db.query<{ count: number }>({ text: `select count(*) from ${table}` })).rows[0]!.count;
const isOutOfOrder = async () => {
  const { rows } = await database.db.query<{ out: boolean }>({
    text: 'select out_of_order_at is not null as out from subscriptions where id = $1',
    values: [decodeId('sub', seeded.subscriptionId)],
  });
  return rows[0]!.out;
};

it('notifies operators who follow the event', async () => {
  expect((await gone())!.map(({ subscriptionId }) => subscriptionId)).toEqual([follower]);
  expect(await isOutOfOrder()).toBe(true);
});

it('does not notify operators who listen to certain channels only', async () => {
  await setSubscription(database.db, follower, "channels = '{payments}'");
  expect(await gone()).toEqual([]);
  expect(await isOutOfOrder()).toBe(true);
});

it('starts the workflow of a follower in the lane and with the schedule of that follower', async () => {
  await setSubscription(database.db, follower, "slow_until = now() + interval '1 minute', retry_schedule = '{1,2}'");
  expect((await gone())!).toMatchObject([{ lane: 'slow', schedule: [1, 2] }]);
});

it('leaves a subscription that was deleted as it is, and raises no event', async () => {
  await setSubscription(database.db, seeded.subscriptionId, 'deleted_at = now()');
  expect(await gone()).toBeUndefined();
  expect(await isOutOfOrder()).toBe(false);
  expect([await count('events'), await count('notifications')]).toEqual([0, 0]);
});

it('leaves a deleted subscription as it is although its failures are enough for its rule', async () => {
  await setSubscription(database.db, seeded.subscriptionId, 'deleted_at = now()');
  await database.db.query({
    text: `insert into subscription_attempt_statistics (subscription_id, attempts, successes, failures, failures_since_success, failing_since, period_failures, period_failing_since)
           values ($1, 20, 0, 20, 20, now() - interval '20 days', 20, now() - interval '20 days')`,
    values: [decodeId('sub', seeded.subscriptionId)],
  });
  expect(await markOutOfOrderIfFailing(database.db, seeded.subscriptionId, RULES)).toBe(false);
  expect(await count('events')).toBe(0);
});

it('raises one event if two attempts are answered 410 at the same moment', async () => {
  const both = await Promise.all([gone(), gone()]);
  expect(both.filter((taken) => taken !== undefined)).toHaveLength(1);
  expect(await count('events')).toBe(1);
});
