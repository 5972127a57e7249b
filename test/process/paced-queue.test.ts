import { PacedQueue } from '../../src/process/paced-queue';

const CALL_MS = 50;
const FREE = 20;
const FREE_PER_SECOND = 5;
/** Pauses are this much shorter. */
const QUICK_MS = 15;
const settle = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate'] }));
afterEach(() => void jest.useRealTimers());

/** Calls that end when a test says so. */
function calls() {
  const queue = new PacedQueue();
  const begun: { name: string; end(): void }[] = [];
  const push = (key: string, name: string, pauses?: number) =>
    queue.run(key, () => new Promise<void>((end) => begun.push({ name, end })), pauses);
  return { queue, push, begun, names: () => begun.map(({ name }) => name) };
}

/** Makes the free calls of a customer. */
async function useUp(queue: PacedQueue, key: string): Promise<void> {
  await Promise.all(Array.from({ length: FREE }, () => queue.run(key, async () => undefined)));
}

it('makes four calls concurrently, and two of each customer', async () => {
  const { push, begun, names } = calls();
  for (const key of ['a', 'a', 'a', 'b', 'c', 'd']) void push(key, key);
  expect(names()).toEqual(['a', 'a', 'b', 'c']);
  begun[0]!.end();
  await settle();
  expect(names()).toEqual(['a', 'a', 'b', 'c', 'd']);
  begun[1]!.end();
  await settle();
  expect(names()).toEqual(['a', 'a', 'b', 'c', 'd', 'a']);
});

it('makes twenty calls of a customer without a pause, however long they take', async () => {
  const { push, begun } = calls();
  for (let call = 0; call <= FREE; call++) void push('a', 'a');
  for (let call = 0; call < FREE; call++) {
    expect(begun.length).toBe(call + 2);
    await jest.advanceTimersByTimeAsync(CALL_MS / 10);
    begun[call]!.end();
    await settle();
  }
});

it('gives a customer five free calls per second back', async () => {
  const { queue, push, names } = calls();
  await useUp(queue, 'a');
  await jest.advanceTimersByTimeAsync((2 * 1000) / FREE_PER_SECOND);
  for (const name of ['free', 'also free']) void push('a', name);
  expect(names()).toEqual(['free', 'also free']);
});

it('gives a customer no more free calls back', async () => {
  const { queue, push, names } = calls();
  await useUp(queue, 'a');
  await jest.advanceTimersByTimeAsync((2 * 1000) / FREE_PER_SECOND);
  for (let call = 0; call < 2; call++) await queue.run('a', async () => undefined);
  await settle();
  for (const name of ['with a pause', 'waiting']) void push('a', name);
  expect(names()).toEqual(['with a pause']);
});

it('makes one call at a time of a customer with more calls, whose pause another call does not end', async () => {
  const { queue, push, begun, names } = calls();
  await useUp(queue, 'a');
  for (const name of ['first', 'second', 'third']) void push('a', name);
  void push('b', 'other');
  expect(names()).toEqual(['first', 'other']);
  begun[0]!.end();
  begun[1]!.end();
  await settle();
  void push('a', 'fourth');
  expect(names()).toEqual(['first', 'other', 'second']);
});

it('lets a customer pause after a call for several times as long as the call took', async () => {
  const { queue, push, begun } = calls();
  await useUp(queue, 'a');
  void push('a', 'first', 3);
  void push('a', 'second');
  await jest.advanceTimersByTimeAsync(CALL_MS);
  begun[0]!.end();
  await jest.advanceTimersByTimeAsync(3 * CALL_MS - QUICK_MS - 1);
  expect(begun.length).toBe(1);
  await jest.advanceTimersByTimeAsync(1);
  expect(begun.length).toBe(2);
});

it('counts a call with several pauses as several', async () => {
  const { queue, push, names } = calls();
  for (let call = 0; call < FREE / 4; call++) await queue.run('a', async () => undefined, 4);
  void push('a', 'first');
  void push('a', 'second');
  expect(names()).toEqual(['first']);
});

it('returns the result or the error of a call, and goes on after an error', async () => {
  const queue = new PacedQueue();
  await expect(queue.run('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await queue.run('a', async () => 'done')).toBe('done');
});
