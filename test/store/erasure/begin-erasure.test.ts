import type { Executor } from '../../../src/store/db/database';
import { beginErasure } from '../../../src/store/erasure/begin-erasure';
import { findSubscription } from '../../../src/store/subscriptions/subscriptions';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { seed, seedSubscription, type Seeded } from '../../support/seed';
import { until } from '../../support/until';

let database: TestDatabase;
let seeded: Seeded;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
});

const begin = () => database.db.transaction((db) => beginErasure(db, seeded.customerId, {}));

/** Runs `work` in a transaction that stays open until a second call waits for one of its locks. */
async function whileOpen<T>(work: (db: Executor) => Promise<unknown>, second: () => Promise<T>): Promise<T> {
  let waiting: Promise<T> | undefined;
  await database.db.transaction(async (db) => {
    await work(db);
    waiting = second();
    await until(
      () =>
        database.db.query({
          text: "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        }),
      ({ rowCount }) => rowCount === 1,
    );
  });
  return waiting!;
}

it('a request that comes while another one begins the erasure returns the same erasure', async () => {
  let first: string | undefined;
  const second = await whileOpen(
    async (db) => (first = (await beginErasure(db, seeded.customerId, {}))?.erasure.id),
    begin,
  );
  expect(second).toMatchObject({ begun: false, erasure: { id: first } });
});

it('an erasure begins after a transaction that adds a subscription, and covers it', async () => {
  let added = '';
  const requested = await whileOpen(async (db) => {
    added = await seedSubscription(db, seeded, { url: 'http://127.0.0.1:9/' }, 'added');
  }, begin);
  expect(requested).toMatchObject({ begun: true });
  expect(await findSubscription(database.db, added, {})).toBeUndefined();
  const { rows } = await database.db.query<{ deleted: boolean }>({
    text: 'select deleted_at is not null as deleted from subscriptions where customer_id = $1',
    values: [seeded.customerId],
  });
  expect(rows).toEqual([{ deleted: true }, { deleted: true }]);
});

it('a subscription that a late transaction adds during an erasure is not found', async () => {
  await begin();
  const added = await seedSubscription(database.db, seeded, { url: 'http://127.0.0.1:9/' }, 'late');
  expect(await findSubscription(database.db, added, {})).toBeUndefined();
});
