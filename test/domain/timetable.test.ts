import { Timetable } from '../../src/domain/timetable';

const planAll = (timetable: Timetable, count: number, atMs: number, intervalMs: number) =>
  Array.from({ length: count }, () => timetable.plan(atMs, intervalMs));

it('plans as many in a second as the interval allows', () => {
  const times = planAll(new Timetable(), 9, 10_500, 250);
  expect(times).toEqual([10_500, 10_500, 10_500, 10_500, 11_000, 11_000, 11_000, 11_000, 12_000]);
});

it('plans those with an interval of more than a second at least that far apart', () => {
  const times = planAll(new Timetable(), 3, 10_000, 2500);
  expect(times).toEqual([10_000, 13_000, 16_000]);
});

it('is not affected by what was planned for later', () => {
  const timetable = new Timetable();
  planAll(timetable, 100, 60_000, 1000);
  expect(timetable.plan(10_000, 1000)).toBe(10_000);
});

it('plans any number at the same time if there is no interval', () => {
  expect(planAll(new Timetable(), 3, 10_000, 0)).toEqual([10_000, 10_000, 10_000]);
});

it('spreads what exceeds five minutes over the last half of them', () => {
  const times = planAll(new Timetable(), 500, 0, 1000).slice(300);
  expect(Math.min(...times)).toBeGreaterThanOrEqual(150_000);
  expect(Math.max(...times)).toBeLessThanOrEqual(300_000);
});

it('forgets what is over', () => {
  const timetable = new Timetable();
  planAll(timetable, 2, 10_000, 1000);
  expect(timetable.forgetBefore(11_000)).toBe(false);
  expect(timetable.forgetBefore(12_000)).toBe(true);
});
