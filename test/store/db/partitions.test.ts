import { ensurePartitions } from '../../../src/store/db/partitions';
import { acceptOne, seed } from '../../support/seed';
import { uuidFloor } from '../../../src/domain/ids';
import { openDatabase, type Executor } from '../../../src/store/db/database';
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
const daily = (names: string[]) => names.filter((name) => /_\d{8}$/.test(name));
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

it('moves the rows of a default partition into a partition of their day', async () => {
  const seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  const days = [NOON - 40 * DAY_MS, NOON, NOON + DAY_MS];
  for (const ms of days) await acceptOne(database.db, seeded, { uuid: uuidFloor(ms) });
  const changes = await ensurePartitions(database.db, 0, NOON);
  expect(changes.moved).toEqual({ events: 3, notifications: 3 });
  const { rows } = await database.db.query<{ partition: string }>({
    text: 'select tableoid::regclass::text as partition from notifications order by id',
  });
  expect(rows.map(({ partition }) => partition)).toEqual(days.map((ms) => nameOf('notifications', ms)));
  await acceptOne(database.db, seeded, { uuid: uuidFloor(NOON + 1) });
});

it('gives way to a reader, and does not keep others from writing meanwhile', async () => {
  const seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  const reader = openDatabase(database.url, () => undefined);
  await reader.transaction(async (executor) => {
    for (const table of TABLES) await executor.query({ text: `select from ${table} limit 1` });
    const ensured = ensurePartitions(database.db, 1, NOON);
    // It would fail by the timeout of its locks if it waited for the reader.
    await acceptOne(database.db, seeded);
    const { created, contended } = await ensured;
    expect(contended).toMatchObject({ code: '55P03' });
    expect(daily(created)).toEqual([]);
  });
  await reader.close();
  await ensurePartitions(database.db, 1, NOON);
  expect(await partitions()).toContain(nameOf('attempts', NOON + DAY_MS));
});

it('creates the partitions of the other tables while one is locked, and reports what it moved', async () => {
  const seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  await acceptOne(database.db, seeded, { uuid: uuidFloor(NOON) });
  const reader = openDatabase(database.url, () => undefined);
  await reader.transaction(async (executor) => {
    await executor.query({ text: 'select from notifications limit 1' });
    const changes = await ensurePartitions(database.db, 0, NOON);
    expect(changes).toMatchObject({ moved: { events: 1 }, contended: { code: '55P03' } });
    expect(daily(changes.created)).toEqual([nameOf('events', NOON), nameOf('attempts', NOON)]);
  });
  await reader.close();
  expect(await ensurePartitions(database.db, 0, NOON)).toEqual({
    created: [nameOf('notifications', NOON)],
    moved: { notifications: 1 },
  });
});

it('moves a row that a default partition took after they were counted', async () => {
  const seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  let isLate = true;
  const late: Executor = {
    async query(statement) {
      if (isLate && statement.text.startsWith('do ')) {
        isLate = false;
        await acceptOne(database.db, seeded, { uuid: uuidFloor(NOON) });
      }
      return database.db.query(statement);
    },
  };
  expect((await ensurePartitions(late, 0, NOON)).moved).toEqual({ events: 1, notifications: 1 });
});

it('makes the next periods of event keys, and moves ids out of the default partition', async () => {
  const seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  await database.db.query({
    text: `insert into event_keys (product_id, given_id, event_id, body_hash, period) values ($1, 'stray', $2, '', $3)`,
    values: [seeded.productId, uuidFloor(NOON), Math.floor(Date.now() / DAY_MS / 10) + 4],
  });
  const changes = await ensurePartitions(database.db, 0, Date.now() + 10 * DAY_MS);
  expect(changes.moved).toEqual({ event_keys: 1 });
  const { rows } = await database.db.query<{ partition: string }>({
    text: 'select tableoid::regclass::text as partition from event_keys',
  });
  expect(rows[0]!.partition).toMatch(/^event_keys_\d+$/);
});

it('throws what it does not expect', async () => {
  await database.db.query({ text: 'alter table attempts rename to gone' });
  await expect(ensurePartitions(database.db, 0, NOON)).rejects.toThrow('attempts');
});
