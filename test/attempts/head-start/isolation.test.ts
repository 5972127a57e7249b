import { LoopLag } from '../../../src/attempts/head-start/loop-lag';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { AttemptRunner } from '../../../src/attempts/attempt-runner';
import { HeadStarts, type HeadStart } from '../../../src/attempts/head-start/head-starts';
import type { AttemptInput } from '../../../src/attempts/stages';
import type { DeliverOutcome } from '../../../src/domain/delivery';
import type { HeadStartDelivery } from '../../../src/domain/head-start';
import { until } from '../../support/until';

/** How customers share the head starts of a process. Requests hang until the test ends them. */
const LIMITS = { total: 100, perSubscription: 20, perCustomer: 40, perHost: 50 };
let running: HeadStarts | undefined;
afterEach(() => running?.close(0));

function process() {
  const open = new Map<string, { input: AttemptInput; end(outcome?: DeliverOutcome): void }>();
  const begun: string[] = [];
  const released: string[] = [];
  const left: string[] = [];
  const runAttempt: AttemptRunner = (input) =>
    new Promise((resolve) => {
      const { notificationId } = input;
      begun.push(notificationId);
      open.set(notificationId, {
        input,
        end(outcome = { kind: 'delivered', attempts: 1 }) {
          open.delete(notificationId);
          resolve(outcome);
        },
      });
    });
  const headStarts = new HeadStarts(
    {
      processId: 'this-process',
      keepOutcomes: false,
      limits: LIMITS,
      releaseClaims: async (ids) => void released.push(...ids),
      onLeft: (reason) => void left.push(reason),
    },
    runAttempt,
    pino({ level: 'silent' }),
  );
  running = headStarts;
  return {
    headStarts,
    open,
    released,
    left,
    begun: (prefix: string) => begun.filter((id) => id.startsWith(prefix)).length,
  };
}

const accepted = (data: string) => ({ facts: { event: { data, user: null } } }) as unknown as HeadStartDelivery;

function headStarts(
  count: number,
  { customer, subscription = `${customer}-1`, host = `${customer}.example`, waitedMs = 0, data = '{}' }: Options,
): HeadStart[] {
  return Array.from({ length: count }, (_, index) => ({
    notificationId: `${subscription}/${waitedMs}/${index}`,
    subscriptionId: subscription,
    customerId: customer,
    workflowId: 'notification/test',
    host,
    claimedAt: performance.now() - waitedMs,
    accepted: accepted(data),
  }));
}
interface Options {
  customer: string;
  subscription?: string;
  host?: string;
  waitedMs?: number;
  data?: string;
}

// A busy machine would have the event loop late, which is a case of its own.
beforeEach(() => void jest.spyOn(LoopLag.prototype, 'ms', 'get').mockReturnValue(0));
afterEach(() => jest.restoreAllMocks());

it('one customer has at most its share of the slots, whichever of its subscriptions hang', () => {
  const on = process();
  for (let index = 1; index <= 4; index++)
    on.headStarts.begin(headStarts(100, { customer: 'dead', subscription: `dead-${index}` }));
  expect(on.begun('dead')).toBe(LIMITS.perCustomer);
  on.headStarts.begin(headStarts(5, { customer: 'healthy' }));
  expect(on.begun('healthy')).toBe(5);
});

it('customers with the same dead host have at most its share of the slots together', () => {
  const on = process();
  for (const customer of ['a', 'b', 'c', 'd', 'e'])
    on.headStarts.begin(headStarts(20, { customer, host: 'dead.example' }));
  // The last two customers have one each.
  expect(on.open.size).toBe(LIMITS.perHost + 2);
  on.headStarts.begin(headStarts(5, { customer: 'a', subscription: 'a-2', host: 'alive.example' }));
  expect(on.begun('a-2')).toBe(5);
});

describe('hung requests of others do not delay a customer that has more than its first one', () => {
  it.each([
    ['to the same host', { host: 'shared.example' }],
    ['in all slots that may be shared', {}],
  ])('%s', async (_, where) => {
    const on = process();
    for (const customer of ['a', 'b', 'c']) {
      on.headStarts.begin(headStarts(100, { customer, ...where }));
      on.headStarts.begin(headStarts(100, { customer, subscription: `${customer}-2`, ...where }));
    }
    on.headStarts.begin(headStarts(10, { customer: 'healthy', ...where }));
    for (let begun = 1; begun <= 10; begun++) {
      await until(
        async () => on.begun('healthy'),
        (count) => count === begun,
      );
      const next = [...on.open.values()].find(({ input }) => input.notificationId.startsWith('healthy'))!;
      next.input.onSent!();
      next.end();
    }
  });
});

it('a share of the slots is left for customers that have none in use', async () => {
  const on = process();
  for (let index = 0; index < 10; index++) on.headStarts.begin(headStarts(40, { customer: `dead${index}` }));
  expect(on.open.size).toBeGreaterThanOrEqual(75);
  const before = on.open.size;
  for (let index = 0; index < 5; index++) on.headStarts.begin(headStarts(10, { customer: `healthy${index}` }));
  // While the event loop is late, requests count until they have hung for a second.
  await until(
    async () => on.begun('healthy'),
    (begun) => begun >= 5,
  );
  expect(on.open.size - before).toBeLessThanOrEqual(10);
});

it('a slot that is released goes to what waits for it, whichever limit it was', () => {
  const on = process();
  on.headStarts.begin(headStarts(100, { customer: 'a' }));
  on.headStarts.begin(headStarts(100, { customer: 'a', subscription: 'a-2' }));
  on.headStarts.begin(headStarts(100, { customer: 'b', host: 'a.example' }));
  let ended = 0;
  for (; on.open.size > 0 && ended < 1000; ended++) {
    const [next] = on.open.values();
    next!.input.onSent!();
    next!.end();
  }
  return until(
    async () => on.headStarts.waiting,
    (waiting) => {
      for (const one of [...on.open.values()]) one.end();
      return waiting === 0;
    },
  );
});

it('customers take turns, however many subscriptions each has', () => {
  const on = process();
  for (let index = 0; index < 30; index++)
    on.headStarts.begin(headStarts(10, { customer: 'many', subscription: `many-${index}` }));
  on.headStarts.begin(headStarts(10, { customer: 'one' }));
  expect(on.begun('one')).toBe(10);
});

it('requests of a backlog that hang do not keep others from being sent while producers post', async () => {
  const on = process();
  on.headStarts.begin(headStarts(15, { customer: 'dead', waitedMs: 2000 }));
  on.headStarts.begin(headStarts(15, { customer: 'late', waitedMs: 2000 }));
  await until(
    async () => {
      // A producer that posts without a pause.
      on.headStarts.begin(headStarts(1, { customer: 'fresh', waitedMs: Math.random() }));
      for (const [id, one] of on.open) if (id.startsWith('fresh')) one.end();
      await sleep(20);
      return on.begun('late');
    },
    (begun) => begun === 15,
  );
  expect(on.begun('dead')).toBe(15);
});

it('what waits for a subscription that became slow is left to its workflows, and its claims are released', async () => {
  const on = process();
  on.headStarts.begin(headStarts(30, { customer: 'slow' }));
  expect(on.begun('slow')).toBe(LIMITS.perSubscription);
  on.open.values().next().value!.input.onSlow!();
  await until(
    async () => on.released.length,
    (released) => released === 10,
  );
  expect(on.headStarts.waiting).toBe(0);
  expect(on.left).toEqual(Array(10).fill('slow'));
  expect(on.headStarts.isUnderWay(on.released[0]!)).toBe(false);
});

it('what waits for too long is left to its workflows while its subscription is at its limit', async () => {
  const on = process();
  on.headStarts.begin(headStarts(LIMITS.perSubscription, { customer: 'dead' }));
  on.headStarts.begin(headStarts(7, { customer: 'dead', waitedMs: 8500 }));
  expect(on.headStarts.waiting).toBe(7);
  await until(
    async () => on.released.length,
    (released) => released === 7,
  );
  expect(on.left).toEqual(Array(7).fill('late'));
});

it('a claim is not released while the process could make the attempt again', async () => {
  const on = process();
  const [one] = headStarts(1, { customer: 'late', waitedMs: 9500 });
  on.headStarts.begin([one!]);
  expect(on.headStarts.isUnderWay(one!.notificationId)).toBe(true);
  expect(await on.headStarts.outcomeOf(one!.notificationId)).toBeUndefined();
  expect(on.released).toEqual([one!.notificationId]);
});

it('a head start that was put off releases its claim, so that any process makes the attempt when it is due', async () => {
  const on = process();
  const [one] = headStarts(1, { customer: 'busy' });
  on.headStarts.begin([one!]);
  const dueAt = new Date(Date.now() + 5000).toISOString();
  on.open.get(one!.notificationId)!.end({ kind: 'throttled', attempts: 0, waitSeconds: 5, dueAt });
  expect(await on.headStarts.outcomeOf(one!.notificationId)).toBeUndefined();
  expect(on.released).toEqual([one!.notificationId]);
  expect(on.left).toEqual(['postponed']);
  expect(on.headStarts.sending).toBe(0);
});

it('payloads that wait are bounded, and dropped when they are not fresh any more', async () => {
  const on = process();
  const data = 'x'.repeat(1024 * 1024);
  on.headStarts.begin(headStarts(LIMITS.perSubscription, { customer: 'busy' }));
  on.headStarts.begin(headStarts(40, { customer: 'busy', waitedMs: 1, data }));
  expect(on.headStarts.waiting).toBe(40);
  expect(on.headStarts.waitingBytes).toBe(16 * data.length);
  await until(
    async () => on.headStarts.waitingBytes,
    (bytes) => bytes === 0,
  );
  expect(on.headStarts.waiting).toBe(40);
  const [first] = on.open.values();
  first!.input.onSent!();
  expect(on.headStarts.waiting).toBe(39);
  expect([...on.open.values()].at(-1)!.input.accepted).toBeUndefined();
});

it('at most fifty thousand head starts wait, and further ones are left to their workflows', async () => {
  const on = process();
  on.headStarts.begin(headStarts(50_007, { customer: 'busy' }));
  expect(on.headStarts.waiting).toBe(50_000 - LIMITS.perSubscription);
  expect(on.left).toEqual(Array(7).fill('full'));
});
