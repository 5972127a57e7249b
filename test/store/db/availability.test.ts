import { Availability } from '../../../src/store/db/availability';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('counts as away from the loss until five seconds after the next success', () => {
  const availability = new Availability();
  availability.answered();
  expect(availability.wasAway).toBe(false);
  availability.lost();
  jest.advanceTimersByTime(60_000);
  expect(availability.wasAway).toBe(true);
  availability.answered();
  jest.advanceTimersByTime(4000);
  availability.answered();
  expect(availability.wasAway).toBe(true);
  jest.advanceTimersByTime(1001);
  expect(availability.wasAway).toBe(false);
});
