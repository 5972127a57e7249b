import { encodeId, newUuid, uuidFloor, uuidOf } from '../../src/domain/ids';
import { OWN_PRODUCT } from '../../src/domain/operational-events';
import type { Database } from '../../src/store/db/database';
import { allSpans } from '../../src/store/db/spans';
import { anonymiseAudit } from '../../src/store/erasure/anonymise-audit';
import { deleteNotifications } from '../../src/store/erasure/erase-history';
import { redactOperationalEvents } from '../../src/store/erasure/redact-operational-events';
import { claimUnattempted, endClaims, findUnfinished } from '../../src/store/notifications/claims';
import { findRef } from '../../src/store/notifications/notification-refs';
import { checkAgain, checkNow, endCheck, findStillOpen } from '../../src/store/notifications/overdue';
import { insertRecovery, isAllExpired, findTask, retryForRecovery } from '../../src/store/notifications/recoveries';
import { findFilterTask, insertFilterRecovery } from '../../src/store/notifications/filter-recoveries';
import {
  cancelByFilter,
  countMatching,
  findCandidates,
  readOutcomes,
  retryByFilter,
} from '../../src/store/notifications/recovery-items';
import { isPayloadExpired, markDue } from '../../src/store/notifications/reopen';
import { requestCancel } from '../../src/store/notifications/transitions';
import { listActivity, momentOfNow } from '../../src/store/reporting/activity';
import { readHealth, readSeries } from '../../src/store/reporting/health';
import { readOverview } from '../../src/store/reporting/overview';
import { readStatistics } from '../../src/store/reporting/statistics';
import { countKeptOpen } from '../../src/store/retention/status';
import { listOversleepers, showDue } from '../../src/store/subscriptions/rate-wakes';
import { countNotBegun, countPending, releasePage } from '../../src/store/subscriptions/releasing';
import {
  cancelOpen,
  endChecks,
  hasMovedOn,
  holdLinedUp,
  listOpen,
  markSettling,
} from '../../src/store/subscriptions/settling';
import { DAY_MS, MAX_LOCKS, PARTITIONS, useManyPartitions } from '../support/many-partitions';
import { acceptOne, seed, type Seeded } from '../support/seed';
import { attemptRecord } from '../support/attempt-record';
import { recordAttempts } from '../../src/store/notifications/record-attempts';
import { setSubscription } from '../support/rows';

/** Notifications of the whole time, as of a subscription that was disabled for a year. */
const on = useManyPartitions();
let seeded: Seeded;
const ids: string[] = [];
beforeAll(async () => {
  seeded = await seed(on.db, { url: 'http://127.0.0.1:9/' });
  for (let day = 0; day < PARTITIONS; day += 2) {
    const [notification] = await acceptOne(on.db, seeded, { uuid: uuidFloor(Date.now() - day * DAY_MS) });
    ids.push(notification!.notificationId);
  }
  await on.db.query({ text: 'analyze' });
}, 120_000);

const oldest = () => ids.at(-1)!;
const now = () => new Date();
const setAll = (assignments: string) => on.db.query({ text: `update notifications set ${assignments}` });

type Use = (db: Database) => Promise<unknown>;
const CONTROL: Record<string, Use> = {
  'mark a subscription for settlement': async (db) => {
    await setAll(`status = 'held'`);
    expect(await db.transaction((executor) => markSettling(executor, seeded))).toEqual([seeded.subscriptionId]);
  },
  'mark a deleted subscription for settlement': async (db) => {
    await setAll(`status = 'pending'`);
    await setSubscription(on.db, seeded.subscriptionId, 'deleted_at = now()');
    expect(await db.transaction((executor) => markSettling(executor, seeded))).toEqual([seeded.subscriptionId]);
    await setSubscription(on.db, seeded.subscriptionId, 'deleted_at = null');
  },
  'mark a product for settlement': async (db) => {
    const { productId } = seeded;
    await setAll(`status = 'held'`);
    expect(await db.transaction((executor) => markSettling(executor, { productId }))).toEqual([seeded.subscriptionId]);
  },
  'hold what is in line': async (db) => {
    await on.db.query({
      text: 'insert into rate_lines (subscription_id) select id from subscriptions on conflict do nothing',
    });
    await setAll(`status = 'pending', rate_seq = 1`);
    await setSubscription(on.db, seeded.subscriptionId, 'enabled = false');
    expect(await db.transaction((executor) => markSettling(executor, seeded))).toEqual([seeded.subscriptionId]);
    expect(await holdLinedUp(db, seeded.subscriptionId)).toBe(true);
    const { rows } = await on.db.query<{ status: string }>({ text: 'select distinct status from notifications' });
    expect(rows).toEqual([{ status: 'held' }]);
    await setSubscription(on.db, seeded.subscriptionId, 'enabled = true');
    await on.db.query({ text: 'delete from rate_lines' });
    await setAll(`status = 'pending', rate_seq = null`);
  },
  'list open': (db) => listOpen(db, seeded.subscriptionId, 1000),
  'cancel open': (db) => cancelOpen(db, ids),
  'end checks': (db) => endChecks(db, ids),
  'see that it moved on': (db) => hasMovedOn(db, oldest()),
  'release a page': async (db) => {
    await setAll(`status = 'held'`);
    expect(await releasePage(db, seeded.subscriptionId, 'process', 1000)).toHaveLength(ids.length);
  },
  'count pending': (db) => countPending(db, ids),
  'count those not begun': (db) => countNotBegun(db, ids),
  'list a line': (db) => listOversleepers(db, seeded.subscriptionId, { since: now(), ratePerSecond: 1 }, 200),
  'show when they are due': (db) => showDue(db, seeded.subscriptionId, { since: now(), ratePerSecond: 1 }),
  'claim a burst': (db) => claimUnattempted(db, ids, 'process'),
  'find the rest of a burst': (db) => findUnfinished(db, ids, 'process'),
  'check again': (db) => checkAgain(db, ids, 10),
  'check now': (db) => checkNow(db, ids),
  'end a check': (db) => endCheck(db, oldest()),
  'find what is still open': (db) => findStillOpen(db, ids),
  'find a reference': (db) => findRef(db, oldest()),
  'request a cancellation': (db) => requestCancel(db, oldest()),
  'mark as due': (db) => markDue(db, oldest()),
  'see whether a payload has expired': (db) => isPayloadExpired(db, oldest()),
  'end all claims': (db) => endClaims(db),
};

const since = () => new Date(Date.now() - PARTITIONS * DAY_MS);
const failed = () => setAll(`status = 'failed'`);
const RECOVERY: Record<string, Use> = {
  'see whether all is expired': async (db) => {
    await failed();
    const { subscriptionId } = seeded;
    expect(await isAllExpired(db, { subscriptionId, since: since(), until: now() })).toBe(false);
  },
  recover: async (db) => {
    await failed();
    const { subscriptionId } = seeded;
    await on.db.query({ text: 'delete from recoveries' });
    const recovery = await db.transaction((executor) =>
      insertRecovery(executor, { subscriptionId, since: since(), until: now(), ratePerSecond: 1 }),
    );
    expect(recovery.total).toBeGreaterThan(100);
    const task = await findTask(db, recovery.id, 100);
    expect(task?.notificationIds).toHaveLength(100);
    expect(await retryForRecovery(db, recovery.id, task!.notificationIds[0]!)).toBeDefined();
  },
  'recover what matches a filter': async (db) => {
    await setAll(`status = 'failed'`);
    const filter = { productId: seeded.productId, status: ['failed' as const] };
    const sought = { action: 'retry' as const, filter, since: since(), until: now() };
    const { count: total } = await db.transaction((executor) => countMatching(executor, sought));
    expect(total).toBeGreaterThan(100);
    const owners = { productId: seeded.productId, customerId: null };
    const recovery = await insertFilterRecovery(db, { ...sought, ...owners, ratePerSecond: 1, total });
    const task = (await findFilterTask(db, recovery.id))!;
    const candidates = await findCandidates(db, task, 100);
    expect(candidates).toHaveLength(100);
    for (const candidate of [candidates[0]!, candidates.at(-1)!]) {
      expect(await retryByFilter(db, task.uuid, candidate, filter.status)).toMatchObject({
        notification: { notificationId: candidate.id },
      });
      expect(await cancelByFilter(db, task.uuid, candidate, ['pending'])).toBe(true);
    }
    expect(await readOutcomes(db, recovery.id)).toMatchObject({ cancelled: 2 });
  },
};

const REPORTING: Record<string, Use> = {
  'read statistics': async (db) => {
    await setAll(`status = 'held'`);
    expect((await readStatistics(db, seeded.subscriptionId)).held).toBe(ids.length);
  },
  'read the overview': async (db) => {
    await setAll(`status = 'held'`);
    expect((await readOverview(db, {}, 'day', now())).backlog.held).toBe(ids.length);
  },
  'read the overview of a customer': (db) => readOverview(db, { customerId: seeded.customerId }, 'day', now()),
  'read the health of subscriptions': (db) => readHealth(db, [seeded.subscriptionId], now()),
  'read a series': (db) => readSeries(db, seeded.subscriptionId, 'week', now()),
  'count open notifications kept by retention': (db) => countKeptOpen(db, 90, Date.now()),
  'list activity': async (db) => {
    const seen = await momentOfNow(on.db);
    const [notification] = await acceptOne(on.db, seeded);
    const records = [notification!, (await findRef(on.db, oldest()))!];
    await recordAttempts(
      on.db,
      records.map((ref) => attemptRecord(ref, { status: 'failed' }, { attemptKey: newUuid() })),
    );
    await on.db.query({
      text: `insert into activity (id, kind, at, event_type, event_id, product_id, customer_id, subscription_id, notification_id, status)
             select $1, 'notification.cancelled', now(), event_type, event_id, product_id, customer_id, subscription_id, id, status from notifications
             order by id limit 1`,
      values: [newUuid()],
    });
    const until = await momentOfNow(on.db);
    const { rows } = await listActivity(db, { seen, until }, undefined, 0, 100);
    expect(new Set(rows.map(({ activity }) => activity.kind)).size).toBeGreaterThan(2);
  },
};

const ERASURE: Record<string, Use> = {
  'make the audit log anonymous': async (db) => {
    await on.db.query({
      text: `insert into audit (id, actor_id, actor_name, action, object) select id, 'a', 'a', 'notification.retry', object from unnest($1::uuid[], $2::text[]) as t (id, object)`,
      values: [ids.map(() => newUuid()), ids],
    });
    const known = { customerId: seeded.customerId, ids: new Set<string>(), keyHashes: new Set<string>() };
    await anonymiseAudit(db, encodeId('ers', newUuid()), known, () => undefined);
  },
  'redact operational events': (db) =>
    redactOperationalEvents(db, encodeId('ers', newUuid()), seeded.customerId, () => undefined),
  'redact an operational event of a year ago': async (db) => {
    // The oldest event of the seeded customer, as if it were about them.
    await on.db.query({
      text: `update event_types set product_id = '${OWN_PRODUCT}', name = '${OWN_PRODUCT}.test.v1'
      where name = $1`,
      values: [seeded.eventType],
    });
    await on.db.query({
      text: `update events set product_id = '${OWN_PRODUCT}', type = '${OWN_PRODUCT}.test.v1',
      data = json_build_object('customerId', $1::text) where id = (select id from events order by id limit 1)`,
      values: [seeded.customerId],
    });
    await redactOperationalEvents(db, encodeId('ers', newUuid()), seeded.customerId, () => undefined);
    const { rows } = await on.db.query<{ data: unknown }>({ text: 'select data from events order by id limit 1' });
    expect(rows).toEqual([{ data: null }]);
  },
  'delete a notification of a year ago with its attempts': async (db) => {
    const ref = (await findRef(on.db, oldest()))!;
    await recordAttempts(on.db, [attemptRecord(ref, { status: 'delivered' }, { attemptKey: newUuid() })]);
    await deleteNotifications(
      db,
      encodeId('ers', newUuid()),
      [oldest()],
      [uuidFloor(0), uuidFloor(Date.now() - 380 * DAY_MS)],
    );
    const { rowCount } = await on.db.query({
      text: 'select from attempts where notification_id = $1',
      values: [uuidOf(oldest())],
    });
    expect(rowCount).toBe(0);
    ids.pop();
  },
  'list the spans of days': (db) => allSpans(db, 'attempts'),
};

it.each(Object.entries({ ...CONTROL, ...RECOVERY, ...REPORTING, ...ERASURE }))(
  'with 400 daily partitions and notifications on all of them, to %s locks less than 300 relations',
  async (_, use) => {
    expect(await on.locksOf(on.reads, use)).toBeLessThan(MAX_LOCKS);
  },
);
