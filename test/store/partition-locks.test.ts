import type { AcceptedNotification } from '../../src/domain/acceptance';
import { closeGaps } from '../../src/store/subscriptions/rate-gaps';
import { decodeId, encodeId, newUuid, uuidFloor } from '../../src/domain/ids';
import type { Database } from '../../src/store/db/database';
import { timestampAt } from '../../src/domain/timestamp';
import { acceptEvents } from '../../src/store/notifications/accept';
import { attemptsOf, findAttempt, lastTrigger } from '../../src/store/notifications/attempts';
import {
  claimFirstAttempt,
  claimUnattempted,
  findUnfinished,
  releaseClaims,
  renewClaims,
} from '../../src/store/notifications/claims';
import { findEvent, listEvents } from '../../src/store/notifications/events';
import { loadDeliveries } from '../../src/store/notifications/load-deliveries';
import { findNotification, listNotifications, notificationsOfEvent } from '../../src/store/notifications/notifications';
import { OpenCounts } from '../../src/store/notifications/open-counts';
import { findStillOpen, OverdueSweep } from '../../src/store/notifications/overdue';
import { recordAttempts } from '../../src/store/notifications/record-attempts';
import { findOpen, replayEvent } from '../../src/store/notifications/replay';
import { canReach, listRouting } from '../../src/store/notifications/routing';
import { readSearch } from '../../src/store/notifications/search';
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
import { findFirstWaiting, readLine, writeTurns } from '../../src/store/subscriptions/rate-line';
import { attemptRecord } from '../support/attempt-record';
import { DAY_MS, MAX_LOCKS, PARTITIONS, useManyPartitions } from '../support/many-partitions';
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
  'accept ids that look like generated ones of every day': async (db) => {
    const uuids = Array.from({ length: PARTITIONS }, (_, day) => uuidFloor(Date.now() - day * DAY_MS));
    const events = uuids.map((uuid) => eventFor(seeded, { id: encodeId('evt', uuid) }));
    await acceptEvents(db, events, 'process');
  },
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
        timestamp: timestampAt(new Date()),
        data: '{}',
        productId: seeded.productId,
        chosenByCustomer: false,
      },
      seeded.subscriptionId,
      'process',
    ),
  load: (db, { notificationId }) => loadDeliveries(db, [notificationId]),
  record: (db, notification) => recordAttempts(db, [attemptRecord(notification, { status: 'delivered' })]),
  'see what the last attempt was made for': async (db, notification) => {
    await recordAttempts(on.db, [attemptRecord(notification, { status: 'delivered' })]);
    expect(await lastTrigger(db, notification.notificationId)).toBe('scheduled');
  },
  'record again': async (db, notification) => {
    const record = attemptRecord(notification, { status: 'delivered' });
    await recordAttempts(on.db, [record]);
    await recordAttempts(db, [record]);
  },
  claim: (db, { notificationId }) => claimFirstAttempt(db, notificationId, { processId: 'process', seconds: 5 }),
  'renew claims': (db, { notificationId }) => renewClaims(db, [notificationId], 'process'),
  'release claims': (db, { notificationId }) => releaseClaims(db, [notificationId], 'process'),
  'mark as delivering': (db, { notificationId }) => markDelivering(db, notificationId, 60),
  postpone: (db, { notificationId }) => postpone(db, notificationId, 60, 'mine'),
  'hand over': (db, { notificationId }) => handOver(db, notificationId, 'head', 'run:1'),
  hold: (db, { notificationId }) => holdNotification(db, notificationId),
  cancel: (db, { notificationId }) => cancelNotification(db, notificationId),
  'mark as out of order': async (db) => {
    await readLine(on.db, seeded.subscriptionId);
    expect(await markOutOfOrder(db, seeded.subscriptionId, 'gone')).toBeDefined();
    await setSubscription(on.db, seeded.subscriptionId, 'out_of_order_at = null');
  },
  'find who waits first in the line of a rate limit': (db, { notificationId }) =>
    findFirstWaiting(db, seeded.subscriptionId, 0, [notificationId]),
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
  'close gaps in lines': (db) => closeGaps(db),
  'count open': (db) => new OpenCounts(db).read(),
  'claim a burst': (db, { notificationId }) => claimUnattempted(db, [notificationId], 'process'),
  'find the rest of a burst': (db, { notificationId }) => findUnfinished(db, [notificationId], 'process'),
};
const PAGE = { limit: 50 };
const READS: Record<string, Use> = {
  'list notifications': (db) => listNotifications(db, {}, {}, PAGE),
  'list notifications of an event': (db) => listNotifications(db, {}, { eventId: 'none' }, PAGE),
  'list notifications of a quiet product': (db) => listNotifications(db, { productIds: ['none'] }, {}, PAGE),
  'list events': (db) => listEvents(db, {}, {}, PAGE),
  'find events by a value': async (db) => listEvents(db, {}, { search: await readSearch(db, 'value') }, PAGE),
  'find events by the beginning of an id': async (db) =>
    listEvents(db, {}, { search: await readSearch(db, encodeId('evt', newUuid()).slice(0, 20)) }, PAGE),
  'find events of a customer by a value': async (db) =>
    listEvents(db, { customerId: seeded.customerId }, { search: await readSearch(db, 'value') }, PAGE),
  'find notifications by a value': (db) => listNotifications(db, {}, { q: 'value' }, PAGE),
  'find notifications of a customer by a value': (db) =>
    listNotifications(db, { customerId: seeded.customerId }, { q: 'value' }, PAGE),
  'list notifications of a recovery': (db) => listNotifications(db, {}, { recoveryId: 'none' }, PAGE),
  'find an event': (db) => findEvent(db, 'none', {}),
  'list events of a customer': (db) => listEvents(db, { customerId: seeded.customerId }, {}, PAGE),
  'find an event of a customer': async (db) => {
    const id = encodeId('evt', newUuid());
    expect(await findEvent(db, id, { customerId: seeded.customerId })).toBeUndefined();
  },
  'find a notification': (db, { notificationId }) => findNotification(db, notificationId, {}),
  'find the notifications of an event': (db) => notificationsOfEvent(db, newUuid(), {}),
  'explain who got an event': (db) => listRouting(db, { uuid: newUuid(), customerId: seeded.customerId }, {}, PAGE),
  'explain who got an event of no customer': (db) => listRouting(db, { uuid: newUuid(), customerId: null }, {}, PAGE),
  'see whether an event may be sent': (db) => canReach(db, newUuid(), seeded.subscriptionId),
  'find an open notification of an event': (db) => findOpen(db, newUuid(), seeded.subscriptionId),
  'replay an event': async (db, { notificationId }) => {
    const { rows } = await on.db.query<{ event_id: string }>({
      text: 'select event_id from notifications where id = $1',
      values: [decodeId('ntf', notificationId)],
    });
    expect(await replayEvent(db, rows[0]!.event_id, seeded.subscriptionId)).toBeDefined();
  },
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
