import type { AcceptedNotification } from '../../../src/domain/acceptance';
import { OVERDUE_SECONDS } from '../../../src/domain/delivery';
import { decodeId } from '../../../src/domain/ids';
import { acceptEvents } from '../../../src/store/notifications/accept';
import { listWaiting, readLine, writeTurns, type TurnToWrite } from '../../../src/store/subscriptions/rate-line';
import {
  endWake,
  findWake,
  listOversleepers,
  markRateChanged,
  requestWake,
} from '../../../src/store/subscriptions/rate-wakes';
import { closeGaps } from '../../../src/store/subscriptions/rate-gaps';
import { cancelNotification } from '../../../src/store/notifications/transitions';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { notificationRow, setNotification } from '../../support/rows';
import { eventFor, seed, type Seeded } from '../../support/seed';

/** The line of a subscription with a rate limit, as it is stored. */
let database: TestDatabase;
let seeded: Seeded;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/', rateLimitPerSecond: 1 });
});

async function accept(count = 1): Promise<AcceptedNotification[]> {
  const results = await acceptEvents(
    database.db,
    Array.from({ length: count }, () => eventFor(seeded)),
  );
  return results.flatMap((result) => (result.kind === 'accepted' ? result.notifications : []));
}
const line = () => readLine(database.db, seeded.subscriptionId);
const setLine = (assignments: string) =>
  database.db.query({
    text: `update rate_lines set ${assignments} where subscription_id = $1`,
    values: [decodeId('sub', seeded.subscriptionId)],
  });
async function seqOf({ notificationId }: AcceptedNotification): Promise<number | null> {
  const { rows } = await database.db.query<{ rate_seq: number | null }>({
    text: 'select rate_seq from notifications where id = $1',
    values: [decodeId('ntf', notificationId)],
  });
  return rows[0]!.rate_seq;
}
const row = ({ notificationId }: AcceptedNotification) => notificationRow(database.db, notificationId);

describe('a line of notifications behind a rate limit', () => {
  it('numbers the notifications of a statement in order of acceptance', async () => {
    const accepted = await accept(3);
    expect(await Promise.all(accepted.map(seqOf))).toEqual([0, 1, 2]);
    expect(await Promise.all((await accept(2)).map(seqOf))).toEqual([3, 4]);
  });

  it('is not joined by notifications of a subscription without a rate limit', async () => {
    seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
    const [notification] = await accept();
    expect(await seqOf(notification!)).toBeNull();
    expect(await line()).toMatchObject({ nextSeq: 0, version: 0 });
  });

  it('begins again with the next notification if it was idle', async () => {
    await accept(3);
    await setLine("front_at = now() - interval '1 hour', taken_at = now() - interval '1 hour'");
    await accept();
    const { frontSeq, frontAtMs, nowMs } = await line();
    expect(frontSeq).toBe(3);
    expect(nowMs - frontAtMs).toBeLessThan(60_000);
  });

  it('goes on where it was while notifications that were due a moment ago may be late', async () => {
    await accept(3);
    await setLine("front_at = now() - interval '10 s', taken_at = now() - interval '1 hour'");
    await accept();
    expect((await line()).frontSeq).toBe(0);
  });

  it('begins again with the next notification if all before it have had their turn', async () => {
    await accept(3);
    await setLine("front_seq = 3, front_at = now() - interval '10 s', taken_at = now() - interval '11 s'");
    await accept();
    const { frontAtMs, nowMs } = await line();
    expect(nowMs - frontAtMs).toBeLessThan(8000);
  });

  it('lists those that wait, from the front on', async () => {
    const accepted = await accept(4);
    const ids = accepted.map(({ notificationId }) => notificationId);
    await setNotification(database.db, ids[1]!, "status = 'cancelled', rate_seq = null");
    expect(await listWaiting(database.db, seeded.subscriptionId, 0, ids)).toEqual([0, 2, 3]);
    expect(await listWaiting(database.db, seeded.subscriptionId, 1, ids)).toEqual([2, 3]);
  });

  it('goes on where it was if its last turn was just taken', async () => {
    await accept(3);
    await setLine("front_at = now() - interval '1 hour', taken_at = now() + interval '1 minute'");
    await accept();
    expect((await line()).frontSeq).toBe(0);
  });
});

describe('writing the turns of a line', () => {
  const turn = ({ notificationId }: AcceptedNotification, overrides: Partial<TurnToWrite> = {}): TurnToWrite => ({
    notificationId,
    seq: 0,
    granted: true,
    atMs: Date.now() + 60_000,
    reconcileAfterSeconds: 60,
    ...overrides,
  });
  async function write(turns: TurnToWrite[], stale = false): Promise<boolean> {
    const { version, ...read } = await line();
    const after = { ...read, frontSeq: 1 };
    return writeTurns(database.db, seeded.subscriptionId, stale ? version - 1 : version, after, turns);
  }

  it('takes a granted notification out of the line and shows its attempt', async () => {
    const [notification] = await accept();
    await setNotification(database.db, notification!.notificationId, 'retry_asked = true');
    expect(await write([turn(notification!)])).toBe(true);
    expect(await seqOf(notification!)).toBeNull();
    expect(await row(notification!)).toMatchObject({
      status: 'delivering',
      next_attempt_at: null,
      retry_asked: false,
    });
    expect((await line()).frontSeq).toBe(1);
  });

  it('shows when a waiting notification is due, and keeps its number', async () => {
    const [notification] = await accept();
    await setNotification(database.db, notification!.notificationId, 'retry_asked = true');
    const atMs = Date.now() + 60_000;
    await write([turn(notification!, { seq: 5, granted: false, atMs })]);
    expect(await seqOf(notification!)).toBe(5);
    const { status, next_attempt_at: next, retry_asked: asked } = await row(notification!);
    expect([status, asked]).toEqual(['pending', true]);
    expect(Math.abs(next!.getTime() - atMs)).toBeLessThan(2);
  });

  it('writes neither the line nor the turns if the line was changed meanwhile', async () => {
    const [notification] = await accept();
    const before = await line();
    expect(await write([turn(notification!)], true)).toBe(false);
    expect(await line()).toMatchObject({ frontSeq: before.frontSeq, version: before.version });
    expect((await row(notification!)).status).toBe('pending');
  });

  it.each(['delivered', 'cancelled'])('gives no turn to a notification that is %s', async (status) => {
    const [notification] = await accept();
    await setNotification(database.db, notification!.notificationId, `status = '${status}'`);
    await write([turn(notification!)]);
    expect((await row(notification!)).status).toBe(status);
  });

  it('gives no later turn to a notification that is held', async () => {
    const [notification] = await accept();
    await setNotification(database.db, notification!.notificationId, "status = 'held', next_attempt_at = null");
    await write([turn(notification!, { granted: false })]);
    expect(await row(notification!)).toMatchObject({ status: 'held', next_attempt_at: null });
  });
});

describe('waking a line', () => {
  const wake = async () => (await findWake(database.db, seeded.subscriptionId))!;
  const mark = () => markRateChanged(database.db, seeded.subscriptionId);

  /** Sets when their workflows ask by themselves. */
  const sleepFor = (accepted: readonly AcceptedNotification[], seconds: number) =>
    Promise.all(
      accepted.map(({ notificationId }) =>
        setNotification(
          database.db,
          notificationId,
          `next_attempt_at = now() + interval '${seconds} s', reconcile_after = now() + interval '${seconds + OVERDUE_SECONDS} s'`,
        ),
      ),
    );
  const listed = async (limit = 10) => listOversleepers(database.db, seeded.subscriptionId, await wake(), limit);

  it('lists those that sleep beyond their turn by the limit of now, in order', async () => {
    const accepted = await accept(4);
    await sleepFor(accepted, 3600);
    await mark();
    const all = await listed();
    expect(all.map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
    all.forEach(({ seq, dueInMs }) => expect(Math.abs(dueInMs - seq * 1000)).toBeLessThan(1000));
    expect((await listed(2)).map(({ seq }) => seq)).toEqual([0, 1]);
  });

  it('lists nothing that is held, has not asked, or wakes in time', async () => {
    const [held, notAsked, soon, inTime, late] = await accept(5);
    await sleepFor([held!, notAsked!], 3600);
    await sleepFor([soon!], 2.4);
    await sleepFor([inTime!], 3);
    await sleepFor([late!], 4.8);
    await setNotification(database.db, held!.notificationId, "status = 'held'");
    await setNotification(database.db, notAsked!.notificationId, 'next_attempt_at = null');
    await mark();
    await setLine('front_at = now()');
    expect((await listed()).map(({ seq }) => seq)).toEqual([4]);
  });

  it('is requested once, until it has ended', async () => {
    await accept(1);
    const request = () => requestWake(database.db, seeded.subscriptionId);
    expect(await request()).toBe(true);
    expect(await request()).toBe(false);
    await endWake(database.db, seeded.subscriptionId, await wake());
    expect(await request()).toBe(true);
  });

  it('ends, unless the limit was changed again', async () => {
    await accept(2);
    await mark();
    const first = await wake();
    await setLine("wake_since = wake_since + interval '1 second'");
    await endWake(database.db, seeded.subscriptionId, first);
    await endWake(database.db, seeded.subscriptionId, await wake());
    expect(await findWake(database.db, seeded.subscriptionId)).toBeUndefined();
  });
});

describe('gaps in a line', () => {
  const close = async () => (await closeGaps(database.db)).filter((id) => id === seeded.subscriptionId);
  const late = () => setLine("front_at = now() - interval '3 seconds'");
  const cancel = ({ notificationId }: AcceptedNotification) => cancelNotification(database.db, notificationId);

  it('are closed once the turn of the front is over, and the line is woken', async () => {
    const accepted = await accept(4);
    await cancel(accepted[0]!);
    await cancel(accepted[1]!);
    await setLine('front_at = now()');
    expect(await close()).toEqual([]);
    await late();
    expect(await close()).toEqual([seeded.subscriptionId]);
    expect((await line()).frontSeq).toBe(2);
    expect(await findWake(database.db, seeded.subscriptionId)).toBeDefined();
    expect(await close()).toEqual([]);
  });

  it('are not seen where the front is only late', async () => {
    const accepted = await accept(3);
    await cancel(accepted[1]!);
    await late();
    expect(await close()).toEqual([]);
    expect((await line()).frontSeq).toBe(0);
  });

  it('have no end if nobody waits: the line begins again with the next number', async () => {
    for (const notification of await accept(2)) await cancel(notification);
    await late();
    await close();
    expect(await line()).toMatchObject({ frontSeq: 2, nextSeq: 2 });
    expect(await close()).toEqual([]);
  });
});
