import { placeDeploys, placeOf } from '../../web/src/screens/deploys/placing';

const PLOT = { x: 50, width: 600 };
/** 60 buckets of a minute, each of 10 pixels. */
const SPAN = { startMs: Date.parse('2026-01-31T12:00:00Z'), bucketMs: 60_000, buckets: 60 };

/** As a list returns them: newest first. */
const place = (...marks: [version: string, minute: number][]) =>
  placeDeploys(
    marks
      .map(([version, minute]) => ({ version, at: new Date(SPAN.startMs + minute * 60_000).toISOString() }))
      .reverse(),
    placeOf(SPAN, PLOT),
    PLOT,
  ).map(({ x, label, side }) => [x, label, side]);

it('places a deploy at its time, with its version to the right', () => {
  expect(place(['1.0', 0], ['2.0', 30.5])).toEqual([
    [50, '1.0', 'right'],
    [355, '2.0', 'right'],
  ]);
});

it('leaves out deploys before and after the time of the chart', () => {
  expect(place(['early', -1], ['late', 60])).toEqual([]);
});

it('puts the label to the left at the right edge', () => {
  expect(place(['orders 2.4.1', 59])).toEqual([[640, 'orders 2.4.1', 'left']]);
});

it('puts the label of the earlier of two near deploys to the left', () => {
  expect(place(['orders 2.4.1', 20], ['orders 2.4.2', 22])).toEqual([
    [250, 'orders 2.4.1', 'left'],
    [270, 'orders 2.4.2', 'right'],
  ]);
});

it('leaves out a label that has no room between other lines, and keeps its line', () => {
  expect(place(['orders 2.4.1', 10], ['orders 2.4.2', 12], ['orders 2.4.3', 14])).toEqual([
    [150, 'orders 2.4.1', 'left'],
    [170, 'orders 2.4.2', undefined],
    [190, 'orders 2.4.3', 'right'],
  ]);
});

it('labels the newest deploy first where there is room for one', () => {
  expect(place(['orders 2.4.1', 1], ['orders 2.4.2', 2])).toEqual([
    [60, 'orders 2.4.1', undefined],
    [70, 'orders 2.4.2', 'right'],
  ]);
});

it('puts deploys of almost the same time on one line, named by the last of them', () => {
  expect(place(['a', 10], ['b', 10.1], ['c', 10.2])).toEqual([[150, 'c +2', 'right']]);
});

it('cuts a long version', () => {
  expect(place(['a-very-long-version-of-a-service', 1])[0]![1]).toBe('a-very-long-versi…');
});
