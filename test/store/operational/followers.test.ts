import { OWN_PRODUCT, SECRET_REVEALED_EVENT } from '../../../src/domain/operational-events';
import { publishRaised } from '../../../src/store/operational/publish';
import { raiseSecretRevealed } from '../../../src/store/operational/raising';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { setSubscription } from '../../support/rows';
import { seed, seedSubscription, type Seeded } from '../../support/seed';

/** Who gets operational events. */
const URL = 'http://127.0.0.1:1/';
let database: TestDatabase;
let seeded: Seeded;

beforeEach(async () => {
  database = await createTestDatabase();
  seeded = await seed(database.db, { url: URL });
  await query(`insert into customers (id, name, product_id) values ('operators', 'Operators', '${OWN_PRODUCT}')`);
});
afterEach(() => database.drop());

const query = async (text: string) => (await database.db.query({ text })).rows;
let made = 0;
const subscribe = (overrides: Partial<Seeded>, enabled = true) =>
  seedSubscription(database.db, { ...seeded, ...overrides }, { url: URL, enabled }, `subscription ${++made}`);
const follow = (eventType: string, enabled = true) =>
  subscribe({ customerId: 'operators', productId: OWN_PRODUCT, eventType }, enabled);

/** @returns the subscriptions whose workflows are started */
async function publish(): Promise<string[]> {
  await raiseSecretRevealed(database.db, seeded.subscriptionId, { id: 'key_1', name: 'support' }, 'api');
  const { notifications } = await publishRaised(database.db, { eventsPerMinute: 20, quietSeconds: 600 });
  return notifications.map(({ subscriptionId }) => subscriptionId).sort();
}
const stored = () => query('select type from events');
const raised = () => query('select type from operational_outbox');

it('operators get the events that they follow by name or by pattern', async () => {
  const followers = [await follow(SECRET_REVEALED_EVENT), await follow('signpost.*')].sort();
  await follow('signpost.other.*');
  expect(await publish()).toEqual(followers);
});

it('customers who follow all events get none of them', async () => {
  await query("insert into customers (id, name) values ('shared', 'Shared')");
  await subscribe({ customerId: 'shared', productId: null as never, eventType: '*' });
  await subscribe({ customerId: 'shared', eventType: '*' });
  await subscribe({ eventType: '*' });
  expect(await publish()).toEqual([]);
  expect([await stored(), await raised()]).toEqual([[], []]);
});

it.each([
  ['its type is archived', `update event_types set archived = true where name = '${SECRET_REVEALED_EVENT}'`],
  ['the product of the operators is disabled', `update products set enabled = false where id = '${OWN_PRODUCT}'`],
])('an event is not published while %s, and nothing of it is kept', async (_, change) => {
  await follow('signpost.*');
  await query(change);
  expect(await publish()).toEqual([]);
  expect([await stored(), await raised()]).toEqual([[], []]);
});

it('the notification of a disabled follower is held, and gets no workflow', async () => {
  const enabled = await follow('signpost.*');
  const disabled = await follow('signpost.*', false);
  expect(await publish()).toEqual([enabled]);
  const { rows } = await database.db.query({
    text: 'select status, count(*)::int from notifications group by 1 order by 1',
  });
  expect(rows).toEqual([
    { status: 'held', count: 1 },
    { status: 'pending', count: 1 },
  ]);
  await setSubscription(database.db, disabled, 'enabled = true');
  expect(await publish()).toEqual([enabled, disabled].sort());
});
