import { LinePatience } from '../../src/attempts/line-patience';
import { FRONT_PATIENCE_MS } from '../../src/domain/rate-line';

/** Since when the front is waited for, if ten seconds of the patience with it are left. */
const tenLeft = (nowMs: number) => nowMs + 10_000 - FRONT_PATIENCE_MS;

let patience: LinePatience;
beforeEach(() => {
  patience = new LinePatience();
});

it('ten seconds of the patience with the front are left at the first question', () => {
  expect(patience.since('sub_1', 7, 1000)).toBe(tenLeft(1000));
  expect(patience.since('sub_1', 7, 4000)).toBe(tenLeft(1000));
  expect(patience.since('sub_2', 7, 4000)).toBe(tenLeft(4000));
});

it('while there are questions, the wait for a new front counts from its turn', () => {
  patience.since('sub_1', 7, 1000);
  expect(patience.since('sub_1', 8, 6000)).toBe(-Infinity);
});

it('after more than five seconds without a question, a new front has ten seconds, too', () => {
  patience.since('sub_1', 7, 1000);
  expect(patience.since('sub_1', 8, 6001)).toBe(tenLeft(6001));
});

it('a front gets the ten seconds once, however long the next questions take', () => {
  patience.since('sub_1', 7, 1000);
  expect(patience.since('sub_1', 7, 20_000)).toBe(tenLeft(1000));
  expect(patience.since('sub_1', 7, 40_000)).toBe(tenLeft(1000));
  expect(patience.since('sub_1', 8, 41_000)).toBe(-Infinity);
});
