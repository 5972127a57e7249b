import { pino } from 'pino';
import { HeadStarts } from '../../../src/attempts/head-start/head-starts';
import { LoopLag } from '../../../src/attempts/head-start/loop-lag';
import type { AttemptRunner } from '../../../src/attempts/attempt-runner';
import type { AttemptInput } from '../../../src/attempts/stages';
import { HEAD_START_WAIT_SECONDS, type DeliverOutcome } from '../../../src/domain/delivery';
import { deliveryFacts } from '../../support/delivery';
import { fakeOnly } from '../../support/fake-timers';
import type { HeadStart } from '../../../src/attempts/head-start/head-starts';

/**
 * How many head starts run concurrently, and what the rest wait for. Each test ends its attempts
 * itself.
 */
const DELIVERED: DeliverOutcome = { kind: 'delivered', attempts: 1 };

function set({ keepOutcomes = false } = {}) {
  const under: { input: AttemptInput; end(outcome: DeliverOutcome): void; fail(error: Error): void }[] = [];
  const runAttempt: AttemptRunner = (input) =>
    new Promise((end, fail) => {
      under.push({ input, end, fail });
    });
  const starts = new HeadStarts({ processId: 'mine', keepOutcomes }, runAttempt, pino({ level: 'silent' }));
  return { starts, under, ids: () => under.map(({ input }) => input.notificationId) };
}

let counter = 0;
function headStart(subscriptionId: string, waitedMs = 0): HeadStart {
  const notificationId = `ntf_${++counter}`;
  return {
    notificationId,
    subscriptionId,
    customerId: `customer of ${subscriptionId}`,
    workflowId: `notification/${notificationId}`,
    claimedAt: performance.now() - waitedMs,
    accepted: { facts: deliveryFacts({ notificationId }), subscriptionId, subscriptionRevision: null },
  };
}
const many = (count: number, subscriptions: number) =>
  Array.from({ length: count }, (_, index) => headStart(`sub_${index % subscriptions}`));
/** Lets promises that are settled go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  // A busy machine would have the event loop late, which is a case of its own.
  jest.spyOn(LoopLag.prototype, 'ms', 'get').mockReturnValue(0);
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

it('makes 192 concurrently for customers that have some, and keeps 64 of 256 slots for others', async () => {
  const { starts, under, ids } = set();
  starts.begin(many(300, 10));
  expect(under.length).toBe(192);
  expect(starts.waiting).toBe(108);
  const others = Array.from({ length: 70 }, (_, index) => headStart(`other_${index}`));
  starts.begin(others);
  expect(under.length).toBe(256);
  expect(ids().slice(192)).toEqual(others.slice(0, 64).map(({ notificationId }) => notificationId));
  await starts.close(0);
});

it('makes 64 concurrently for one subscription, and the next one as soon as one has its answer', async () => {
  const { starts, under } = set();
  starts.begin(many(100, 1));
  expect(under.length).toBe(64);
  under[0]!.input.onSent!();
  expect(under.length).toBe(65);
  under[0]!.end(DELIVERED);
  await settle();
  expect(under.length).toBe(65);
  await starts.close(0);
});

it('gives a subscription its turn although another one has more waiting than there are places', async () => {
  const { starts, ids } = set();
  starts.begin(many(100, 1));
  const other = headStart('sub_other');
  starts.begin([other]);
  expect(ids()).toContain(other.notificationId);
  await starts.close(0);
});

it('keeps the order of a subscription', async () => {
  const { starts, under, ids } = set();
  const all = many(70, 1);
  starts.begin(all);
  for (let index = 0; index < 6; index++) under[index]!.input.onSent!();
  expect(ids()).toEqual(all.map(({ notificationId }) => notificationId));
  await starts.close(0);
});

it('makes the attempt under the name of its process, as the first of the ladder', async () => {
  const { starts, under } = set();
  const one = headStart('sub_1');
  starts.begin([one]);
  expect(under[0]!.input).toMatchObject({
    notificationId: one.notificationId,
    sequence: 1,
    step: 0,
    trigger: 'scheduled',
    attemptKey: 'head:mine',
    workflowId: one.workflowId,
    processId: 'mine',
    accepted: one.accepted,
  });
  await starts.close(0);
});

it('hands over what the accept wrote only while that is fresh', async () => {
  const { starts, under } = set();
  starts.begin([headStart('sub_1', 900), headStart('sub_2', 1100)]);
  expect(under.map(({ input }) => input.accepted !== undefined)).toEqual([true, false]);
  await starts.close(0);
});

it('is not made if its turn comes so late that its claim might lapse before the answer', async () => {
  const { starts, under } = set({ keepOutcomes: true });
  const late = headStart('sub_1', HEAD_START_WAIT_SECONDS * 1000 - 900);
  starts.begin([late]);
  expect(under.length).toBe(0);
  expect(await starts.outcomeOf(late.notificationId)).toBeUndefined();
  await starts.close(0);
});

it('is made if its turn comes with more than a second of the wait left', async () => {
  const { starts, under } = set();
  starts.begin([headStart('sub_1', HEAD_START_WAIT_SECONDS * 1000 - 2000)]);
  expect(under.length).toBe(1);
  await starts.close(0);
});

it('makes 32 concurrently while the event loop is late', async () => {
  jest.spyOn(LoopLag.prototype, 'ms', 'get').mockReturnValue(21);
  const { starts, under } = set();
  starts.begin(many(100, 10));
  expect(under.length).toBe(32);
  await starts.close(0);
});

describe('the outcome of a head start', () => {
  it('is forgotten after a minute, for the workflow to find it in the record', async () => {
    const { starts, under } = set({ keepOutcomes: true });
    const old = headStart('sub_1');
    const begun = performance.now();
    const now = jest.spyOn(performance, 'now').mockReturnValue(begun);
    starts.begin([old]);
    under[0]!.end(DELIVERED);
    await settle();
    now.mockReturnValue(begun + 60_000);
    const next = headStart('sub_1');
    starts.begin([next]);
    under[1]!.end(DELIVERED);
    expect(await starts.outcomeOf(old.notificationId)).toBeUndefined();
    expect(await starts.outcomeOf(next.notificationId)).toEqual(DELIVERED);
    await starts.close(0);
  });

  it('is kept for less than a minute', async () => {
    const { starts, under } = set({ keepOutcomes: true });
    const old = headStart('sub_1');
    const begun = performance.now();
    const now = jest.spyOn(performance, 'now').mockReturnValue(begun);
    starts.begin([old]);
    under[0]!.end(DELIVERED);
    now.mockReturnValue(begun + 59_999);
    starts.begin([headStart('sub_1')]);
    expect(await starts.outcomeOf(old.notificationId)).toEqual(DELIVERED);
    await starts.close(0);
  });

  it('is kept for its workflow until that asks, once', async () => {
    const { starts, under } = set({ keepOutcomes: true });
    const one = headStart('sub_1');
    starts.begin([one]);
    under[0]!.end(DELIVERED);
    await settle();
    expect(await starts.outcomeOf(one.notificationId)).toEqual(DELIVERED);
    expect(await starts.outcomeOf(one.notificationId)).toBeUndefined();
    await starts.close(0);
  });

  it.each([
    ['scheduled', DELIVERED, 0],
    // Somebody asked for another delivery after the one that the head start made.
    ['manual', { kind: 'delivered', attempts: 2 }, 1],
  ] as const)('that was delivered is the result of a %s attempt: %j', async (trigger, expected, made) => {
    const { starts, under } = set({ keepOutcomes: true });
    const one = headStart('sub_1');
    starts.begin([one]);
    under[0]!.end(DELIVERED);
    await settle();
    const make = jest.fn(async (): Promise<DeliverOutcome> => ({ kind: 'delivered', attempts: 2 }));
    expect(await starts.takeTurn(one.notificationId, trigger, make, () => undefined)).toEqual(expected);
    expect(make).toHaveBeenCalledTimes(made);
    await starts.close(0);
  });

  it('is not kept by a process without a worker', async () => {
    const { starts, under } = set();
    const one = headStart('sub_1');
    starts.begin([one]);
    under[0]!.end(DELIVERED);
    await settle();
    expect(await starts.outcomeOf(one.notificationId)).toBeUndefined();
    await starts.close(0);
  });

  it('is unknown if the attempt could not be made, and its place is free again', async () => {
    const { starts, under } = set({ keepOutcomes: true });
    const all = many(65, 1);
    starts.begin(all);
    under[0]!.fail(new Error('Postgres is away'));
    expect(await starts.outcomeOf(all[0]!.notificationId)).toBeUndefined();
    await settle();
    expect(under.length).toBe(65);
    await starts.close(0);
  });
});

describe('closing', () => {
  it('begins nothing that waits, and lets workflows know that they are on their own', async () => {
    const { starts, under } = set({ keepOutcomes: true });
    const all = many(70, 1);
    starts.begin(all);
    await starts.close(0);
    expect(await starts.outcomeOf(all[69]!.notificationId)).toBeUndefined();
    under[0]!.end(DELIVERED);
    await settle();
    expect(under.length).toBe(64);
  });

  it('waits for what is under way', async () => {
    const { starts, under } = set();
    starts.begin(many(2, 2));
    let closed = false;
    const closing = starts.close(600_000).then(() => (closed = true));
    under[0]!.end(DELIVERED);
    await settle();
    expect(closed).toBe(false);
    under[1]!.end(DELIVERED);
    await closing;
  });

  it('takes nothing more', async () => {
    const { starts, under } = set();
    await starts.close(0);
    starts.begin(many(1, 1));
    expect(under.length).toBe(0);
  });
});

describe('waiting for a workflow to take its head start over', () => {
  it('ends when the workflow has the outcome', async () => {
    const { starts, under } = set({ keepOutcomes: true });
    const one = headStart('sub_1');
    starts.begin([one]);
    let taken = false;
    const taking = starts.whenTakenOver(one.notificationId).then(() => (taken = true));
    under[0]!.end(DELIVERED);
    await settle();
    expect(taken).toBe(false);
    await starts.outcomeOf(one.notificationId);
    await taking;
    await starts.close(0);
  });

  it('ends with the attempt in a process whose worker never asks', async () => {
    const { starts, under } = set();
    const one = headStart('sub_1');
    starts.begin([one]);
    const taking = starts.whenTakenOver(one.notificationId);
    under[0]!.end(DELIVERED);
    await taking;
    await starts.close(0);
  });

  it('ends after two seconds if nobody takes it over', async () => {
    fakeOnly('setTimeout', 'clearTimeout');
    const { starts } = set({ keepOutcomes: true });
    const one = headStart('sub_1');
    starts.begin([one]);
    let taken = false;
    const taking = starts.whenTakenOver(one.notificationId).then(() => (taken = true));
    await jest.advanceTimersByTimeAsync(1999);
    expect(taken).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    await taking;
    jest.useRealTimers();
    await starts.close(0);
  });

  it('does not wait for a notification without a head start', async () => {
    await set().starts.whenTakenOver('ntf_unknown');
  });
});
