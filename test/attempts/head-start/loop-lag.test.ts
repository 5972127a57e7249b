import { LoopLag } from '../../../src/attempts/head-start/loop-lag';

/**
 * On a clock of its own: the time between two turns of a timer is what the event loop was late by.
 */
let lag: LoopLag;
let now: number;

beforeEach(() => {
  jest.useFakeTimers();
  now = 1000;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  lag = new LoopLag();
});
afterEach(() => {
  lag.stop();
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** Lets the timer come, that many milliseconds after the last time. */
function turnAfter(ms: number): void {
  now += ms;
  jest.advanceTimersByTime(10);
}

it('is zero while nothing is measured', () => {
  now += 500;
  expect(lag.ms).toBe(0);
});

it('is zero while the timer comes in time', () => {
  lag.start();
  turnAfter(10);
  expect(lag.ms).toBe(0);
});

it('is what the last turn of the timer was late by', () => {
  lag.start();
  turnAfter(35);
  expect(lag.ms).toBe(25);
  turnAfter(10);
  expect(lag.ms).toBe(0);
});

it('grows while the timer is overdue, before it comes', () => {
  lag.start();
  now += 60;
  expect(lag.ms).toBe(50);
});

it('goes on measuring if it is started twice', () => {
  lag.start();
  now += 60;
  lag.start();
  expect(lag.ms).toBe(50);
});

it('forgets what it measured when it is stopped, also for the next start', () => {
  lag.start();
  turnAfter(100);
  lag.stop();
  expect(lag.ms).toBe(0);
  lag.start();
  expect(lag.ms).toBe(0);
});
