import { SlowBursts } from '../../src/temporal/slow-bursts';
import { fakeOnly } from '../support/fake-timers';

/** A burst that a test ends. */
function burst() {
  let end: () => void = () => undefined;
  const run = new Promise<void>((resolve) => (end = resolve));
  return { run, end };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));
/** Whether the burst has left its place. */
async function left(slow: SlowBursts, key: string, run: Promise<void>): Promise<() => boolean> {
  let hasLeft = false;
  void slow.endOrLinger(key, run).then(() => (hasLeft = true));
  await settle();
  return () => hasLeft;
}

beforeEach(() => fakeOnly('setTimeout', 'clearTimeout'));
afterEach(() => jest.useRealTimers());

it('a burst keeps its place until it ends, if that is within a second', async () => {
  const { run, end } = burst();
  const isLeft = await left(new SlowBursts(), 'a', run);
  jest.advanceTimersByTime(999);
  await settle();
  expect(isLeft()).toBe(false);
  end();
  await settle();
  expect(isLeft()).toBe(true);
});

it('a burst that waits for slow receivers leaves its place after a second', async () => {
  const isLeft = await left(new SlowBursts(), 'a', burst().run);
  jest.advanceTimersByTime(1000);
  await settle();
  expect(isLeft()).toBe(true);
});

it.each([
  ['20 of one customer', 20, () => 'a', 'a'],
  ['40 of all', 40, (index: number) => `customer ${index}`, 'another'],
])('with %s beside it, a slow burst keeps its place until it ends', async (_, count, keyOf, key) => {
  const slow = new SlowBursts();
  const others = Array.from({ length: count }, burst);
  for (const [index, { run }] of others.entries()) await left(slow, keyOf(index), run);
  jest.advanceTimersByTime(1000);
  await settle();
  const last = burst();
  const isLeft = await left(slow, key, last.run);
  jest.advanceTimersByTime(60_000);
  await settle();
  expect(isLeft()).toBe(false);
  others[0]!.end();
  await settle();
  const next = await left(slow, key, burst().run);
  jest.advanceTimersByTime(1000);
  await settle();
  expect(next()).toBe(true);
  last.end();
  await settle();
  expect(isLeft()).toBe(true);
});
