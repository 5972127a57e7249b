import type { AcceptedNotification } from '../../../src/domain/acceptance';
import { decodeId } from '../../../src/domain/ids';
import { NOTIFICATION_STATUSES } from '../../../src/domain/types';
import {
  cancelOpen,
  endChecks,
  clearSettling,
  findSettling,
  findUnsettled,
  hasMovedOn,
  holdLinedUp,
  listOpen,
  markForgottenHolds,
  markSettling,
} from '../../../src/store/subscriptions/settling';
import { markRescheduling } from '../../../src/store/subscriptions/rescheduling';
import { deleteSubscription } from '../../../src/store/subscriptions/subscriptions';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { notificationRow, setNotification, setSubscription } from '../../support/rows';
import { acceptOne, seed, seedSubscription, type Seeded } from '../../support/seed';

/** Bringing the notifications of a subscription in line after its status changed. */
let database: TestDatabase;
let seeded: Seeded;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
});

const setOurs = (assignments: string) => setSubscription(database.db, seeded.subscriptionId, assignments);
const set = ({ notificationId }: AcceptedNotification, assignments: string) =>
  setNotification(database.db, notificationId, assignments);
const row = ({ notificationId }: AcceptedNotification) => notificationRow(database.db, notificationId);
const since = async () => (await findSettling(database.db, seeded.subscriptionId))!.since;
const mark = () => markSettling(database.db, { subscriptionId: seeded.subscriptionId });

/** Accepts an event. @returns its notification in a status */
async function notificationThatIs(status: string, owner = seeded): Promise<AcceptedNotification> {
  const [notification] = await acceptOne(database.db, owner);
  await set(notification!, `status = '${status}'`);
  return notification!;
}

describe('marking a subscription for settling', () => {
  it.each([
    ['takes deliveries and has a held notification', 'enabled = true', 'held', true],
    ['takes deliveries and has nothing held', 'enabled = true', 'retrying', false],
    ['is disabled and has a held notification', 'enabled = false', 'held', false],
    ['is out of order and has a held notification', 'out_of_order_at = now()', 'held', false],
    ['was deleted and has a held notification', 'deleted_at = now()', 'held', true],
    ['was deleted and has a pending notification', 'deleted_at = now()', 'pending', true],
    ['was deleted and has a notification under way', 'deleted_at = now()', 'delivering', true],
    ['was deleted and has a waiting notification', 'deleted_at = now()', 'retrying', true],
    ['was deleted and has closed notifications only', 'deleted_at = now()', 'failed', false],
  ])('that %s', async (_, assignments, status, marked) => {
    await notificationThatIs(status);
    await setOurs(assignments);
    expect(await mark()).toEqual(marked ? [seeded.subscriptionId] : []);
    expect((await since()) !== null).toBe(marked);
  });

  it('by product leaves those of other products and other customers alone', async () => {
    const other = await seed(database.db, { url: 'http://127.0.0.1:9/' });
    for (const one of [seeded, other]) await notificationThatIs('held', one);
    expect(await markSettling(database.db, { productId: seeded.productId })).toEqual([seeded.subscriptionId]);
    expect((await findSettling(database.db, other.subscriptionId))!.since).toBeNull();
  });

  it('by product includes a subscription that is bound to no product, by its customer', async () => {
    await notificationThatIs('held');
    await setOurs('product_id = null');
    expect(await markSettling(database.db, { productId: seeded.productId })).toEqual([seeded.subscriptionId]);
  });

  it('by subscription leaves its neighbours alone', async () => {
    const neighbour = await seedSubscription(database.db, seeded, { url: 'http://127.0.0.1:9/' }, 'neighbour');
    for (const notification of await acceptOne(database.db, seeded)) await set(notification, "status = 'held'");
    await mark();
    expect((await findSettling(database.db, neighbour))!.since).toBeNull();
  });
});

describe('ending a settling', () => {
  it('takes the mark away', async () => {
    await notificationThatIs('held');
    await mark();
    await clearSettling(database.db, seeded.subscriptionId, await since());
    expect(await since()).toBeNull();
  });

  it('keeps a mark that was made since it was read', async () => {
    await notificationThatIs('held');
    await mark();
    const first = await since();
    await setOurs("settling_since = settling_since + interval '1 second'");
    await clearSettling(database.db, seeded.subscriptionId, first);
    expect(await since()).not.toBeNull();
  });

  it('keeps a mark on a subscription that had none', async () => {
    await setOurs('settling_since = now()');
    await clearSettling(database.db, seeded.subscriptionId, null);
    expect(await since()).not.toBeNull();
  });
});

it('finds settlings that were marked long enough ago', async () => {
  const recent = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  await setOurs("settling_since = now() - interval '1 minute'");
  await setSubscription(database.db, recent.subscriptionId, 'settling_since = now()');
  const found = await findUnsettled(database.db, 30);
  expect(found).toContain(seeded.subscriptionId);
  expect(found).not.toContain(recent.subscriptionId);
});

it('finds a line whose wake was marked long enough ago', async () => {
  const recent = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  const ours = decodeId('sub', seeded.subscriptionId);
  await database.db.query({
    text: "insert into rate_lines (subscription_id, wake_since) values ($1, now() - interval '1 minute'), ($2, now())",
    values: [ours, decodeId('sub', recent.subscriptionId)],
  });
  const found = await findUnsettled(database.db, 30);
  expect(found).toContain(seeded.subscriptionId);
  expect(found).not.toContain(recent.subscriptionId);
  expect(await mark()).toEqual([seeded.subscriptionId]);
});

describe('a notification in the line of a rate limit', () => {
  async function inLine(): Promise<AcceptedNotification> {
    const notification = await notificationThatIs('pending');
    await set(notification, 'rate_seq = 3');
    await database.db.query({
      text: 'insert into rate_lines (subscription_id) values ($1)',
      values: [decodeId('sub', seeded.subscriptionId)],
    });
    return notification;
  }

  it.each([
    ['is disabled', 'enabled = false', 'held', null],
    ['is enabled', 'enabled = true', 'pending', 3],
  ])('is held or keeps its place when its subscription %s', async (_, assignments, status, seq) => {
    const notification = await inLine();
    await setOurs(assignments);
    expect(await holdLinedUp(database.db, seeded.subscriptionId)).toBe(status === 'held');
    expect(await row(notification)).toMatchObject({ status, rate_seq: seq });
    expect(await holdLinedUp(database.db, seeded.subscriptionId)).toBe(false);
  });

  it.each([
    ['a disabled', 'needs a', 'enabled = false'],
    ['an enabled', 'needs no', 'enabled = true'],
  ])('of %s subscription %s settlement', async (_, needs, assignments) => {
    await inLine();
    await setOurs(assignments);
    const ours = needs === 'needs a' ? [seeded.subscriptionId] : [];
    expect(await mark()).toEqual(ours);
    expect((await since()) === null).toBe(true);
    expect(await findUnsettled(database.db, -1)).toEqual(expect.arrayContaining(ours));
  });
});

it('a deleted subscription is not planned again', async () => {
  await markRescheduling(database.db, { subscriptionId: seeded.subscriptionId });
  expect(await findUnsettled(database.db, -1)).toContain(seeded.subscriptionId);
  await deleteSubscription(database.db, seeded.subscriptionId);
  expect(await findUnsettled(database.db, -1)).not.toContain(seeded.subscriptionId);
});

it('says how a subscription stands, also after it was deleted', async () => {
  expect(await findSettling(database.db, seeded.subscriptionId)).toEqual({
    customerId: seeded.customerId,
    deleted: false,
    status: 'enabled',
    since: null,
    rescheduling: false,
  });
  await setOurs('deleted_at = now()');
  expect(await findSettling(database.db, seeded.subscriptionId)).toMatchObject({
    deleted: true,
    status: null,
    since: null,
  });
  expect(await findSettling(database.db, 'sub_00000000000000000000000000')).toBeUndefined();
});

describe('held notifications that nobody releases', () => {
  it('are found by their subscription, however many subscriptions hold some', async () => {
    const others = [];
    for (let index = 0; index < 3; index++) others.push(await seed(database.db, { url: 'http://127.0.0.1:9/' }));
    const all = [seeded, ...others];
    for (const one of all) for (let count = 0; count < 2; count++) await notificationThatIs('held', one);
    const marked = await markForgottenHolds(database.db);
    expect(marked).toEqual(expect.arrayContaining(all.map(({ subscriptionId }) => subscriptionId)));
  });

  it.each([
    ['is disabled', 'enabled = false'],
    ['is being settled', 'settling_since = now()'],
    ['was deleted', 'deleted_at = now()'],
  ])('are left alone if the subscription %s', async (_, assignments) => {
    await notificationThatIs('held');
    await setOurs(assignments);
    expect(await markForgottenHolds(database.db)).not.toContain(seeded.subscriptionId);
  });
});

describe('held notifications of a subscription with a release', () => {
  const releaseThatProgressed = (ago: string) =>
    database.db.query({
      text: 'insert into releases (subscription_id, backlog, released, progressed_at) values ($1, 9, 9, now() - $2::interval)',
      values: [decodeId('sub', seeded.subscriptionId), ago],
    });

  it('are left to the release while it makes progress', async () => {
    await notificationThatIs('held');
    await releaseThatProgressed('30 seconds');
    expect(await markForgottenHolds(database.db)).not.toContain(seeded.subscriptionId);
  });

  it('are found if the release has made no progress for more than a minute', async () => {
    await notificationThatIs('held');
    await releaseThatProgressed('90 seconds');
    expect(await markForgottenHolds(database.db)).toContain(seeded.subscriptionId);
  });
});

it.each(NOTIFICATION_STATUSES)(
  'knows whether a released notification that is %s has had its attempt',
  async (status) => {
    const notification = await notificationThatIs(status);
    expect(await hasMovedOn(database.db, notification.notificationId)).toBe(
      status !== 'pending' && status !== 'delivering',
    );
  },
);

describe('what is open of a deleted subscription', () => {
  const OPEN = ['pending', 'delivering', 'retrying', 'held'];

  it('is listed in order of acceptance, without what is closed', async () => {
    const all = [];
    for (const status of NOTIFICATION_STATUSES) all.push(await notificationThatIs(status));
    const open = all.filter((_, index) => OPEN.includes(NOTIFICATION_STATUSES[index]!));
    const ids = open.map(({ notificationId }) => notificationId).sort();
    await notificationThatIs('retrying', await seed(database.db, { url: 'http://127.0.0.1:9/' }));
    expect(await listOpen(database.db, seeded.subscriptionId, 100)).toEqual(ids);
    expect(await listOpen(database.db, seeded.subscriptionId, 2)).toEqual(ids.slice(0, 2));
  });

  it.each(NOTIFICATION_STATUSES)('is cancelled, unless it was closed meanwhile: %s', async (status) => {
    const notification = await notificationThatIs(status);
    const other = await notificationThatIs('retrying');
    await cancelOpen(database.db, [notification.notificationId]);
    const after = await row(notification);
    if (OPEN.includes(status))
      expect(after).toMatchObject({
        status: 'cancelled',
        next_attempt_at: null,
        reconcile_after: expect.any(Date),
        finished_at: expect.any(Date),
      });
    else expect(after.status).toBe(status);
    expect((await row(other)).status).toBe('retrying');
  });

  it('is not checked any more once its workflow was signalled, unless it was reopened meanwhile', async () => {
    const [cancelled, reopened] = [await notificationThatIs('retrying'), await notificationThatIs('retrying')];
    const ids = [cancelled.notificationId, reopened.notificationId];
    await cancelOpen(database.db, ids);
    await set(reopened, "status = 'pending'");
    await endChecks(database.db, ids);
    expect((await row(cancelled)).reconcile_after).toBeNull();
    expect((await row(reopened)).reconcile_after).not.toBeNull();
  });
});
