import type { AcceptedNotification } from '../../src/domain/acceptance';
import { encodeId, newUuid } from '../../src/domain/ids';
import type { Database } from '../../src/store/db/database';
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
import { MAX_LOCKS, useManyPartitions } from '../support/many-partitions';
import { setSubscription } from '../support/rows';
import { acceptOne, eventFor, seed, type Seeded } from '../support/seed';

const on = useManyPartitions();
let seeded: Seeded;
beforeAll(async () => {
  seeded = await seed(on.db, { url: 'http://127.0.0.1:9/' });
}, 60_000);

type Use = (db: Database, notification: AcceptedNotification) => Promise<unknown>;

const given = () => eventFor(seeded, { id: newUuid() });
const PATH: Record<string, Use> = {
  accept: (db) => acceptEvents(db, [eventFor(seeded)], 'process'),
  'accept with an id': (db) => acceptEvents(db, [given()], 'process'),
  'accept a duplicate': async (db) => {
    const event = given();
    await acceptEvents(on.db, [event]);
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
    await recordAttempts(on.db, [record]);
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
    await readLine(on.db, seeded.subscriptionId);
    expect(await markOutOfOrder(db, seeded.subscriptionId, 'gone')).toBeDefined();
    await setSubscription(on.db, seeded.subscriptionId, 'out_of_order_at = null');
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
    await recordAttempts(on.db, [attemptRecord(notification, { status: 'delivered' })]);
    const [attempt] = await attemptsOf(on.db, notification.notificationId);
    expect(await findAttempt(db, attempt!.id, {})).toBeDefined();
  },
  reopen: async (db, notification) => {
    await recordAttempts(on.db, [attemptRecord(notification, { status: 'failed' })]);
    expect(await reopenNotification(db, notification.notificationId)).toBeDefined();
  },
  'show retention': (db) => readTables(db, Date.now()),
};

async function locksOf(db: Database, use: Use): Promise<number> {
  return on.locksOf(db, async (executor) => {
    const [notification] = await acceptOne(on.db, seeded);
    await use(executor, notification!);
  });
}

it.each(Object.entries(PATH))('with 400 daily partitions, to %s locks less than 300 relations', async (_, use) => {
  expect(await locksOf(on.path, use)).toBeLessThan(MAX_LOCKS);
});

it.each(Object.entries({ ...SWEEPS, ...READS }))(
  'with 400 daily partitions, to %s locks less than 300 relations on a pool that plans each time',
  async (_, use) => {
    expect(await locksOf(on.reads, use)).toBeLessThan(MAX_LOCKS);
  },
);
