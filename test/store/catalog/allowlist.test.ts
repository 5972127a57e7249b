import { parseUrlPattern } from '../../../src/domain/url-pattern';
import { reconcileAllowedUrls } from '../../../src/store/catalog/review-urls';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { seed, seedSubscription, type Seeded } from '../../support/seed';

/** What a start does when the allowed URLs of the configuration have changed. */
let database: TestDatabase;
let seeded: Seeded;
const [FIRST, SECOND] = ['https://first.example/in', 'https://second.example/in'];

beforeEach(async () => {
  database = await createTestDatabase();
  seeded = await seed(database.db, { url: FIRST });
});
afterEach(() => database?.drop());

/** Starts with these patterns. @returns the subscriptions whose URL became approved */
const start = (...patterns: string[]) =>
  database.db.transaction((db) =>
    reconcileAllowedUrls(
      db,
      patterns.map((pattern) => parseUrlPattern(pattern)!),
    ),
  );

async function approvedUrls(): Promise<string[]> {
  const text = 'select url from subscriptions where url_approved order by url';
  return (await database.db.query<{ url: string }>({ text })).rows.map(({ url }) => url);
}

it('a start with other allowed URLs approves new ones and withdraws removed ones', async () => {
  await start('https://first.example');
  const added = await seedSubscription(database.db, seeded, { url: SECOND }, 'second');
  await database.db.query({ text: 'update subscriptions set url_approved = false where url = $1', values: [SECOND] });
  expect(await start('https://second.example')).toEqual([added]);
  expect(await approvedUrls()).toEqual([SECOND]);
  expect(await start('https://first.example', 'https://second.example')).toEqual([seeded.subscriptionId]);
  expect(await approvedUrls()).toEqual([FIRST, SECOND]);
  expect(await start()).toEqual([]);
  expect(await approvedUrls()).toEqual([]);
});

it('a start with the same allowed URLs checks no subscription', async () => {
  await start('https://second.example');
  expect(await approvedUrls()).toEqual([]);
  await database.db.query({ text: 'update subscriptions set url_approved = true' });
  expect(await start('https://second.example')).toEqual([]);
  expect(await approvedUrls()).toEqual([FIRST]);
});

it('a start keeps a URL approved that an entry of the allow-list covers', async () => {
  await start('https://first.example');
  await database.db.query({
    text: `insert into url_allowlist (id, pattern, status, requested_by)
           values (gen_random_uuid(), 'https://first.example', 'approved', 'admin')`,
  });
  expect(await start()).toEqual([]);
  expect(await approvedUrls()).toEqual([FIRST]);
});
