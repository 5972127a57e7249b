import type { AcceptedNotification } from '../../src/domain/acceptance';
import { decodeId, newUuid } from '../../src/domain/ids';
import { openDatabase, type Database, type Executor } from '../../src/store/db/database';
import type { Statement } from '../../src/store/db/session';
import { acceptEvents } from '../../src/store/notifications/accept';
import { attemptsOf, lastTrigger } from '../../src/store/notifications/attempts';
import { claimFirstAttempt, claimUnattempted, releaseClaims, renewClaims } from '../../src/store/notifications/claims';
import { readLastResponses, readProgress } from '../../src/store/notifications/last-responses';
import { loadDeliveries } from '../../src/store/notifications/load-deliveries';
import { recordAttempts } from '../../src/store/notifications/record-attempts';
import { reopenNotification } from '../../src/store/notifications/reopen';
import {
  cancelNotification,
  handOver,
  holdNotification,
  markDelivering,
  postpone,
  postponeFirst,
} from '../../src/store/notifications/transitions';
import {
  findFirstWaiting,
  findPlace,
  listWaiting,
  readLine,
  showFirstTurn,
  writeTurns,
} from '../../src/store/subscriptions/rate-line';
import { attemptRecord } from '../support/attempt-record';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { eventFor, seed, type Seeded } from '../support/seed';

/**
 * Postgres plans a prepared statement once, and keeps the plan until it analyzes a table. Each day
 * begins with empty partitions, and a plan that suits these must not read all rows of a full one.
 */
const ROWS = 3000;
const AT_ONCE = 20;
/** Rows of all tables that a statement may read for each notification. */
const MAX_READ_EACH = 20;

let database: TestDatabase;
let path: Database;
let seeded: Seeded;

beforeAll(async () => {
  database = await createTestDatabase();
  path = openDatabase(database.url, () => undefined, { genericPlans: true, max: 1 });
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  // Nothing is analyzed before the test is over.
  const { rows } = await database.db.query<{ name: string }>({
    text: `select oid::regclass::text as name from pg_class where relispartition and relkind = 'r'`,
  });
  for (const { name } of rows)
    await database.db.query({ text: `alter table ${name} set (autovacuum_enabled = false)` });
  for (const use of Object.values(PATH)) await use(path, await accept(1));
  const other = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  for (let left = ROWS; left > 0; left -= 500) await accept(500, other);
}, 60_000);
afterAll(async () => {
  await path?.close();
  await database?.drop();
});

async function accept(count: number, of = seeded): Promise<AcceptedNotification[]> {
  const results = await acceptEvents(
    database.db,
    Array.from({ length: count }, () => eventFor(of)),
    'process',
  );
  return results.flatMap((result) => (result.kind === 'accepted' ? result.notifications : []));
}

type Use = (db: Database, notifications: readonly AcceptedNotification[]) => Promise<unknown>;

const idsOf = (notifications: readonly AcceptedNotification[]) =>
  notifications.map(({ notificationId }) => notificationId);
const each =
  (use: (db: Database, notification: AcceptedNotification) => Promise<unknown>): Use =>
  async (db, notifications) => {
    for (const notification of notifications) await use(db, notification);
  };
const failed = (notification: AcceptedNotification) => attemptRecord(notification, { status: 'failed' });

const PATH: Record<string, Use> = {
  load: (db, notifications) => loadDeliveries(db, idsOf(notifications)),
  record: (db, notifications) => recordAttempts(db, notifications.map(failed)),
  accept: (db, notifications) =>
    acceptEvents(
      db,
      notifications.map(() => eventFor(seeded)),
      'process',
    ),
  'accept with an id': (db, notifications) =>
    acceptEvents(
      db,
      notifications.map(() => eventFor(seeded, { id: newUuid() })),
      'process',
    ),
  'accept a duplicate': async (db, notifications) => {
    const events = notifications.map(() => eventFor(seeded, { id: newUuid() }));
    await acceptEvents(database.db, events);
    await acceptEvents(
      db,
      events.map((event) => ({ ...event, uuid: newUuid() })),
    );
  },
  claim: each((db, { notificationId }) => claimFirstAttempt(db, notificationId, { processId: 'process', seconds: 5 })),
  'claim a burst': (db, notifications) => claimUnattempted(db, idsOf(notifications), 'process'),
  'renew claims': (db, notifications) => renewClaims(db, idsOf(notifications), 'process'),
  'release claims': (db, notifications) => releaseClaims(db, idsOf(notifications), 'process'),
  'mark as delivering': each((db, { notificationId }) => markDelivering(db, notificationId, 60)),
  postpone: each((db, { notificationId }) => postpone(db, notificationId, 60, 'mine')),
  'plan a first attempt': each((db, { notificationId }) => postponeFirst(db, notificationId, 60)),
  'hand over': each((db, { notificationId }) => handOver(db, notificationId, 'head', 'run:1')),
  hold: each((db, { notificationId }) => holdNotification(db, notificationId)),
  cancel: each((db, { notificationId }) => cancelNotification(db, notificationId)),
  reopen: async (db, notifications) => {
    await recordAttempts(database.db, notifications.map(failed));
    for (const { notificationId } of notifications) await reopenNotification(db, notificationId);
  },
  'see what the last attempt was made for': async (db, notifications) => {
    await recordAttempts(database.db, notifications.map(failed));
    for (const { notificationId } of notifications) await lastTrigger(db, notificationId);
  },
  'list who waits in the line of a rate limit': (db, notifications) =>
    listWaiting(db, seeded.subscriptionId, 0, idsOf(notifications)),
  'find who waits first in the line of a rate limit': (db, notifications) =>
    findFirstWaiting(db, seeded.subscriptionId, 0, idsOf(notifications)),
  'find a place in the line of a rate limit': each((db, { notificationId }) => findPlace(db, notificationId)),
  'show a first turn': each((db, { notificationId }) => showFirstTurn(db, notificationId, 0, Date.now())),
  'take turns of a rate limit': async (db, notifications) => {
    const { version, ...line } = await readLine(db, seeded.subscriptionId);
    const turn = { seq: 0, granted: true, atMs: Date.now(), reconcileAfterSeconds: 60 };
    await writeTurns(
      db,
      seeded.subscriptionId,
      version,
      line,
      notifications.map(({ notificationId }) => ({ ...turn, notificationId })),
    );
  },
  'read the last responses': async (db, notifications) => {
    await recordAttempts(database.db, notifications.map(failed));
    await readLastResponses(db, await readProgress(database.db, idsOf(notifications)));
  },
  'read the progress': (db, notifications) => readProgress(db, idsOf(notifications)),
  'find attempts': async (db, notifications) => {
    await recordAttempts(database.db, notifications.map(failed));
    for (const { notificationId } of notifications) await attemptsOf(db, notificationId);
  },
};

/** The rows that a connection has read, until Postgres collects the number. */
async function rowsRead(executor: Executor): Promise<number> {
  const { rows } = await executor.query<{ count: string }>({
    text: 'select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) as count from pg_stat_xact_user_tables',
  });
  return Number(rows[0]!.count);
}

/** A database that counts the rows which its statements read. */
function counting(db: Database): Database & { read: number } {
  const counter = {
    ...db,
    read: 0,
    transaction: <T>(work: (executor: Executor) => Promise<T>) =>
      db.transaction(async (executor) => {
        const before = await rowsRead(executor);
        const result = await work(executor);
        counter.read += (await rowsRead(executor)) - before;
        return result;
      }),
    query: (statement: Statement) => counter.transaction((executor) => executor.query(statement)),
  };
  return counter as Database & { read: number };
}

it.each(Object.entries(PATH))(
  'plans that were made for empty partitions read few rows of full ones to %s',
  async (_, use) => {
    // Statements about a subscription read what is open, and other tests left some.
    await database.db.query({
      text: `update notifications set status = 'delivered' where subscription_id = $1`,
      values: [decodeId('sub', seeded.subscriptionId)],
    });
    const notifications = await accept(AT_ONCE);
    const db = counting(path);
    await use(db, notifications);
    expect(db.read).toBeLessThan(AT_ONCE * MAX_READ_EACH);
  },
);
