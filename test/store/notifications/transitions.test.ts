import { setTimeout } from 'node:timers/promises';
import { uuidOf } from '../../../src/domain/ids';
import type { AcceptedNotification } from '../../../src/domain/acceptance';
import { OVERDUE_SECONDS } from '../../../src/domain/delivery';
import { NOTIFICATION_STATUSES, type NotificationStatus } from '../../../src/domain/types';
import {
  cancelNotification,
  requestCancel,
  handOver,
  holdNotification,
  markDelivering,
  postpone,
} from '../../../src/store/notifications/transitions';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { notificationRow, setNotification, setSubscription } from '../../support/rows';
import { acceptOne, seed, type Seeded } from '../../support/seed';

/** The transitions of a notification that no attempt makes, from each status. */
let database: TestDatabase;
let seeded: Seeded;
let notification: AcceptedNotification;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  notification = (await acceptOne(database.db, seeded))[0]!;
});

const row = () => notificationRow(database.db, notification.notificationId);
/** With everything set that a transition may clear. */
const bringTo = (status: NotificationStatus) =>
  setNotification(
    database.db,
    notification.notificationId,
    `status = '${status}', next_attempt_at = now(), finished_at = now() - interval '1 hour', reconcile_after = now(), retry_asked = true, rate_seq = 5, attempt_count = 3`,
  );
const disable = () => setSubscription(database.db, seeded.subscriptionId, 'enabled = false');

describe('showing that an attempt is under way', () => {
  it.each(NOTIFICATION_STATUSES.filter((status) => status !== 'delivered' && status !== 'cancelled'))(
    'turns %s into delivering, and forgets the next attempt and the wish for one',
    async (status) => {
      await bringTo(status);
      const after = await database.db.transaction(async (db) => {
        await markDelivering(db, notification.notificationId, 42);
        return notificationRow(db, notification.notificationId);
      });
      expect(after).toMatchObject({
        status: 'delivering',
        rate_seq: null,
        next_attempt_at: null,
        finished_at: null,
        retry_asked: false,
        seconds_to_reconcile: 42,
      });
    },
  );

  it.each(['delivered', 'cancelled'] as const)('changes nothing of one that is %s', async (status) => {
    await bringTo(status);
    const before = await row();
    await markDelivering(database.db, notification.notificationId, 42);
    expect(await row()).toEqual({ ...before, seconds_to_reconcile: expect.any(Number) });
  });
});

describe('holding a notification', () => {
  it.each(NOTIFICATION_STATUSES)('of a disabled subscription holds it unless %s closes it for good', async (status) => {
    await bringTo(status);
    await disable();
    const closed = status === 'delivered' || status === 'cancelled' || status === 'failed';
    expect(await holdNotification(database.db, notification.notificationId)).toBe(!closed);
    expect(await row()).toMatchObject(
      closed ? { status } : { status: 'held', rate_seq: null, next_attempt_at: null, reconcile_after: null },
    );
  });

  it('does nothing if the subscription takes deliveries again', async () => {
    await bringTo('retrying');
    expect(await holdNotification(database.db, notification.notificationId)).toBe(false);
    expect((await row()).status).toBe('retrying');
  });

  it('does nothing if the subscription was deleted', async () => {
    await bringTo('retrying');
    await disable();
    await setSubscription(database.db, seeded.subscriptionId, 'deleted_at = now()');
    expect(await holdNotification(database.db, notification.notificationId)).toBe(false);
    expect((await row()).status).toBe('retrying');
  });
});

describe('postponing an attempt that found no slot in its lane', () => {
  it.each(['pending', 'retrying', 'delivering'] as const)(
    'shows when one that is %s is tried again, and lets the reconciler check after that',
    async (status) => {
      await bringTo(status);
      const after = await database.db.transaction(async (db) => {
        await postpone(db, notification.notificationId, 600, 'mine');
        return notificationRow(db, notification.notificationId);
      });
      expect(after).toMatchObject({ status, seconds_to_reconcile: 600 + OVERDUE_SECONDS });
      expect(after.next_attempt_at!.getTime()).toBeGreaterThan(Date.now() + 500_000);
    },
  );

  it.each([
    ['its own claim', 'mine', null],
    ['no claim of another process', 'another', 'another'],
  ])('gives up %s on one that was not begun', async (_, claimedBy, left) => {
    await bringTo('pending');
    await setNotification(database.db, notification.notificationId, `claimed_by = '${claimedBy}'`);
    await postpone(database.db, notification.notificationId, 600, 'mine');
    const { rows } = await database.db.query<{ claimed_by: string | null }>({
      text: 'select claimed_by from notifications where id = $1',
      values: [uuidOf(notification.notificationId)],
    });
    expect(rows[0]!.claimed_by).toBe(left);
  });

  it.each(['delivered', 'cancelled', 'failed', 'held'] as const)(
    'changes nothing of one that is %s',
    async (status) => {
      await bringTo(status);
      const before = await row();
      await postpone(database.db, notification.notificationId, 600, 'mine');
      expect(await row()).toEqual({ ...before, seconds_to_reconcile: expect.any(Number) });
    },
  );
});

describe('handing a failed head start over to its workflow', () => {
  const NEXT = new Date(Date.UTC(2099, 0, 1));
  const fail = (nextAttemptAt: string) =>
    setNotification(
      database.db,
      notification.notificationId,
      `status = 'retrying', last_attempt_key = 'head:process', burst_id = 'burst/1', reconcile_after = now(), next_attempt_at = ${nextAttemptAt}`,
    );

  it('renames the attempt, and lets the reconciler check after the next one is due', async () => {
    await fail(`'${NEXT.toISOString()}'`);
    await handOver(database.db, notification.notificationId, 'head:process', 'run:1');
    expect(await row()).toMatchObject({
      last_attempt_key: 'run:1',
      burst_id: null,
      reconcile_after: new Date(NEXT.getTime() + OVERDUE_SECONDS * 1000),
    });
  });

  it('leaves nothing for the reconciler if no attempt is to follow', async () => {
    await fail('null');
    await handOver(database.db, notification.notificationId, 'head:process', 'run:1');
    expect(await row()).toMatchObject({ last_attempt_key: 'run:1', reconcile_after: null });
  });

  it('does nothing if another attempt was recorded since', async () => {
    await fail('null');
    await setNotification(database.db, notification.notificationId, "last_attempt_key = 'run:2'");
    await handOver(database.db, notification.notificationId, 'head:process', 'run:1');
    expect(await row()).toMatchObject({ last_attempt_key: 'run:2', burst_id: 'burst/1' });
  });
});

describe('cancelling a notification', () => {
  it.each(['pending', 'delivering', 'retrying', 'held'] as const)('closes one that is %s', async (status) => {
    await bringTo(status);
    const { finished_at: before } = await row();
    expect(await cancelNotification(database.db, notification.notificationId)).toEqual({
      status: 'cancelled',
      attempts: 3,
      openedAt: (await row()).opened_at,
    });
    const after = await row();
    expect(after).toMatchObject({ status: 'cancelled', rate_seq: null, next_attempt_at: null, reconcile_after: null });
    expect(after.finished_at!.getTime()).toBeGreaterThan(before!.getTime());
  });

  it.each(['delivered', 'failed', 'cancelled'] as const)('leaves one that is %s as it is', async (status) => {
    await bringTo(status);
    const before = await row();
    expect(await cancelNotification(database.db, notification.notificationId)).toMatchObject({ status, attempts: 3 });
    // A cancelled one is not checked any more.
    const changes =
      status === 'cancelled'
        ? { next_attempt_at: null, rate_seq: null, reconcile_after: null, seconds_to_reconcile: null }
        : {};
    expect(await row()).toEqual({ ...before, seconds_to_reconcile: expect.any(Number), ...changes });
  });

  it.each([
    ['cancelled', cancelNotification],
    ['requested to be cancelled', requestCancel],
  ])('that is delivered while it is %s returns that it was delivered', async (_, cancel) => {
    await bringTo('retrying');
    let cancelled: ReturnType<typeof cancelNotification> | undefined;
    await database.db.transaction(async (db) => {
      await setNotification(db, notification.notificationId, "status = 'delivered'");
      cancelled = cancel(database.db, notification.notificationId);
      await setTimeout(200);
    });
    expect(await cancelled).toMatchObject({ status: 'delivered' });
    expect((await row()).status).toBe('delivered');
  });

  it('leaves one alone that was reopened after the opening that was cancelled', async () => {
    await bringTo('pending');
    const { opened_at: openedAt } = await row();
    await setNotification(database.db, notification.notificationId, "opened_at = opened_at + interval '1 second'");
    expect(await cancelNotification(database.db, notification.notificationId, openedAt)).toMatchObject({
      status: 'pending',
    });
    expect((await row()).status).toBe('pending');
    const reopenedAt = new Date(openedAt.getTime() + 1000);
    expect(await cancelNotification(database.db, notification.notificationId, reopenedAt)).toMatchObject({
      status: 'cancelled',
    });
  });

  it.each(['pending', 'held'] as const)('before the signal, one that is %s stays due for a check', async (status) => {
    await bringTo(status);
    const { opened_at: openedAt } = await row();
    expect(await requestCancel(database.db, notification.notificationId)).toEqual({
      status: 'cancelled',
      attempts: 3,
      openedAt,
    });
    const { status: after, seconds_to_reconcile: seconds } = await row();
    expect(after).toBe('cancelled');
    expect(seconds).toBeGreaterThan(10);
    expect(seconds).toBeLessThanOrEqual(15);
  });

  it('returns nothing for an unknown notification', async () => {
    expect(await cancelNotification(database.db, 'ntf_00000000000000000000000000')).toBeUndefined();
  });
});
