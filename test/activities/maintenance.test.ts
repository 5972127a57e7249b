import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities } from '../../src/activities';
import { newUuid, uuidFloor } from '../../src/domain/ids';
import { findLastRun } from '../../src/store/retention/status';
import { setNotification } from '../support/rows';
import { acceptOne, seed } from '../support/seed';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { activityDeps } from '../support/activity-deps';

/** Daily housekeeping: what has outlived its use goes, what is live stays. */
const DAY_SECONDS = 86_400;

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database?.drop());

const query = (text: string, values: unknown[] = []) => database.db.query({ text, values });
async function maintain(): Promise<void> {
  const { maintain: activity } = createActivities(activityDeps({ db: database.db }));
  await new MockActivityEnvironment().run(activity);
}
/** The values of a column, after housekeeping. */
async function left(table: string, column: string): Promise<unknown[]> {
  await maintain();
  const { rows } = await database.db.query<{ value: unknown }>({
    text: `select ${column} as value from ${table} order by 1`,
  });
  return rows.map(({ value }) => value);
}

it('removes sessions of the web UI that have expired, and keeps live ones', async () => {
  const insert = (name: string, seconds: number) =>
    query(
      "insert into sessions (token_hash, credential, credential_key_id, csrf_token, expires_at) values ($1, '', '', $2, now() + make_interval(secs => $3))",
      [Buffer.from(name), name, seconds],
    );
  await insert('expired', -1);
  await insert('live', 60);
  expect(await left('sessions', 'csrf_token')).toEqual(['live']);
});

it('removes portal sessions that have expired, and keeps live ones', async () => {
  await query("insert into customers (id, name) values ('c', 'C')");
  const insert = (name: string, seconds: number) =>
    query(
      "insert into portal_sessions (id, customer_id, created_by, expires_at) values ($1, 'c', $2, now() + make_interval(secs => $3))",
      [newUuid(), name, seconds],
    );
  await insert('expired', -1);
  await insert('live', 60);
  expect(await left('portal_sessions', 'created_by')).toEqual(['live']);
});

it('removes idempotency keys after 24 hours, and not before', async () => {
  const insert = (key: string, ageSeconds: number) =>
    query(
      "insert into idempotency_keys (principal_id, key, request_hash, created_at) values ('p', $1, '', now() - make_interval(secs => $2))",
      [key, ageSeconds],
    );
  await insert('old', DAY_SECONDS + 1);
  await insert('recent', DAY_SECONDS - 60);
  expect(await left('idempotency_keys', 'key')).toEqual(['recent']);
});

it('removes noted activity after two days, and not before', async () => {
  const insert = (kind: string, ageSeconds: number) =>
    query(
      `insert into activity (id, kind, notification_id, event_id, subscription_id, customer_id, product_id, event_type, status)
       values ($1, $2, $3, $3, $3, 'c', 'p', 't', 'held')`,
      [uuidFloor(Date.now() - ageSeconds * 1000), kind, newUuid()],
    );
  await insert('old', 2 * DAY_SECONDS + 60);
  await insert('recent', 2 * DAY_SECONDS - 60);
  expect(await left('activity', 'kind')).toEqual(['recent']);
});

it('makes the partitions of the days ahead', async () => {
  const inTenDays = new Date(Date.now() + 10 * DAY_SECONDS * 1000).toISOString().slice(0, 10).replaceAll('-', '');
  const names = ['events', 'notifications', 'attempts'].map((table) => `${table}_${inTenDays}`);
  for (const name of names) await query(`drop table ${name}`);
  await maintain();
  for (const name of names) expect((await query(`select to_regclass('${name}') as found`)).rows[0]!.found).toBe(name);
});

it('moves rows out of the default partitions, removes what has expired, and notes the run', async () => {
  const seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  const [notification] = await acceptOne(database.db, seeded, {
    uuid: uuidFloor(Date.now() - 40 * DAY_SECONDS * 1000),
  });
  await setNotification(database.db, notification!.notificationId, "status = 'delivered', reconcile_after = null");
  await maintain();
  const { rows } = await query('select data, tableoid::regclass::text as partition from events');
  expect(rows).toEqual([{ data: null, partition: expect.stringMatching(/^events_\d{8}$/) }]);
  expect(await findLastRun(database.db)).toEqual({
    finishedAt: expect.any(String),
    dropped: 0,
    rewritten: 1,
    postponed: null,
  });
});
