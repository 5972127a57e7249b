import { ensurePartitions } from '../../../src/store/db/partitions';
import { acceptOne, seed } from '../../support/seed';
import { uuidFloor } from '../../../src/domain/ids';
import { createTestDatabase, type TestDatabase } from '../../support/database';

const DAY_MS = 86_400_000;
const TABLES = ['events', 'notifications', 'attempts'];
/** Noon of a day that the template has no partitions for. */
const NOON = Date.UTC(2090, 0, 1, 12);

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database?.drop());

const nameOf = (table: string, ms: number) => `${table}_${new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')}`;
async function partitions(): Promise<Set<string>> {
  const { rows } = await database.db.query<{ name: string }>({
    text: "select inhrelid::regclass::text as name from pg_inherits where inhparent = any ('{events,notifications,attempts}'::regclass[])",
  });
  return new Set(rows.map(({ name }) => name));
}

it('makes the partitions of today and of the days ahead for every table, and no more', async () => {
  const before = await partitions();
  await ensurePartitions(database.db, 2, NOON);
  const made = [...(await partitions())].filter((name) => !before.has(name)).sort();
  const wanted = TABLES.flatMap((table) => [0, 1, 2].map((day) => nameOf(table, NOON + day * DAY_MS)));
  expect(made).toEqual(wanted.sort());
});

it('puts each day, from its first millisecond to its last, into its own partition', async () => {
  await ensurePartitions(database.db, 1, NOON);
  const seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  const midnight = NOON - DAY_MS / 2;
  const moments = [midnight - 1, midnight, midnight + DAY_MS - 1, midnight + DAY_MS];
  for (const moment of moments) await acceptOne(database.db, seeded, { uuid: uuidFloor(moment) });
  const { rows } = await database.db.query<{ partition: string }>({
    text: 'select tableoid::regclass::text as partition from events order by id',
  });
  expect(rows.map(({ partition }) => partition)).toEqual([
    'events_default',
    nameOf('events', NOON),
    nameOf('events', NOON),
    nameOf('events', NOON + DAY_MS),
  ]);
});

it('can be asked again and again, and by several processes at the same moment', async () => {
  await Promise.all([ensurePartitions(database.db, 3, NOON), ensurePartitions(database.db, 3, NOON)]);
  await ensurePartitions(database.db, 4, NOON);
  expect(await partitions()).toContain(nameOf('attempts', NOON + 4 * DAY_MS));
});

it('leaves a day alone whose rows are in the default partition, and makes the others', async () => {
  const seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  await acceptOne(database.db, seeded, { uuid: uuidFloor(NOON) });
  await ensurePartitions(database.db, 1, NOON);
  const made = await partitions();
  expect(made).not.toContain(nameOf('events', NOON));
  expect(made).toContain(nameOf('events', NOON + DAY_MS));
  await acceptOne(database.db, seeded, { uuid: uuidFloor(NOON + 1) });
});

it('throws what it does not expect', async () => {
  await database.db.query({ text: 'alter table attempts rename to gone' });
  await expect(ensurePartitions(database.db, 0, NOON)).rejects.toThrow('attempts');
});
