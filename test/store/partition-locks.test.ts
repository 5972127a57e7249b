import type { AcceptedNotification } from '../../src/domain/acceptance';
import { encodeId, newUuid } from '../../src/domain/ids';
import { openDatabase, type Database, type Executor } from '../../src/store/db/database';
import { ensurePartitions } from '../../src/store/db/partitions';
import { acceptEvents } from '../../src/store/notifications/accept';
import { attemptsOf, findAttempt } from '../../src/store/notifications/attempts';
import {
  claimFirstAttempt,
  claimUnattempted,
  findUnfinished,
  releaseClaims,
} from '../../src/store/notifications/claims';
import { findEvent, listEvents } from '../../src/store/notifications/events';
import { loadDeliveries } from '../../src/store/notifications/load-deliveries';
import { findNotification, listNotifications, notificationsOfEvent } from '../../src/store/notifications/notifications';
import { OpenCounts } from '../../src/store/notifications/open-counts';
import { findStillOpen, OverdueSweep } from '../../src/store/notifications/overdue';
import { recordAttempts } from '../../src/store/notifications/record-attempts';
import { reopenNotification } from '../../src/store/notifications/reopen';
import {
  cancelNotification,
  handOver,
  holdNotification,
  markDelivering,
  postpone,
} from '../../src/store/notifications/transitions';
import { acceptTriggered } from '../../src/store/notifications/trigger';
import { readTables } from '../../src/store/retention/status';
import { markOutOfOrder } from '../../src/store/subscriptions/out-of-order';
import { markForgottenHolds } from '../../src/store/subscriptions/settling';
import { readLine, writeTurns } from '../../src/store/subscriptions/rate-line';
import { attemptRecord } from '../support/attempt-record';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { setSubscription } from '../support/rows';
import { acceptOne, eventFor, seed, type Seeded } from '../support/seed';

/**
 * Postgres keeps the locks of all connections in one table of limited size. A statement that locks
 * every partition fills it once there are many: then every statement of the installation fails.
 */
const MAX_LOCKS = 300;
const PARTITIONS = 400;
const DAY_MS = 86_400_000;

let database: TestDatabase;
let path: Database;
let reads: Database;
let seeded: Seeded;
beforeAll(async () => {
  database = await createTestDatabase();
  await ensurePartitions(database.db, PARTITIONS, Date.now() - PARTITIONS * DAY_MS);
  path = openDatabase(database.url, () => undefined, { genericPlans: true, max: 1 });
  reads = openDatabase(database.url, () => undefined, { max: 1 });
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
}, 240_000);
afterAll(async () => {
  await path?.close();
  await reads?.close();
  await database?.drop();
});

/** Runs each statement in its own transaction, and keeps the most relations that one locks. */
function counting(db: Database): Database & { most: number } {
  const counter = {
    ...db,
    most: 0,
    query: (statement: Parameters<Executor['query']>[0]) =>
      db.transaction(async (executor) => {
        const result = await executor.query(statement);
        const { rows } = await executor.query<{ count: number }>({
          text: `select count(distinct relation) from pg_locks where pid = pg_backend_pid() and locktype = 'relation'`,
        });
        counter.most = Math.max(counter.most, rows[0]!.count);
        return result;
      }),
  };
  return counter as Database & { most: number };
}

type Use = (db: Database, notification: AcceptedNotification) => Promise<unknown>;

const given = () => eventFor(seeded, { id: newUuid() });
const PATH: Record<string, Use> = {
  accept: (db) => acceptEvents(db, [eventFor(seeded)], 'process'),
  'accept with an id': (db) => acceptEvents(db, [given()], 'process'),
  'accept a duplicate': async (db) => {
    const event = given();
    await acceptEvents(database.db, [event]);
    await acceptEvents(db, [{ ...event, uuid: newUuid() }]);
  },
  'accept a trigger': (db) =>
    acceptTriggered(
      db,
      {
        uuid: newUuid(),
        type: seeded.eventType,
        timestamp: new Date(),
        data: '{}',
        productId: seeded.productId,
        chosenByCustomer: false,
      },
      seeded.subscriptionId,
      'process',
    ),
  load: (db, { notificationId }) => loadDeliveries(db, [notificationId]),
  record: (db, notification) => recordAttempts(db, [attemptRecord(notification, { status: 'delivered' })]),
  'record again': async (db, notification) => {
    const record = attemptRecord(notification, { status: 'delivered' });
    await recordAttempts(database.db, [record]);
    await recordAttempts(db, [record]);
  },
  claim: (db, { notificationId }) => claimFirstAttempt(db, notificationId, 'process', 5),
  'release claims': (db, { notificationId }) => releaseClaims(db, [notificationId], 'process'),
  'mark as delivering': (db, { notificationId }) => markDelivering(db, notificationId, 60),
  postpone: (db, { notificationId }) => postpone(db, notificationId, 60),
  'hand over': (db, { notificationId }) => handOver(db, notificationId, 'head', 'run:1'),
  hold: (db, { notificationId }) => holdNotification(db, notificationId),
  cancel: (db, { notificationId }) => cancelNotification(db, notificationId),
  'mark as out of order': async (db) => {
    await readLine(database.db, seeded.subscriptionId);
    expect(await markOutOfOrder(db, seeded.subscriptionId, 'gone')).toBeDefined();
    await setSubscription(database.db, seeded.subscriptionId, 'out_of_order_at = null');
  },
  'take turns of a rate limit': async (db, { notificationId }) => {
    const { version, ...line } = await readLine(db, seeded.subscriptionId);
    const turn = { notificationId, seq: 0, granted: true, atMs: Date.now(), reconcileAfterSeconds: 60 };
    await writeTurns(db, seeded.subscriptionId, version, line, [turn]);
  },
};
const SWEEPS: Record<string, Use> = {
  'take overdue': (db) => new OverdueSweep(db).take(200, 60),
  'find what is still open': (db, { notificationId }) => findStillOpen(db, [notificationId]),
  'find forgotten holds': (db) => markForgottenHolds(db),
  'count open': (db) => new OpenCounts(db).read(),
  'claim a burst': (db, { notificationId }) => claimUnattempted(db, [notificationId], 'process'),
  'find the rest of a burst': (db, { notificationId }) => findUnfinished(db, [notificationId], 'process'),
};
const PAGE = { limit: 50 };
const READS: Record<string, Use> = {
  'list notifications': (db) => listNotifications(db, {}, {}, PAGE),
  'list notifications of an event': (db) => listNotifications(db, {}, { eventId: 'none' }, PAGE),
  'list notifications of a quiet product': (db) => listNotifications(db, { productId: 'none' }, {}, PAGE),
  'list events': (db) => listEvents(db, {}, {}, PAGE),
  'find an event': (db) => findEvent(db, 'none', {}),
  'list events of a customer': (db) => listEvents(db, { customerId: seeded.customerId }, {}, PAGE),
  'find an event of a customer': async (db) => {
    const id = encodeId('evt', newUuid());
    expect(await findEvent(db, id, { customerId: seeded.customerId })).toBeUndefined();
  },
  'find a notification': (db, { notificationId }) => findNotification(db, notificationId, {}),
  'find the notifications of an event': (db) => notificationsOfEvent(db, newUuid(), {}),
  'find attempts': (db, { notificationId }) => attemptsOf(db, notificationId),
  'find an attempt': async (db, notification) => {
    await recordAttempts(database.db, [attemptRecord(notification, { status: 'delivered' })]);
    const [attempt] = await attemptsOf(database.db, notification.notificationId);
    expect(await findAttempt(db, attempt!.id, {})).toBeDefined();
  },
  reopen: async (db, notification) => {
    await recordAttempts(database.db, [attemptRecord(notification, { status: 'failed' })]);
    expect(await reopenNotification(db, notification.notificationId)).toBeDefined();
  },
  'show retention': (db) => readTables(db, Date.now()),
};

async function locksOf(db: Database, use: Use): Promise<number> {
  const executor = counting(db);
  // A prepared statement may be planned in another way when it is run again.
  for (let runs = 0; runs < 7; runs++) {
    const [notification] = await acceptOne(database.db, seeded);
    await use(executor, notification!);
  }
  return executor.most;
}

it.each(Object.entries(PATH))('with 400 daily partitions, to %s locks less than 300 relations', async (_, use) => {
  expect(await locksOf(path, use)).toBeLessThan(MAX_LOCKS);
});

it.each(Object.entries({ ...SWEEPS, ...READS }))(
  'with 400 daily partitions, to %s locks less than 300 relations on a pool that plans each time',
  async (_, use) => {
    expect(await locksOf(reads, use)).toBeLessThan(MAX_LOCKS);
  },
);
