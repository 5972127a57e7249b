import { pino } from 'pino';
import { BURST_PREFIX } from '../../src/domain/delivery';
import { notificationWorkflowId } from '../../src/domain/types';
import { createMetrics } from '../../src/process/metrics';
import { PacedQueue } from '../../src/process/paced-queue';
import { SlowBursts } from '../../src/temporal/slow-bursts';
import { WorkflowStarter, type NotificationToStart } from '../../src/temporal/workflow-starter';
import { fakeOnly } from '../support/fake-timers';
import { until } from '../support/until';

/**
 * The queue of the workflow starter: its bounds, and what it does while Temporal is slow or away.
 * Starts end when a test says so.
 */
const MAX_WAITING = 50_000;
const PER_CUSTOMER = 20_000;
const FIRST_LIMIT = 8;
const OWN_IN_CALM_TIMES = 4;
const GATHERS_MS = 500;

let counter = 0;
const notifications = (count: number, hasHeadStart: boolean): NotificationToStart[] =>
  Array.from({ length: count }, () => ({
    notificationId: `ntf_${++counter}`,
    schedule: [],
    lane: 'fast',
    customerId: 'customer',
    subscriptionId: 'sub_1',
    eventType: 'a.b',
    hasHeadStart,
  }));

function setUp(options: { burst?: boolean; whenTakenOver?: () => Promise<void> } = {}) {
  const started: { id: string; end(): void; fail(): void }[] = [];
  const bursts: { size: number; end(): void; fail(): void }[] = [];
  const metrics = createMetrics();
  const workflows = {
    start: ({ notificationId }: { notificationId: string }) =>
      new Promise<boolean>((resolve, reject) =>
        started.push({
          id: notificationId,
          end: () => resolve(true),
          fail: () => reject(away()),
        }),
      ),
    runBurst: (_: string, ids: readonly string[]) =>
      new Promise<void>((resolve, reject) =>
        bursts.push({ size: ids.length, end: () => resolve(), fail: () => reject(away()) }),
      ),
  };
  const { burst = true, whenTakenOver = async () => undefined } = options;
  const starter = new WorkflowStarter(
    workflows,
    { burst, whenTakenOver, paced: new PacedQueue() },
    metrics,
    pino({ level: 'silent' }),
  );
  const waiting = async () => (await metrics.startQueue.get()).values[0]!.value;
  return { starter, started, bursts, metrics, waiting };
}

/** The error of a call that did not reach the server. */
function away(): Error {
  return Object.assign(new Error('Temporal is away'), { cause: { code: 14 } });
}

const startsAre = (started: unknown[], count: number) =>
  until(
    async () => started.length,
    (length) => length === count,
  );
/** Lets promises that are settled go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));
const closeAll = async (starter: WorkflowStarter, under: { end(): void }[]) => {
  const closing = starter.close();
  for (const { end } of under) end();
  await closing;
};

// On a busy machine, bursts would count as slow before the test ends them.
beforeEach(() => void jest.spyOn(SlowBursts.prototype, 'endOrLinger').mockImplementation((_key, run) => run));
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('the room for notifications that wait', () => {
  it('ends at 20,000 of one customer', async () => {
    const { starter } = setUp();
    starter.enqueue(notifications(PER_CUSTOMER - 1, false));
    expect(starter.hasRoom('customer', 1)).toBe(true);
    expect(starter.hasRoom('customer', 2)).toBe(false);
    expect(starter.hasRoom('another', PER_CUSTOMER)).toBe(true);
    await starter.close();
  });

  it('ends for all customers at 50,000', async () => {
    const { starter } = setUp();
    for (const customerId of ['a', 'b'])
      starter.enqueue(notifications(PER_CUSTOMER, false).map((one) => ({ ...one, customerId })));
    // The last eighth is for customers with few.
    const room = (MAX_WAITING * 7) / 8 - 2 * PER_CUSTOMER;
    expect([starter.hasRoom('c', room), starter.hasRoom('c', room + 1)]).toEqual([true, false]);
    starter.enqueue(notifications(room, false).map((one) => ({ ...one, customerId: 'c' })));
    expect([starter.hasRoom('c', 1), starter.hasRoom('d', 100), starter.hasRoom('d', 1000)]).toEqual([
      false,
      true,
      false,
    ]);
    await starter.close();
  });

  it('includes those that wait in a burst', async () => {
    const { starter } = setUp();
    starter.enqueue(notifications(PER_CUSTOMER, true));
    expect(starter.hasRoom('customer', 1)).toBe(false);
    await starter.close();
  });

  it('is there again as soon as starts are under way', async () => {
    const { starter, started } = setUp();
    starter.enqueue(notifications(PER_CUSTOMER, false));
    await startsAre(started, FIRST_LIMIT);
    expect(starter.hasRoom('customer', 1)).toBe(true);
    await closeAll(starter, started);
  });
});

describe('starts of workflows', () => {
  it('runs eight starts concurrently, in the order of acceptance', async () => {
    const { starter, started } = setUp();
    const all = notifications(20, false);
    starter.enqueue(all);
    await startsAre(started, FIRST_LIMIT);
    started[3]!.end();
    await startsAre(started, FIRST_LIMIT + 1);
    expect(started.map(({ id }) => id)).toEqual(all.slice(0, 9).map(({ notificationId }) => notificationId));
    await closeAll(starter, started);
  });

  it('wait for the workflow before them to take its head start over', async () => {
    let take: () => void = () => undefined;
    const { starter, started } = setUp({
      burst: false,
      whenTakenOver: () => new Promise((resolve) => (take = resolve)),
    });
    starter.enqueue(notifications(FIRST_LIMIT, true));
    starter.enqueue(notifications(1, false));
    await startsAre(started, FIRST_LIMIT);
    started[0]!.end();
    await settle();
    expect(started).toHaveLength(FIRST_LIMIT);
    take();
    await startsAre(started, FIRST_LIMIT + 1);
  });
});

describe('while Temporal is away', () => {
  it('forgets what waits, since the reconciler finds it in the database', async () => {
    const { starter, started, waiting } = setUp();
    starter.enqueue(notifications(100, false));
    await startsAre(started, FIRST_LIMIT);
    started[0]!.fail();
    await settle();
    expect(await waiting()).toBe(0);
    for (const { end } of started) end();
    await settle();
    expect(started).toHaveLength(FIRST_LIMIT);
    await starter.close();
  });

  it('forgets what gathers in bursts as well', async () => {
    const { starter, started, bursts, waiting } = setUp();
    starter.enqueue(notifications(100, true));
    await startsAre(started, OWN_IN_CALM_TIMES);
    started[0]!.fail();
    await settle();
    expect(await waiting()).toBe(0);
    await closeAll(starter, started);
    expect(bursts).toEqual([]);
  });

  it('forgets what waits after a burst could not be started', async () => {
    const { starter, started, bursts, waiting } = setUp();
    starter.enqueue(notifications(OWN_IN_CALM_TIMES + 100 + 1000, true));
    starter.enqueue(notifications(100, false));
    await startsAre(bursts, 1);
    bursts[0]!.fail();
    await settle();
    expect(await waiting()).toBe(0);
    await closeAll(starter, started);
  });

  it('runs fewer starts concurrently afterwards', async () => {
    const { starter, started } = setUp();
    starter.enqueue(notifications(FIRST_LIMIT, false));
    await startsAre(started, FIRST_LIMIT);
    for (const { fail } of started) fail();
    await settle();
    starter.enqueue(notifications(FIRST_LIMIT, false));
    await startsAre(started, FIRST_LIMIT + 2);
    await settle();
    expect(started).toHaveLength(FIRST_LIMIT + 2);
    await closeAll(starter, started);
  });
});

describe('bursts', () => {
  const own = (ids: string[], all: NotificationToStart[]) =>
    ids.filter((id, index) => id === notificationWorkflowId(all[index]!.notificationId));

  it('begin after four notifications that each get a workflow of their own', async () => {
    const { starter, started } = setUp();
    const all = notifications(20, true);
    const ids = starter.enqueue(all);
    expect(own(ids, all)).toHaveLength(OWN_IN_CALM_TIMES);
    const bursts = new Set(ids.slice(OWN_IN_CALM_TIMES));
    expect([...bursts]).toEqual([expect.stringContaining(BURST_PREFIX)]);
    await startsAre(started, OWN_IN_CALM_TIMES);
    await closeAll(starter, started);
  });

  it('have 1,000 members at most, and 100 of one customer if others share them', async () => {
    const { starter, started, bursts } = setUp();
    const all = notifications(OWN_IN_CALM_TIMES + 2001, true);
    const ids = starter.enqueue(all);
    expect(new Set(ids.slice(OWN_IN_CALM_TIMES)).size).toBe(3);
    await startsAre(bursts, 3);
    expect(bursts.map(({ size }) => size)).toEqual([1000, 100, 901]);
    await closeAll(starter, [...started, ...bursts]);
  });

  it('runs four bursts concurrently, three of them of one customer', async () => {
    const { starter, started, bursts } = setUp();
    starter.enqueue(notifications(OWN_IN_CALM_TIMES + 5000, true));
    await startsAre(bursts, 3);
    starter.enqueue(notifications(3000, true).map((one) => ({ ...one, customerId: 'another' })));
    await startsAre(bursts, 4);
    bursts[0]!.end();
    await startsAre(bursts, 5);
    await closeAll(starter, [...started, ...bursts]);
  });

  it('gather for a while if they are not full, and then start', async () => {
    fakeOnly('performance', 'setTimeout', 'clearTimeout');
    const { starter, started, bursts } = setUp();
    starter.enqueue(notifications(OWN_IN_CALM_TIMES + 10, true));
    jest.advanceTimersByTime(GATHERS_MS - 1);
    expect(started).toHaveLength(OWN_IN_CALM_TIMES);
    expect(bursts).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(bursts.map(({ size }) => size)).toEqual([10]);
    await closeAll(starter, [...started, ...bursts]);
  });

  it.each([
    ['give way to workflows of their own after a burst of 15, which says that calm has come back', 15],
    ['go on after a burst of 16', 16],
  ])('%s', async (_, size) => {
    const { starter, started, bursts } = setUp();
    starter.enqueue(notifications(OWN_IN_CALM_TIMES + size, true));
    await startsAre(bursts, 1);
    for (const { end } of started) end();
    await settle();
    const all = notifications(1, true);
    expect(own(starter.enqueue(all), all)).toHaveLength(size < 16 ? 1 : 0);
    await closeAll(starter, [...started, ...bursts]);
  });

  it('take no notification whose first attempt is its workflow’s to make', async () => {
    const { starter, started } = setUp();
    const [headed, plain] = [notifications(20, true), notifications(20, false)];
    starter.enqueue(headed);
    expect(own(starter.enqueue(plain), plain)).toHaveLength(20);
    await closeAll(starter, started);
  });

  it('take none if they are switched off', async () => {
    const { starter, started } = setUp({ burst: false });
    const all = notifications(20, true);
    expect(own(starter.enqueue(all), all)).toHaveLength(20);
    await closeAll(starter, started);
  });
});

describe('closing', () => {
  it('waits for the starts and bursts under way', async () => {
    const { starter, started, bursts } = setUp();
    starter.enqueue(notifications(OWN_IN_CALM_TIMES + 100, true));
    await startsAre(bursts, 1);
    let closed = false;
    const closing = starter.close().then(() => (closed = true));
    for (const { end } of started) end();
    await settle();
    expect(closed).toBe(false);
    bursts[0]!.end();
    await closing;
  });

  it('starts nothing more', async () => {
    const { starter, started } = setUp();
    starter.enqueue(notifications(FIRST_LIMIT + 1, false));
    await startsAre(started, FIRST_LIMIT);
    await closeAll(starter, started);
    expect(started).toHaveLength(FIRST_LIMIT);
  });
});
