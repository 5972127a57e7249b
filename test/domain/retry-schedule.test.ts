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
    expect([1, 2, 3, 4, 5, 6].map((step) => nextWaitSeconds(DEFAULT_RETRY_SCHEDULE, step, 0))).toEqual([
      30,
      300,
      1800,
      7200,
      undefined,
      undefined,
    ]);
    expect(nextWaitSeconds([], 1, 0)).toBeUndefined();
  });

  it.each([
    ['honours a Retry-After beyond the step', 45, 45],
    ['honours a Retry-After of a day', 86_400, 86_400],
    ['ignores a Retry-After before the step', 5, 30],
    ['ignores a Retry-After of 0', 0, 30],
    ['takes a Retry-After of more than a day for a day', 86_401, 86_400],
    ['takes a Retry-After of many years for a day', 99_999_999_999, 86_400],
  ])('%s', (_what, asked, wait) => expect(nextWaitSeconds([30, 300], 1, 0, asked)).toBe(wait));

  it('ends after the last step in spite of Retry-After', () => {
    expect(nextWaitSeconds([30], 2, 0, 60)).toBeUndefined();
  });
});

describe('jitter', () => {
  it.each([
    [[30, 300], 1, 0, 30],
    [[30, 300], 1, 0.5, 31.5],
    [[30, 300], 2, 1, 330],
    [[4, 5], 1, 1, 4],
    [[4, 5], 2, 1, 5.5],
    [[7], 1, 0.123_456, 7.086],
  ])('of %j at step %d, %d of the longest, waits %d s', (schedule, step, jitter, wait) =>
    expect(nextWaitSeconds(schedule, step, jitter)).toBe(wait),
  );

  it.each([[[86_400]], [[43_200, 43_100]], [[80_000]], [[17_280, 17_280, 17_280, 17_280, 17_280]], [[1, 86_399]]])(
    'adds up to at most a day: %j',
    (schedule) => {
      const waits = schedule.map((_, index) => nextWaitSeconds(schedule, index + 1, 1)!);
      expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(86_400);
      waits.forEach((wait, index) => expect(wait).toBeGreaterThanOrEqual(schedule[index]!));
    },
  );

  it('does not lengthen a Retry-After', () => {
    expect(nextWaitSeconds([30], 1, 1, 32)).toBe(33);
    expect(nextWaitSeconds([30], 1, 1, 60)).toBe(60);
  });
});
