import { acceptEvents } from '../../../src/store/notifications/accept';
import { allSpans } from '../../../src/store/db/spans';
import { listEvents } from '../../../src/store/erasure/erase-history';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { eventFor, seed, type Seeded } from '../../support/seed';

/** A product that accepts events for unknown customers may name one of another product. */
let database: TestDatabase;
let owner: Seeded;
let other: Seeded;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = await seed(database.db, { url: 'http://127.0.0.1:1/' });
  other = await seed(database.db, { url: 'http://127.0.0.1:2/' });
  await database.db.query({ text: "update products set unknown_customers = 'accept'" });
  const { customerId } = owner;
  const accepted = await acceptEvents(database.db, [eventFor(owner), eventFor(other, { customerId })]);
  expect(accepted).toMatchObject([
    { kind: 'accepted', notifications: [{ customerId }] },
    { kind: 'accepted', notifications: [] },
  ]);
});
afterAll(() => database?.drop());

async function productsOf(productId: string | null): Promise<string[]> {
  const found = [];
  for (const span of await allSpans(database.db, 'events'))
    found.push(...(await listEvents(database.db, owner.customerId, productId, span)));
  return found.map((event) => event.productId).sort();
}

it('the erasure of a customer leaves the events of other products that name the same id', async () => {
  expect(await productsOf(owner.productId)).toEqual([owner.productId]);
});

it('the erasure of a shared customer takes the events of every product', async () => {
  expect(await productsOf(null)).toEqual([owner.productId, other.productId].sort());
});
