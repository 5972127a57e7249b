import { StartLimit } from '../../src/temporal/start-limit';

const QUICK_MS = 250;
const SLOW_MS = 251;

/** Takes note of that many starts. @returns the limit after them */
function after(limit: StartLimit, starts: number, durationMs: number): number {
  for (let count = 0; count < starts; count++) limit.note(durationMs);
  return limit.value;
}

it('begins with eight', () => {
  expect(new StartLimit().value).toBe(8);
});

it('grows by one after as many quick starts as it allows', () => {
  const limit = new StartLimit();
  expect(after(limit, 7, QUICK_MS)).toBe(8);
  expect(after(limit, 1, QUICK_MS)).toBe(9);
  expect(after(limit, 8, QUICK_MS)).toBe(9);
  expect(after(limit, 1, QUICK_MS)).toBe(10);
});

it('grows to 32 and no further', () => {
  expect(after(new StartLimit(), 10_000, 1)).toBe(32);
});

it('halves after a slow start', () => {
  expect(after(new StartLimit(), 1, SLOW_MS)).toBe(4);
});

it('halves after a failed start', () => {
  const limit = new StartLimit();
  limit.failed();
  expect(limit.value).toBe(4);
});

it('never falls below two', () => {
  expect(after(new StartLimit(), 10, SLOW_MS)).toBe(2);
});

it('counts quick starts from the beginning after a slow or a failed one', () => {
  const limit = new StartLimit();
  after(limit, 7, QUICK_MS);
  after(limit, 1, SLOW_MS);
  expect(after(limit, 3, QUICK_MS)).toBe(4);
  limit.failed();
  expect(after(limit, 1, QUICK_MS)).toBe(2);
  expect(after(limit, 1, QUICK_MS)).toBe(3);
});
