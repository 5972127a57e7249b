import { decodeId } from '../../../src/domain/ids';
import { summariseResponseTimes } from '../../../src/store/reporting/summarise-response-times';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { seed } from '../../support/seed';

/** The figures of the last day, refreshed each hour for all subscriptions. */
let database: TestDatabase;
const HOUR_MS = 3_600_000;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it('a deleted subscription gets no figures again, because its rows may be erased meanwhile', async () => {
  const now = Date.now();
  const [kept, deleted] = await Promise.all([1, 2].map(() => seed(database.db, { url: 'http://127.0.0.1:9/' })));
  const [keptUuid, deletedUuid] = [kept, deleted].map((one) => decodeId('sub', one!.subscriptionId));
  await database.db.query({
    text: `insert into response_times (subscription_id, hour, response_class, bucket, attempts, successes)
           select id, $1, 2, 10, 1, 1 from subscriptions`,
    values: [Math.floor(now / HOUR_MS)],
  });
  await database.db.query({
    text: 'update subscriptions set deleted_at = now() where id = $1',
    values: [deletedUuid],
  });
  await summariseResponseTimes(database.db, now);
  const { rows } = await database.db.query<{ id: string }>({
    text: 'select subscription_id as id from subscription_day_statistics',
  });
  expect(rows.map(({ id }) => id)).toEqual([keptUuid]);
});
