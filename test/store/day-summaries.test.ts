import { uuidFloor } from '../../src/domain/ids';
import { openDatabase, type Database } from '../../src/store/db/database';
import { dayOf } from '../../src/store/db/partition-catalog';
import { listEvents } from '../../src/store/notifications/events';
import { listNotifications } from '../../src/store/notifications/notifications';
import { OverdueSweep } from '../../src/store/notifications/overdue';
import { replayEvent } from '../../src/store/notifications/replay';
import { reopenNotification } from '../../src/store/notifications/reopen';
import { readOverview } from '../../src/store/reporting/overview';
import { readStatistics } from '../../src/store/reporting/statistics';
import { summariseDays } from '../../src/store/retention/day-summaries';
import { DAY_MS, useManyPartitions } from '../support/many-partitions';
import { acceptOne, seed, type Seeded } from '../support/seed';

/**
 * A year of days without open notifications. The tests count the partitions that are read, with 400
 * as with 16.
 */
const on = useManyPartitions();
const AGED_DAYS = 100;
const PAGE = { limit: 50 };
/** Four days, those ahead and the default partition, of two tables. */
const FEW = 45;
let seeded: Seeded;
let quiet: Seeded;
let old: string;
let oldEvent: string;

const agedAt = () => Date.now() - AGED_DAYS * DAY_MS;
const summarise = () => summariseDays(on.db, Date.now());
const hasOpen = async () => {
  const { rows } = await on.db.query<{ open: boolean }>({
    text: 'select has_open as open from day_summaries where day = $1',
    values: [dayOf(agedAt())],
  });
  return rows[0]?.open;
};
const setOld = (assignments: string) =>
  on.db.query({
    text: `update notifications set ${assignments} where id < $1`,
    values: [uuidFloor(agedAt() + DAY_MS)],
  });

beforeAll(async () => {
  seeded = await seed(on.db, { url: 'http://127.0.0.1:9/' });
  quiet = await seed(on.db, { url: 'http://127.0.0.1:9/' });
  await on.db.query({ text: `update subscriptions set created_at = now() - interval '400 days'` });
  await on.db.query({ text: `update customers set created_at = now() - interval '400 days'` });
  oldEvent = uuidFloor(agedAt());
  const [notification] = await acceptOne(on.db, seeded, { uuid: oldEvent });
  old = notification!.notificationId;
}, 120_000);
beforeEach(async () => {
  await setOld(`status = 'failed', reconcile_after = null, retry_asked = false`);
  await summarise();
});

const READS: Record<string, (db: Database) => Promise<unknown>> = {
  'statistics of a subscription': (db) => readStatistics(db, quiet.subscriptionId),
  'the list of a product without rows': (db) => listNotifications(db, { productIds: [quiet.productId] }, {}, PAGE),
  'the events of a product without rows': (db) => listEvents(db, { productIds: [quiet.productId] }, {}, PAGE),
  'the list of what is held': (db) => listNotifications(db, {}, { statuses: ['held'] }, PAGE),
};

it.each(Object.entries(READS))('with 400 daily partitions, %s reads the newest days only', async (_, read) => {
  const partitions = await on.partitionsOf(on.reads, read);
  expect(partitions).toBeGreaterThan(0);
  expect(partitions).toBeLessThan(FEW);
});

it('with 400 daily partitions, the backlog of the overview costs few partitions more than the rest', async () => {
  const overview = (db: Database) => readOverview(db, {}, 'hour', new Date());
  const closed = await on.partitionsOf(on.reads, overview);
  await on.db.query({ text: 'update day_summaries set has_open = true' });
  expect(await on.partitionsOf(on.reads, overview)).toBeGreaterThan(closed + 300);
});

it('with 400 daily partitions, a customer or a subscription is not older than itself', async () => {
  const fresh = await seed(on.db, { url: 'http://127.0.0.1:9/' });
  const { customerId, subscriptionId } = fresh;
  for (const [scope, filter] of [[{ customerId }, {}] as const, [{}, { subscriptionId }] as const]) {
    const list = (db: Database) => listNotifications(db, scope, filter, PAGE);
    expect(await on.partitionsOf(on.reads, list)).toBeLessThan(FEW);
  }
});

it('finds the old notification of a product, customer and subscription on its summarised day', async () => {
  const { productId, customerId, subscriptionId } = seeded;
  for (const scope of [{}, { productIds: [productId] }, { customerId }])
    for (const filter of [{}, { subscriptionId }, { customerId }, { statuses: ['failed' as const] }]) {
      const { items } = await listNotifications(on.reads, scope, filter, PAGE);
      expect(items.map(({ id }) => id)).toEqual([old]);
    }
  expect((await listEvents(on.reads, { productIds: [productId] }, {}, PAGE)).items).toHaveLength(1);
  expect((await listEvents(on.reads, { customerId }, {}, PAGE)).items).toHaveLength(1);
});

it('a notification that is reopened on a summarised day is found immediately', async () => {
  expect(await hasOpen()).toBe(false);
  expect(await reopenNotification(on.db, old)).toBeDefined();
  expect(await hasOpen()).toBe(true);
  expect((await readOverview(on.reads, {}, 'hour', new Date())).backlog.pending).toBe(1);
  const { items } = await listNotifications(on.reads, {}, { statuses: ['pending'] }, PAGE);
  expect(items.map(({ id }) => id)).toEqual([old]);
  await setOld(`reconcile_after = now() - interval '1 minute'`);
  expect(await new OverdueSweep(on.db).take(200, 60)).toMatchObject([{ notificationId: old }]);
});

it('an event of a summarised day that is sent again is found immediately', async () => {
  expect(await hasOpen()).toBe(false);
  await on.db.transaction((executor) => replayEvent(executor, oldEvent, seeded.subscriptionId));
  expect(await hasOpen()).toBe(true);
  expect((await readOverview(on.reads, {}, 'hour', new Date())).backlog.pending).toBe(1);
  await on.db.query({ text: `delete from notifications where status = 'pending'` });
});

it('a day keeps its mark while a notification is held, or while its cancellation is to be checked', async () => {
  await setOld(`status = 'held'`);
  await summarise();
  expect(await hasOpen()).toBe(true);
  expect((await readStatistics(on.reads, seeded.subscriptionId)).held).toBe(1);
  await setOld(`status = 'cancelled', reconcile_after = now()`);
  await summarise();
  expect(await hasOpen()).toBe(true);
  await setOld('reconcile_after = null');
  await summarise();
  expect(await hasOpen()).toBe(false);
});

it.each(['before', 'after'])('a day is not closed by a summary that begins %s the commit of a retry', async (when) => {
  const other = openDatabase(on.url, () => undefined, { max: 1 });
  try {
    await other.transaction(async (executor) => {
      expect(await reopenNotification(executor, old)).toBeDefined();
      if (when === 'before') await summarise();
    });
    if (when === 'after') await summarise();
  } finally {
    await other.close();
  }
  expect(await hasOpen()).toBe(true);
});

it('a sweep finds what is overdue on a day whose summary is wrong, a year back, within 36 minutes', async () => {
  await setOld(`status = 'pending', reconcile_after = now() - interval '1 minute'`);
  await on.db.query({ text: 'update day_summaries set has_open = false' });
  const sweep = new OverdueSweep(on.db);
  let calls = 0;
  for (; calls < 36 * 12; calls++) if ((await sweep.take(200, 60)).length > 0) break;
  expect(calls).toBeLessThan(36 * 12);
});

it('days that are not over get no summary, and those of dropped partitions lose theirs', async () => {
  await on.db.query({ text: `insert into day_summaries values (1, false)` });
  await on.db.query({ text: `insert into product_days values ('gone', 1)` });
  await summarise();
  const { rows } = await on.db.query<{ first: number; last: number }>({
    text: 'select min(day) as first, max(day) as last from day_summaries',
  });
  expect(rows[0]!.last).toBe(dayOf(Date.now()) - 3);
  expect(rows[0]!.first).toBeGreaterThan(1);
  expect((await on.db.query({ text: 'select from product_days where day = 1' })).rowCount).toBe(0);
});
