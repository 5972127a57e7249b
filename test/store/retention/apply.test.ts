import { decodeId, newUuid, uuidFloor } from '../../../src/domain/ids';
import type { AcceptedNotification } from '../../../src/domain/acceptance';
import type { RetentionDays } from '../../../src/domain/retention';
import { openDatabase } from '../../../src/store/db/database';
import { recordAttempts } from '../../../src/store/notifications/record-attempts';
import { applyRetention, type RetentionRun } from '../../../src/store/retention/apply';
import { attemptRecord } from '../../support/attempt-record';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { setNotification } from '../../support/rows';
import { acceptOne, seed, type Seeded } from '../../support/seed';

const DAY_MS = 86_400_000;
const DAYS: RetentionDays = { payload: 30, history: 90, eventIds: 30, audit: 400 };
const BODY = { method: 'POST' as const, url: 'http://127.0.0.1:9/', headers: { a: 'b' }, body: 'sent' };
const RESPONSE = { status: 200, headers: { c: 'd' }, body: 'got', truncated: false };

let database: TestDatabase;
let seeded: Seeded;
beforeEach(async () => {
  database = await createTestDatabase();
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
});
afterEach(() => database?.drop());

/** Runs retention as it will run some days from now. */
function runAfter(days: number, limits: Partial<RetentionDays> = {}): Promise<RetentionRun> {
  return applyRetention(database.db, { ...DAYS, ...limits }, Date.now() + days * DAY_MS);
}

async function delivered(from: Seeded = seeded): Promise<AcceptedNotification> {
  const [notification] = await acceptOne(database.db, from);
  const record = attemptRecord(notification!, { status: 'delivered' }, { request: BODY, response: RESPONSE });
  await recordAttempts(database.db, [record]);
  return notification!;
}

async function rows<Row extends object>(text: string): Promise<Row[]> {
  return (await database.db.query<Row>({ text })).rows;
}
const payloads = () =>
  rows<object>(
    `select e.data is not null as data, a.request_headers is not null as headers, a.request_body as request, a.response_body as response
     from attempts a join notifications n on n.id = a.notification_id join events e on e.id = n.event_id order by e.id`,
  );
async function counts(): Promise<Record<string, number>> {
  const [row] = await rows<Record<string, number>>(
    `select (select count(*) from events) as events, (select count(*) from notifications) as notifications, (select count(*) from attempts) as attempts`,
  );
  return row!;
}
const setProduct = (assignments: string) => database.db.query({ text: `update products set ${assignments}` });

const KEPT = { data: true, headers: true, request: 'sent', response: 'got' };
const GONE = { data: false, headers: false, request: null, response: null };

it('removes payloads when their days are over, and not before', async () => {
  await delivered();
  await runAfter(30);
  expect(await payloads()).toEqual([KEPT]);
  const { rewritten } = await runAfter(32);
  expect(rewritten).toEqual(expect.arrayContaining([expect.stringMatching(/^events_\d{8}$/)]));
  expect(await payloads()).toEqual([GONE]);
  expect(await counts()).toEqual({ events: 1, notifications: 1, attempts: 1 });
});

it('does a day once, until something else expires', async () => {
  await delivered();
  expect((await runAfter(32)).rewritten).not.toEqual([]);
  expect((await runAfter(33)).rewritten.filter((name) => name.includes(today()))).toEqual([]);
});

it('keeps the payload of an event with an open notification until that is closed', async () => {
  const [open] = await acceptOne(database.db, seeded);
  await delivered();
  await runAfter(32);
  const data = () => rows<{ data: string | null }>('select data::text as data from events order by id');
  expect(await data()).toEqual([{ data: '{"amount":125.5}' }, { data: null }]);
  await setNotification(database.db, open!.notificationId, "status = 'delivered', reconcile_after = null");
  await runAfter(33);
  expect(await data()).toEqual([{ data: null }, { data: null }]);
});

it('drops the partitions of a day when its history is over, and not before', async () => {
  await delivered();
  await runAfter(90);
  expect(await counts()).toEqual({ events: 1, notifications: 1, attempts: 1 });
  const { dropped } = await runAfter(92);
  expect(dropped).toEqual(
    expect.arrayContaining([`events_${today()}`, `notifications_${today()}`, `attempts_${today()}`]),
  );
  expect(await counts()).toEqual({ events: 0, notifications: 0, attempts: 0 });
});

it('never drops an open notification or its event, and drops them after it is closed', async () => {
  const [open] = await acceptOne(database.db, seeded);
  await delivered();
  await runAfter(120);
  expect(await counts()).toEqual({ events: 1, notifications: 1, attempts: 0 });
  expect(await rows('select data::text as data from events')).toEqual([{ data: '{"amount":125.5}' }]);
  await setNotification(database.db, open!.notificationId, "status = 'failed', reconcile_after = null");
  await runAfter(121);
  expect(await counts()).toEqual({ events: 0, notifications: 0, attempts: 0 });
});

it('applies the days of a product to its own rows only', async () => {
  const other = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  await delivered();
  await delivered(other);
  await database.db.query({
    text: 'update products set retention_payload_days = 60, retention_history_days = 200 where id = $1',
    values: [other.productId],
  });
  await runAfter(32);
  expect(await payloads()).toEqual([GONE, KEPT]);
  await runAfter(62);
  expect(await payloads()).toEqual([GONE, GONE]);
  await runAfter(92);
  expect(await rows('select product_id from events')).toEqual([{ product_id: other.productId }]);
  expect(await counts()).toEqual({ events: 1, notifications: 1, attempts: 1 });
  await runAfter(202);
  expect(await counts()).toEqual({ events: 0, notifications: 0, attempts: 0 });
});

it('applies shorter days of a product, and a change of them to days that were done', async () => {
  await delivered();
  await runAfter(10);
  await setProduct('retention_payload_days = 7, retention_history_days = 20');
  await runAfter(10);
  expect(await payloads()).toEqual([GONE]);
  await runAfter(22);
  expect(await counts()).toEqual({ events: 0, notifications: 0, attempts: 0 });
});

it('gives way to a reader, lets others write meanwhile, and does the rest in the next run', async () => {
  await delivered();
  const reader = openDatabase(database.url, () => undefined);
  await reader.transaction(async (executor) => {
    for (const table of ['events', 'notifications', 'attempts'])
      await executor.query({ text: `select from ${table} limit 1` });
    const running = runAfter(92);
    // Each would fail by the timeout of its locks if it waited for the reader.
    for (let posts = 0; posts < 5; posts++) await delivered();
    expect((await running).postponed).toBe(`notifications_${today()}`);
  });
  await reader.close();
  await runAfter(92);
  expect(await counts()).toEqual({ events: 0, notifications: 0, attempts: 0 });
});

it('keeps the indexes of a rewritten partition, and takes rows of its day', async () => {
  const indexes = () =>
    rows(`select count(*) from pg_index where indrelid = 'events_${today()}'::regclass and indisvalid`);
  const before = await indexes();
  await delivered();
  await runAfter(32);
  expect((await indexes())[0]).toEqual({ count: (before[0] as { count: number }).count + 1 });
  await delivered();
  expect(await rows(`select count(*) from events_${today()}`)).toEqual([{ count: 2 }]);
});

it('drops the ids of producers when their days are over, and accepts them again after that', async () => {
  const post = () => acceptOne(database.db, seeded, { id: 'given', uuid: newUuid() });
  const [first] = await post();
  expect((await post())[0]!.notificationId).toBe(first!.notificationId);
  await setNotification(database.db, first!.notificationId, "status = 'delivered', reconcile_after = null");
  const { dropped } = await runAfter(70);
  expect(dropped).toContain('event_keys_before');
  expect((await post())[0]!.notificationId).not.toBe(first!.notificationId);
});

it('removes deploys with the history, counted from when they were marked', async () => {
  await database.db.query({
    text: `insert into deploys (id, customer_id, version, description, at) select u.id, $2, u.version, '', now() from unnest($1::uuid[], $3::text[]) u (id, version)`,
    values: [[91, 89].map((age) => uuidFloor(Date.now() - age * DAY_MS)), seeded.customerId, ['old', 'recent']],
  });
  await runAfter(0);
  expect(await rows('select version from deploys')).toEqual([{ version: 'recent' }]);
});

it('removes audit entries after their days, and ended recoveries with the history', async () => {
  const insert = (ageDays: number) =>
    database.db.query({
      text: `insert into audit (id, actor_id, actor_name, action, object) values ($1, 'a', 'a', 'x', $2)`,
      values: [uuidFloor(Date.now() - ageDays * DAY_MS), String(ageDays)],
    });
  await insert(399);
  await insert(401);
  await database.db.query({
    text: `insert into recoveries (id, subscription_id, status, since, until, rate_per_second, total)
           select u.id, $3, u.status, now(), now(), 1, 0 from unnest($1::uuid[], $2::text[]) u (id, status)`,
    values: [
      [91, 92, 89].map((age) => uuidFloor(Date.now() - age * DAY_MS)),
      ['completed', 'running', 'completed'],
      decodeId('sub', seeded.subscriptionId),
    ],
  });
  await runAfter(0);
  expect(await rows('select object from audit')).toEqual([{ object: '399' }]);
  expect(await rows('select status from recoveries order by id')).toEqual([
    { status: 'running' },
    { status: 'completed' },
  ]);
});

const today = () => new Date().toISOString().slice(0, 10).replaceAll('-', '');

it('removes what events are searched by together with their payload', async () => {
  await acceptOne(database.db, seeded, { searchItems: [':a-1', 'id:a-1'] });
  const items = () => rows<object>('select search_items from events');
  expect(await items()).toEqual([{ search_items: [':a-1', 'id:a-1'] }]);
  await database.db.query({ text: "update notifications set status = 'delivered', finished_at = now()" });
  await runAfter(32);
  expect(await items()).toEqual([{ search_items: null }]);
});
