import { patternRegex } from '../../../src/domain/event-type-pattern';
import { acceptEvents } from '../../../src/store/notifications/accept';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { setSubscription } from '../../support/rows';
import { eventFor, seed, type Seeded } from '../../support/seed';

/**
 * An event without a customer reaches the customers of its product and the shared ones, and nobody
 * else's.
 */
let database: TestDatabase;
let mine: Seeded;
let theirs: Seeded;

beforeEach(async () => {
  database = await createTestDatabase();
  mine = await seed(database.db, { url: 'http://127.0.0.1:1/' });
  theirs = await seed(database.db, { url: 'http://127.0.0.1:2/' });
  await followEverything(theirs);
});
afterEach(() => database?.drop());

/** As an admin or a customer in their portal makes a subscription: bound to no product. */
const followEverything = ({ subscriptionId }: Seeded) =>
  setSubscription(
    database.db,
    subscriptionId,
    `product_id = null, event_types = '{*}', event_type_regex = '${patternRegex(['*'])!}'`,
  );
const setCustomer = (assignments: string) =>
  database.db.query({ text: `update customers set ${assignments} where id = $1`, values: [theirs.customerId] });

async function notified(event: Parameters<typeof eventFor>[1]): Promise<string[]> {
  const [result] = await acceptEvents(database.db, [eventFor(mine, event)]);
  if (result?.kind !== 'accepted') throw new Error('not accepted');
  return result.notifications.map(({ subscriptionId }) => subscriptionId);
}

it('reaches no customer of another product, even one who follows all events of all products', async () => {
  expect(await notified({ customerId: undefined })).toEqual([mine.subscriptionId]);
});

it('reaches a shared customer who follows all events of all products', async () => {
  await setCustomer('product_id = null');
  expect(await notified({ customerId: undefined })).toEqual(
    expect.arrayContaining([mine.subscriptionId, theirs.subscriptionId]),
  );
});

it('reaches no subscription of a shared customer that is bound to another product', async () => {
  await setCustomer('product_id = null');
  await setSubscription(database.db, theirs.subscriptionId, `product_id = '${theirs.productId}'`);
  expect(await notified({ customerId: undefined })).toEqual([mine.subscriptionId]);
});

it('for one customer reaches that customer only', async () => {
  await setCustomer('product_id = null');
  expect(await notified({})).toEqual([mine.subscriptionId]);
});

it('matches each event of a mixed batch by itself', async () => {
  const results = await acceptEvents(database.db, [
    eventFor(mine, { customerId: undefined }),
    eventFor(mine),
    eventFor(theirs),
  ]);
  const reached = results.map((result) => (result.kind === 'accepted' ? result.notifications.length : 'refused'));
  expect(reached).toEqual([1, 1, 1]);
});
