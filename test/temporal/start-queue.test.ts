import { setImmediate as turnOfEventLoop } from 'node:timers/promises';
import { pino } from 'pino';
import { createMetrics } from '../../src/process/metrics';
import { PacedQueue } from '../../src/process/paced-queue';
import { SlowBursts } from '../../src/temporal/slow-bursts';
import { WorkflowStarter, type NotificationToStart } from '../../src/temporal/workflow-starter';
import { until } from '../support/until';

/** The start queue with a Temporal that answers as the test says. */
function startQueue(options: { burst?: boolean; limits?: { total: number; perCustomer: number } } = {}) {
  const calls: { id: string; succeed(): void; fail(error: Error): void }[] = [];
  const bursts: { members: readonly string[]; succeed(): void; fail(error: Error): void }[] = [];
  const lines: { level: number; msg: string }[] = [];
  const workflows = {
    start: ({ notificationId: id }: { notificationId: string }) =>
      new Promise<boolean>((resolve, reject) => calls.push({ id, succeed: () => resolve(true), fail: reject })),
    runBurst: (_workflowId: string, members: readonly string[]) =>
      new Promise<void>((resolve, reject) => bursts.push({ members, succeed: resolve, fail: reject })),
  };
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
  const starter = new WorkflowStarter(
    workflows,
    {
      burst: options.burst ?? false,
      whenTakenOver: async () => undefined,
      limits: options.limits,
      paced: new PacedQueue(),
    },
    createMetrics(),
    log,
  );
  return {
    starter,
    calls,
    bursts,
    lines,
    started: () => calls.map(({ id }) => id),
    /** Waits until this number of starts was begun. */
    begun: (count: number) =>
      until(
        async () => calls.length,
        (begun) => begun >= count,
      ),
  };
}

const of = (customerId: string, count: number, hasHeadStart = false): NotificationToStart[] =>
  Array.from({ length: count }, (_, index) => ({
    notificationId: `ntf_${customerId}_${index}`,
    subscriptionId: `sub_${customerId}`,
    customerId,
    eventType: 'a.b',
    schedule: [],
    lane: 'fast' as const,
    hasHeadStart,
  }));
const lost = () => Object.assign(new Error('transport error'), { cause: { code: 14 } });
const timedOut = () => Object.assign(new Error('Timeout expired'), { cause: { code: 4 } });

// On a busy machine, bursts would count as slow before the test ends them.
beforeEach(() => void jest.spyOn(SlowBursts.prototype, 'endOrLinger').mockImplementation((_key, run) => run));
afterEach(() => jest.restoreAllMocks());

it('the start queue lets customers take turns', async () => {
  const { starter, calls, started, begun } = startQueue();
  starter.enqueue(of('busy', 1000));
  starter.enqueue(of('quiet', 1));
  await begun(8);
  expect(started().slice(0, 2)).toEqual(['ntf_busy_0', 'ntf_quiet_0']);
  for (const call of calls) call.fail(lost());
  await starter.close();
});

it('the start queue has no room for the customer that fills it, and room for others', () => {
  const { starter } = startQueue({ limits: { total: 100, perCustomer: 40 } });
  expect(starter.hasRoom('busy', 40)).toBe(true);
  expect(starter.hasRoom('busy', 41)).toBe(false);
  starter.enqueue(of('busy', 40));
  expect(starter.hasRoom('busy', 1)).toBe(false);
  expect(starter.hasRoom('quiet', 10)).toBe(true);
  void starter.close();
});

it('the start queue goes on after a start that failed, and leaves only this one to the reconciler', async () => {
  const { starter, calls, started, begun, lines } = startQueue();
  starter.enqueue(of('a', 30));
  await begun(8);
  calls[0]!.fail(timedOut());
  for (let index = 1; index < 30; index++) {
    await begun(index + 1);
    calls[index]!.succeed();
  }
  expect(new Set(started()).size).toBe(30);
  expect(lines).toHaveLength(1);
  await starter.close();
});

it('the start queue is emptied when the connection is lost, and logs the outage once', async () => {
  const { starter, calls, begun, lines } = startQueue();
  starter.enqueue(of('a', 100));
  await begun(8);
  for (const call of calls) call.fail(lost());
  await turnOfEventLoop();
  for (let again = 1; again <= 20; again++) {
    const before = calls.length;
    starter.enqueue(of(`later-${again}`, 1));
    await begun(before + 1);
    calls[before]!.fail(lost());
    await turnOfEventLoop();
  }
  expect(calls).toHaveLength(28);
  expect(lines.map(({ msg }) => msg)).toEqual([expect.stringContaining('cannot be reached')]);
  starter.enqueue(of('b', 1));
  await begun(29);
  calls[28]!.succeed();
  await until(
    async () => lines.length,
    (count) => count === 2,
  );
  expect(lines[1]).toMatchObject({ notifications: 120, msg: expect.stringContaining('again') });
  await starter.close();
});

it('the start queue is emptied when Temporal answers no start in a row', async () => {
  const { starter, calls, begun, lines } = startQueue();
  starter.enqueue(of('a', 100));
  await begun(8);
  for (const call of calls.slice(0, 8)) call.fail(timedOut());
  await until(
    async () => starter.hasRoom('a', 20_000),
    (empty) => empty,
  );
  expect(lines.filter(({ msg }) => msg.includes('cannot be reached'))).toHaveLength(1);
  await starter.close();
});

it('a burst that failed leaves the other bursts and starts in the queue', async () => {
  const { starter, bursts, calls } = startQueue({ burst: true });
  starter.enqueue(of('a', 8, true));
  starter.enqueue(of('b', 40, true));
  starter.enqueue(of('c', 40, false));
  await until(
    async () => bursts.length,
    (count) => count > 0,
  );
  bursts[0]!.fail(timedOut());
  for (let index = 0; index < 40; index++) {
    await until(
      async () => calls.length,
      (count) => count > index,
    );
    calls[index]!.succeed();
  }
  expect(calls.length).toBeGreaterThanOrEqual(40);
  for (const burst of bursts) burst.succeed();
  for (const call of calls) call.succeed();
  await starter.close();
});

it('bursts of a customer with many notifications leave a place for those of others', async () => {
  const { starter, bursts, calls } = startQueue({ burst: true });
  starter.enqueue(of('busy', 6000, true));
  await until(
    async () => bursts.length,
    (count) => count === 3,
  );
  starter.enqueue(of('quiet', 20, true));
  await until(
    async () => bursts.filter(({ members }) => members.some((id) => id.startsWith('ntf_quiet'))).length,
    (count) => count === 1,
  );
  const busy = bursts.filter(({ members }) => members.every((id) => id.startsWith('ntf_busy')));
  expect(busy.map(({ members }) => members.length).slice(0, 3)).toEqual([1000, 1000, 1000]);
  const before = bursts.length;
  busy[0]!.succeed();
  await until(
    async () => bursts.length,
    (count) => count === before + 1,
  );
  const closed = starter.close();
  for (const each of [...bursts, ...calls]) each.succeed();
  await closed;
});

it('notifications in a burst count in the start queue until their burst is started, and closing waits for it', async () => {
  const { starter, bursts, calls, begun } = startQueue({ burst: true, limits: { total: 100, perCustomer: 100 } });
  starter.enqueue(of('a', 50, true));
  expect(starter.hasRoom('a', 1)).toBe(false);
  await begun(4);
  expect(starter.hasRoom('a', 9)).toBe(false);
  await until(
    async () => bursts.length,
    (count) => count === 1,
  );
  expect(starter.hasRoom('a', 80)).toBe(true);
  for (const call of calls) call.succeed();
  await turnOfEventLoop();
  let isClosed = false;
  const closed = starter.close().then(() => (isClosed = true));
  await turnOfEventLoop();
  expect(isClosed).toBe(false);
  bursts[0]!.succeed();
  await closed;
});

it('a small burst does not end bursting while bursts of another customer wait', async () => {
  const { starter, bursts, calls } = startQueue({ burst: true });
  const burstsAre = (count: number) =>
    until(
      async () => bursts.length,
      (seen) => seen === count,
    );
  starter.enqueue(of('busy', 6000, true));
  await burstsAre(4);
  for (const call of calls) call.succeed();
  bursts.find(({ members }) => members.length < 1000)!.succeed();
  starter.enqueue(of('quiet', 5, true));
  await burstsAre(5);
  expect(bursts[4]!.members).toHaveLength(5);
  expect(starter.enqueue(of('late', 1, true))).toEqual([expect.stringMatching(/^burst\//)]);
  const closed = starter.close();
  for (const burst of bursts) burst.succeed();
  await closed;
});

it('the start queue starts two workflows of the slow lane of a customer at the same time, beside all others', async () => {
  const { starter, calls, started, begun } = startQueue();
  const slow = of('slow', 100).map((one) => ({ ...one, lane: 'slow' as const }));
  starter.enqueue(slow);
  starter.enqueue(of('quick', 6));
  await begun(8);
  expect(started().filter((id) => id.startsWith('ntf_slow'))).toEqual(['ntf_slow_0', 'ntf_slow_1']);
  expect(started().filter((id) => id.startsWith('ntf_quick'))).toHaveLength(6);
  calls.find(({ id }) => id === 'ntf_slow_0')!.succeed();
  await begun(9);
  expect(started()[8]).toBe('ntf_slow_2');
  const closing = starter.close();
  for (const call of calls) call.succeed();
  await closing;
});

it('what waits in the slow lane has a bound, gets it back when it starts, and is dropped with the rest', async () => {
  const { starter, calls, started, begun } = startQueue({ limits: { total: 100, perCustomer: 40 } });
  starter.enqueue(of('slow', 40).map((one) => ({ ...one, lane: 'slow' as const })));
  await begun(2);
  expect(starter.hasRoom('slow', 2)).toBe(true);
  expect(starter.hasRoom('slow', 3)).toBe(false);
  calls[0]!.fail(lost());
  await turnOfEventLoop();
  expect(starter.hasRoom('slow', 40)).toBe(true);
  calls[1]!.succeed();
  await starter.close();
  expect(started()).toEqual(['ntf_slow_0', 'ntf_slow_1']);
});
