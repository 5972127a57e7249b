import {
  DEFAULT_RETRY_SCHEDULE,
  isRetryPreset,
  nextWaitSeconds,
  RETRY_PRESETS,
  retryScheduleFault,
} from '../../src/domain/retry-schedule';

describe('retry schedules', () => {
  it.each([
    [[]],
    [[1]],
    [[30, 300, 1800, 7200]],
    [[1, 1, 1, 1, 1]],
    [[86_400]],
    [[17_280, 17_280, 17_280, 17_280, 17_280]],
  ])('accepts the retry schedule %j', (schedule) => expect(retryScheduleFault(schedule)).toBeUndefined());

  it.each([
    [[1, 1, 1, 1, 1, 1], 'at most 5 retries'],
    [[0], 'each wait must be a whole number of seconds, at least 1'],
    [[30, -1], 'each wait must be a whole number of seconds, at least 1'],
    [[1.5], 'each wait must be a whole number of seconds, at least 1'],
    [[NaN], 'each wait must be a whole number of seconds, at least 1'],
    [[Infinity], 'each wait must be a whole number of seconds, at least 1'],
    [[86_401], 'the waits must add up to at most 86400 seconds'],
    [[43_200, 43_200, 1], 'the waits must add up to at most 86400 seconds'],
  ])('refuses the retry schedule %j: %s', (schedule, fault) => expect(retryScheduleFault(schedule)).toBe(fault));

  it('waits 30 s, 5 min, 30 min and 2 h by default', () => {
    expect(DEFAULT_RETRY_SCHEDULE).toEqual([30, 300, 1800, 7200]);
    expect(retryScheduleFault(DEFAULT_RETRY_SCHEDULE)).toBeUndefined();
  });
});

describe('retry presets', () => {
  it.each(Object.entries(RETRY_PRESETS))('has a valid retry schedule as preset %s', (_, schedule) =>
    expect(retryScheduleFault(schedule)).toBeUndefined(),
  );

  it('waits at least five minutes, and longer each time, with the preset growing', () => {
    const { growing } = RETRY_PRESETS;
    expect(Math.min(...growing)).toBeGreaterThanOrEqual(300);
    growing.slice(1).forEach((wait, index) => expect(wait).toBeGreaterThan(growing[index]!));
  });

  it.each(['toString', '__proto__', 'Growing', '', 7, null])('does not accept %j as a retry preset', (name) =>
    expect(isRetryPreset(name)).toBe(false),
  );
});

describe('next wait', () => {
  it('follows the retry schedule step by step and then ends', () => {
    expect([1, 2, 3, 4, 5, 6].map((step) => nextWaitSeconds(DEFAULT_RETRY_SCHEDULE, step))).toEqual([
      30,
      300,
      1800,
      7200,
      undefined,
      undefined,
    ]);
    expect(nextWaitSeconds([], 1)).toBeUndefined();
  });

  it.each([
    ['honours a Retry-After beyond the step', 45, 45],
    ['honours a Retry-After of a day', 86_400, 86_400],
    ['ignores a Retry-After before the step', 5, 30],
    ['ignores a Retry-After of 0', 0, 30],
    ['ignores a Retry-After of more than a day', 86_401, 30],
  ])('%s', (_what, asked, wait) => expect(nextWaitSeconds([30, 300], 1, asked)).toBe(wait));

  it('ends after the last step in spite of Retry-After', () => {
    expect(nextWaitSeconds([30], 2, 60)).toBeUndefined();
  });
});
