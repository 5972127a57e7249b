import { pino } from 'pino';
import type { AttemptRunner } from '../../../src/attempts/attempt-runner';
import { HeadStarts, type HeadStart } from '../../../src/attempts/head-start/head-starts';
import { LoopLag } from '../../../src/attempts/head-start/loop-lag';
import { fakeOnly } from '../../support/fake-timers';

/**
 * What happens to the claims of head starts that wait for a slot. No request ends by itself, so the
 * one slot of the subscription stays in use.
 */
const LIMITS = { total: 10, perSubscription: 1, perCustomer: 1, perHost: 1 };
let running: HeadStarts | undefined;

beforeEach(() => {
  fakeOnly('setTimeout', 'clearTimeout', 'performance');
  jest.spyOn(LoopLag.prototype, 'ms', 'get').mockReturnValue(0);
});
afterEach(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  await running?.close(0);
});

function setUp({ keepOutcomes = true, renews = (id: string) => id !== '' } = {}) {
  const renewed: (readonly string[])[] = [];
  const released: string[] = [];
  const begun: string[] = [];
  const slots: (() => void)[] = [];
  const runAttempt: AttemptRunner = ({ notificationId, onSent }) => {
    begun.push(notificationId);
    slots.push(onSent!);
    return new Promise(() => undefined);
  };
  const headStarts = new HeadStarts(
    {
      processId: 'this-process',
      keepOutcomes,
      limits: LIMITS,
      releaseClaims: async (ids) => void released.push(...ids),
      renewClaims: async (ids) => {
        renewed.push(ids);
        return ids.filter(renews).map((notificationId) => ({ notificationId, host: 'receiver.example' }));
      },
    },
    runAttempt,
    pino({ level: 'silent' }),
  );
  running = headStarts;
  return { headStarts, renewed, released, begun, endRequest: (index: number) => slots[index]!() };
}

const waiting = (count: number, workflowId = 'burst/1'): HeadStart[] =>
  Array.from({ length: count }, (_, index) => ({
    notificationId: `ntf_${index}`,
    subscriptionId: 'subscription',
    customerId: 'customer',
    workflowId,
    claimedAt: performance.now(),
  }));

it('renews the claims of a burst that waits for a slot, and releases none of them', async () => {
  const { headStarts, renewed, released } = setUp();
  headStarts.begin(waiting(3));
  await jest.advanceTimersByTimeAsync(30_000);
  expect(released).toEqual([]);
  expect(headStarts.waiting).toBe(2);
  // A claim is renewed after 6 s, and the queue is swept every 100 ms.
  expect(renewed).toEqual(Array(4).fill(['ntf_1', 'ntf_2']));
});

it('keeps the order of a queue whose claims were renewed', async () => {
  const { headStarts, begun, endRequest } = setUp();
  headStarts.begin(waiting(3));
  await jest.advanceTimersByTimeAsync(7000);
  headStarts.begin([{ ...waiting(4).at(-1)!, workflowId: 'burst/2' }]);
  for (let index = 0; index < 3; index++) endRequest(index);
  expect(begun).toEqual(['ntf_0', 'ntf_1', 'ntf_2', 'ntf_3']);
});

it('renews at most 500 claims with one statement', async () => {
  const { headStarts, renewed } = setUp();
  headStarts.begin(waiting(1201));
  await jest.advanceTimersByTimeAsync(6500);
  expect(renewed.map(({ length }) => length)).toEqual([500, 500, 200]);
});

it.each([
  ['with a workflow of its own', {}, 'notification/1'],
  ['of a process without a worker, whose bursts run elsewhere', { keepOutcomes: false }, 'burst/1'],
])('releases the claim of a head start %s after 9 s', async (_, options, workflowId) => {
  const { headStarts, renewed, released } = setUp(options);
  headStarts.begin(waiting(2, workflowId));
  await jest.advanceTimersByTimeAsync(8900);
  expect(released).toEqual([]);
  await jest.advanceTimersByTimeAsync(300);
  expect(released).toEqual(['ntf_1']);
  expect(renewed).toEqual([]);
});

it('releases a claim that could not be renewed, and keeps the others', async () => {
  const { headStarts, released } = setUp({ renews: (id) => id !== 'ntf_1' });
  headStarts.begin(waiting(3));
  await jest.advanceTimersByTimeAsync(9500);
  expect(released).toEqual(['ntf_1']);
  expect(headStarts.waiting).toBe(1);
});

it('renews a claim for a minute, so that other processes get a turn', async () => {
  const { headStarts, renewed, released } = setUp();
  headStarts.begin(waiting(2));
  await jest.advanceTimersByTimeAsync(75_000);
  expect(released).toEqual(['ntf_1']);
  expect(renewed.length).toBe(9);
});
