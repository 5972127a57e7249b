import { setTimeout as sleep } from 'node:timers/promises';
import { PacedQueue } from '../../src/activities/paced-queue';
import { until } from '../support/until';

const CALL_MS = 50;
/** Pauses are this much shorter. */
const QUICK_MS = 15;
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Calls that end when a test says so. */
function calls() {
  const queue = new PacedQueue();
  const begun: { name: string; end(): void }[] = [];
  const push = (key: string, name: string, pauses?: number) =>
    queue.run(key, () => new Promise<void>((end) => begun.push({ name, end })), pauses);
  return { push, begun, names: () => begun.map(({ name }) => name) };
}

it('makes four calls concurrently, and one of each customer', async () => {
  const { push, begun, names } = calls();
  for (const key of ['a', 'a', 'b', 'c', 'd', 'e', 'e']) void push(key, key);
  expect(names()).toEqual(['a', 'b', 'c', 'd']);
  begun[0]!.end();
  await settle();
  expect(names()).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('lets a customer pause after a call for several times as long as the call took', async () => {
  const { push, begun } = calls();
  void push('a', 'first', 3);
  void push('a', 'second');
  await sleep(CALL_MS);
  const endedAt = performance.now();
  begun[0]!.end();
  await until(
    async () => begun.length,
    (count) => count === 2,
  );
  expect(performance.now() - endedAt).toBeGreaterThanOrEqual(3 * CALL_MS - QUICK_MS - 1);
});

it('returns the result or the error of a call, and goes on after an error', async () => {
  const queue = new PacedQueue();
  await expect(queue.run('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await queue.run('a', async () => 'done')).toBe('done');
});
