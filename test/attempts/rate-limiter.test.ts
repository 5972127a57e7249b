import { setTimeout as sleep } from 'node:timers/promises';
import { createRateLimiter, type LimitedAttempt } from '../../src/attempts/rate-limiter';
import type { AcceptedNotification } from '../../src/domain/acceptance';
import { decodeId } from '../../src/domain/ids';
import { createMetrics } from '../../src/process/metrics';
import type { Database } from '../../src/store/db/database';
import { acceptEvents } from '../../src/store/notifications/accept';
import { cancelNotification } from '../../src/store/notifications/transitions';
import { readLine } from '../../src/store/subscriptions/rate-line';
import { watched } from '../support/attempt-runner';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { notificationRow, setNotification } from '../support/rows';
import { eventFor, seed, type Seeded } from '../support/seed';
import { until } from '../support/until';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** The subscriptions whose line has to be woken. */
let leftBehind: string[];
beforeEach(() => {
  leftBehind = [];
});

async function lined(count: number, ratePerSecond: number) {
  const seeded = await seed(database.db, { url: 'http://127.0.0.1:9/', rateLimitPerSecond: ratePerSecond });
  const results = await acceptEvents(
    database.db,
    Array.from({ length: count }, () => eventFor(seeded)),
  );
  const accepted = results.flatMap((result) => (result.kind === 'accepted' ? result.notifications : []));
  return { seeded, accepted };
}

function limiter({ subscriptionId }: Seeded, ratePerSecond: number, db: Database = database.db) {
  const limit = createRateLimiter(db, createMetrics(), (id) => void leftBehind.push(id));
  return ({ notificationId }: AcceptedNotification, seq: LimitedAttempt['seq'], visit?: LimitedAttempt['visit']) =>
    limit({ subscriptionId, notificationId, seq, urgent: false, ratePerSecond, reconcileAfterSeconds: 60, visit });
}

it('attempts that ask together before they have numbers get them in order of acceptance', async () => {
  const { seeded, accepted } = await lined(4, 0.1);
  const ask = limiter(seeded, 0.1);
  // The first one asks alone. Those that ask meanwhile are decided on together.
  const [first, ...others] = accepted;
  const turns = await Promise.all([first!, ...others.toReversed()].map((notification) => ask(notification, null)));
  const inOrder = [turns[0]!, ...turns.slice(1).toReversed()];
  expect(inOrder.map(({ seq }) => seq)).toEqual([4, 5, 6, 7]);
});

it('a turn that is far away is waited for by the workflow, which wakes a little before it', async () => {
  const { seeded, accepted } = await lined(2, 0.1);
  const ask = limiter(seeded, 0.1);
  const begunAt = Date.now();
  expect(await ask(accepted[0]!, 0)).toMatchObject({ granted: true });
  const { granted, waitMs, at } = await ask(accepted[1]!, 1);
  expect(granted).toBe(false);
  expect(at.getTime() - begunAt - waitMs).toBeGreaterThan(400);
  expect(Date.now() - begunAt).toBeLessThan(5000);
});

it('a turn that is near is waited for here, and asked for under the same number', async () => {
  const { seeded, accepted } = await lined(2, 5);
  const ask = limiter(seeded, 5);
  await ask(accepted[0]!, 0);
  const { seq, granted, at } = await ask(accepted[1]!, 1);
  expect([seq, granted]).toEqual([1, true]);
  expect(at.getTime()).toBeLessThanOrEqual(Date.now() + 5);
});

it('an attempt that was passed while it was held is made one interval after the one that passed it', async () => {
  const { seeded, accepted } = await lined(2, 2.1);
  const ask = limiter(seeded, 2.1);
  const [held, passes] = accepted;
  await setNotification(database.db, held!.notificationId, "status = 'held'");
  const passed = await ask(passes!, 1);
  await setNotification(database.db, held!.notificationId, "status = 'pending'");
  const { granted, at } = await ask(held!, 0);
  const madeAt = Date.now();
  expect(granted).toBe(true);
  expect(at.getTime() - passed.at.getTime()).toBeGreaterThan(470);
  expect(madeAt).toBeGreaterThan(at.getTime() - 10);
});

it('an attempt without a number keeps the one that it gets while it asks again', async () => {
  const { seeded, accepted } = await lined(2, 5);
  const ask = limiter(seeded, 5);
  await ask(accepted[0]!, 0);
  await ask(accepted[1]!, null);
  expect((await readLine(database.db, seeded.subscriptionId)).nextSeq).toBe(3);
});

it('a turn is decided again if another process changed the line meanwhile', async () => {
  const { seeded, accepted } = await lined(2, 0.1);
  const other = limiter(seeded, 0.1);
  let intervened = false;
  const db = watched(database.db, async ({ name }) => {
    if (!name?.startsWith('write-rate-turns') || intervened) return;
    intervened = true;
    await other(accepted[0]!, 0);
  });
  expect(await limiter(seeded, 0.1, db)(accepted[1]!, 1)).toMatchObject({ granted: false });
  expect(intervened).toBe(true);
  expect((await notificationRow(database.db, accepted[1]!.notificationId)).next_attempt_at).not.toBeNull();
});

it('those who ask first after an outage do not pass the others', async () => {
  const { seeded, accepted } = await lined(41, 5);
  await database.db.query({
    text: "update rate_lines set front_at = now() - interval '20 seconds' where subscription_id = $1",
    values: [decodeId('sub', seeded.subscriptionId)],
  });
  const ask = limiter(seeded, 5);
  expect(await ask(accepted[40]!, 40)).toMatchObject({ granted: false, behind: 40 });
  expect(await ask(accepted[0]!, 0)).toMatchObject({ granted: true });
});

it('turns that Postgres took long to write are made one interval apart', async () => {
  const { seeded, accepted } = await lined(3, 5);
  await database.db.query({
    text: "update rate_lines set front_at = now() - interval '3 seconds' where subscription_id = $1",
    values: [decodeId('sub', seeded.subscriptionId)],
  });
  let hangs = true;
  const db = watched(database.db, async ({ name }) => {
    if (!hangs || !name?.startsWith('write-rate-turns')) return;
    hangs = false;
    await sleep(1500);
  });
  const ask = limiter(seeded, 5, db);
  // The first request is decided on alone, the others together.
  const made = await Promise.all(
    accepted.map(async (notification, seq) => {
      const turn = await ask(notification, seq);
      return { granted: turn.granted, at: performance.now() };
    }),
  );
  expect(made.map(({ granted }) => granted)).toEqual([true, true, true]);
  const at = made.map(({ at: time }) => time).toSorted((a, b) => a - b);
  // They are noted somewhat late on a busy machine. Otherwise they would be made together.
  expect(at[1]! - at[0]!).toBeGreaterThan(100);
  expect(at[2]! - at[1]!).toBeGreaterThan(100);
});

it('a raised limit lets nobody pass those that have waited longer', async () => {
  const { seeded, accepted } = await lined(3, 0.1);
  await limiter(seeded, 0.1)(accepted[0]!, 0);
  const ask = limiter(seeded, 20);
  const granted: number[] = [];
  const asking = [2, 1].map(async (seq) => {
    // The last one asks first, and again while the one before it has not asked.
    if (seq === 1) await sleep(150);
    const turn = await ask(accepted[seq]!, seq);
    if (turn.granted) granted.push(seq);
  });
  await Promise.all(asking);
  expect(granted).toEqual([1, 2]);
});

it('an attempt that would pass one that does not ask is left to its workflow, until the line is woken', async () => {
  const { seeded, accepted } = await lined(3, 0.1);
  await limiter(seeded, 0.1)(accepted[0]!, 0);
  const turn = await limiter(seeded, 20)(accepted[2]!, 2);
  expect(turn).toMatchObject({ granted: false, behind: 1 });
  expect(turn.waitMs).toBeGreaterThan(12_000);
  expect(leftBehind).toEqual([seeded.subscriptionId]);
  const { rate_seq: seq } = await notificationRow(database.db, accepted[2]!.notificationId);
  expect(Number(seq)).toBe(2);
});

it('a turn that is far away has the line not woken', async () => {
  const { seeded, accepted } = await lined(2, 0.1);
  await limiter(seeded, 0.1)(accepted[0]!, 0);
  await limiter(seeded, 0.1)(accepted[1]!, 1);
  expect(leftBehind).toEqual([]);
});

describe('an attempt that waits here for those before it', () => {
  /** A place in a lane, which others may take. */
  function place(isFree: () => boolean) {
    const changes: string[] = [];
    const visit = {
      withdraw: () => void changes.push('withdraws'),
      comeBack: () => {
        if (isFree()) changes.push('comes back');
        return isFree();
      },
    };
    return { changes, visit };
  }

  it('gives them its place, and takes it again to ask', async () => {
    const { seeded, accepted } = await lined(3, 0.1);
    await limiter(seeded, 0.1)(accepted[0]!, 0);
    const ask = limiter(seeded, 20);
    const { changes, visit } = place(() => true);
    const turn = ask(accepted[2]!, 2, visit);
    await until(async () => changes.length, Boolean);
    await ask(accepted[1]!, 1);
    expect(await turn).toMatchObject({ granted: true });
    expect(changes.slice(0, 2)).toEqual(['withdraws', 'comes back']);
    expect(changes.at(-1)).toBe('comes back');
  });

  it('gets no turn without a place', async () => {
    const { seeded, accepted } = await lined(3, 0.1);
    await limiter(seeded, 0.1)(accepted[0]!, 0);
    const ask = limiter(seeded, 20);
    const { changes, visit } = place(() => false);
    const turn = ask(accepted[2]!, 2, visit);
    await until(async () => changes.length, Boolean);
    await ask(accepted[1]!, 1);
    expect(await turn).toMatchObject({ granted: false });
    expect(leftBehind).toEqual([seeded.subscriptionId]);
  });

  it('does not do so if forty others do', async () => {
    const { seeded, accepted } = await lined(10, 0.1);
    const others = await Promise.all(Array.from({ length: 3 }, () => lined(18, 0.1)));
    for (const { seeded: other, accepted: theirs } of [{ seeded, accepted }, ...others])
      await limiter(other, 0.1)(theirs[0]!, 0);
    const limit = createRateLimiter(database.db, createMetrics(), (id) => void leftBehind.push(id));
    const ask = (subscriptionId: string, { notificationId }: AcceptedNotification, seq: number) =>
      limit({ subscriptionId, notificationId, seq, urgent: false, ratePerSecond: 20, reconcileAfterSeconds: 60 });
    const waiting = others.flatMap(({ seeded: { subscriptionId }, accepted: theirs }) =>
      theirs.slice(2, 16).map((notification, index) => ask(subscriptionId, notification, index + 2)),
    );
    await sleep(1500);
    const begun = performance.now();
    expect(await ask(seeded.subscriptionId, accepted[2]!, 2)).toMatchObject({ granted: false, behind: 1 });
    expect(performance.now() - begun).toBeLessThan(2000);
    await Promise.all(waiting);
  });
});

it('an attempt that asks again and again writes when its turn changes, and when it gives up', async () => {
  const { seeded, accepted } = await lined(3, 0.1);
  await limiter(seeded, 0.1)(accepted[0]!, 0);
  let writes = 0;
  const db = watched(database.db, async ({ name }) => {
    if (name?.startsWith('write-rate-turns')) writes += 1;
  });
  const { granted, at } = await limiter(seeded, 20, db)(accepted[2]!, 2);
  expect(granted).toBe(false);
  expect(writes).toBe(2);
  const { next_attempt_at: shown } = await notificationRow(database.db, accepted[2]!.notificationId);
  expect(Math.abs(shown!.getTime() - at.getTime())).toBeLessThan(2);
});

it('an attempt does not wait for one before it that was cancelled', async () => {
  const { seeded, accepted } = await lined(3, 0.1);
  await limiter(seeded, 0.1)(accepted[0]!, 0);
  await cancelNotification(database.db, accepted[1]!.notificationId);
  expect(await limiter(seeded, 20)(accepted[2]!, 2)).toMatchObject({ granted: true });
});

it('an attempt does not wait for the turns of those before it that were cancelled', async () => {
  const { seeded, accepted } = await lined(40, 0.1);
  for (const { notificationId } of accepted.slice(0, 39)) await cancelNotification(database.db, notificationId);
  expect(await limiter(seeded, 0.1)(accepted[39]!, 39)).toMatchObject({ granted: true });
});

it('a new attempt does not wait for the turns of those before it that were held', async () => {
  const { seeded, accepted } = await lined(40, 0.1);
  for (const { notificationId } of accepted)
    await setNotification(database.db, notificationId, "status = 'held', rate_seq = null");
  expect(await limiter(seeded, 0.1)(accepted[0]!, null)).toMatchObject({ granted: true });
});

it('those behind others that were cancelled keep their order and their distance', async () => {
  const { seeded, accepted } = await lined(40, 0.1);
  for (const { notificationId } of accepted.slice(0, 37)) await cancelNotification(database.db, notificationId);
  const ask = limiter(seeded, 0.1);
  const last = await ask(accepted[39]!, 39);
  expect(last.granted).toBe(false);
  expect(last.at.getTime() - Date.now()).toBeGreaterThan(15_000);
  expect(last.at.getTime() - Date.now()).toBeLessThan(20_500);
  expect(await ask(accepted[37]!, 37)).toMatchObject({ granted: true });
  const next = await ask(accepted[38]!, 38);
  expect(next.granted).toBe(false);
  expect(next.at.getTime() - Date.now()).toBeGreaterThan(5000);
});
