import {
  DEFAULT_RETRY_SCHEDULE,
  isRetryPreset,
  nextWaitSeconds,
  RETRY_PRESETS,
  retryScheduleFault,
} from '../../src/domain/retry-schedule';

describe('a retry schedule', () => {
  it.each([
    [[]],
    [[1]],
    [[30, 300, 1800, 7200]],
    [[1, 1, 1, 1, 1]],
    [[86_400]],
    [[17_280, 17_280, 17_280, 17_280, 17_280]],
  ])('may be %j', (schedule) => expect(retryScheduleFault(schedule)).toBeUndefined());

  it.each([
    [[1, 1, 1, 1, 1, 1], 'at most 5 retries'],
    [[0], 'each wait must be a whole number of seconds, at least 1'],
    [[30, -1], 'each wait must be a whole number of seconds, at least 1'],
    [[1.5], 'each wait must be a whole number of seconds, at least 1'],
    [[NaN], 'each wait must be a whole number of seconds, at least 1'],
    [[Infinity], 'each wait must be a whole number of seconds, at least 1'],
    [[86_401], 'the waits must add up to at most 86400 seconds'],
    [[43_200, 43_200, 1], 'the waits must add up to at most 86400 seconds'],
  ])('may not be %j: %s', (schedule, fault) => expect(retryScheduleFault(schedule)).toBe(fault));

  it('is 30 s, 5 min, 30 min, 2 h where nobody says otherwise', () => {
    expect(DEFAULT_RETRY_SCHEDULE).toEqual([30, 300, 1800, 7200]);
    expect(retryScheduleFault(DEFAULT_RETRY_SCHEDULE)).toBeUndefined();
  });
});

describe('the presets', () => {
  it.each(Object.entries(RETRY_PRESETS))('%s is a schedule that any caller could give', (_, schedule) =>
    expect(retryScheduleFault(schedule)).toBeUndefined(),
  );

  it('growing waits at least five minutes, and longer each time', () => {
    const { growing } = RETRY_PRESETS;
    expect(Math.min(...growing)).toBeGreaterThanOrEqual(300);
    growing.slice(1).forEach((wait, index) => expect(wait).toBeGreaterThan(growing[index]!));
  });

  it.each(['toString', '__proto__', 'Growing', '', 7, null])('%j is none', (name) =>
    expect(isRetryPreset(name)).toBe(false),
  );
});

describe('the next wait', () => {
  it('follows the schedule step by step and ends with it', () => {
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
    ['later than the step: honoured', 45, 45],
    ['a day: honoured', 86_400, 86_400],
    ['sooner than the step: not', 5, 30],
    ['at once: not', 0, 30],
    ['more than a day: not', 86_401, 30],
  ])('is what the receiver asks for where that is %s', (_what, asked, wait) =>
    expect(nextWaitSeconds([30, 300], 1, asked)).toBe(wait),
  );

  it('is none after the last step, whatever the receiver asks for', () => {
    expect(nextWaitSeconds([30], 2, 60)).toBeUndefined();
  });
});
