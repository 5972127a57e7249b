import { DEFAULT_RETRY, delayMs } from '../../sdk/src/backoff';

const NOW = Date.parse('2026-01-31T12:00:00Z');

afterEach(() => jest.restoreAllMocks());

/** The delays of successive retries if the random number is always the same. */
function delays(random: number, retryAfter: string | null = null, options = DEFAULT_RETRY) {
  jest.spyOn(Math, 'random').mockReturnValue(random);
  return Array.from({ length: options.retries + 1 }, (_, retry) => delayMs(retry, retryAfter, options));
}

it('the upper bound of the delay doubles with each retry up to maxDelayMs, and retries end', () => {
  const options = { ...DEFAULT_RETRY, retries: 8 };
  expect(delays(1, null, options)).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, undefined]);
});

it('by default there are five retries', () => {
  expect(delays(1)).toEqual([200, 400, 800, 1600, 3200, undefined]);
});

it('no retry is made if retries is 0', () => {
  expect(delays(1, null, { ...DEFAULT_RETRY, retries: 0 })).toEqual([undefined]);
});

it('the delay is random between zero and the upper bound', () => {
  expect(delays(0)).toEqual([0, 0, 0, 0, 0, undefined]);
  expect(delays(0.5)).toEqual([100, 200, 400, 800, 1600, undefined]);
});

describe('Retry-After', () => {
  beforeEach(() => {
    jest.spyOn(Date, 'now').mockReturnValue(NOW);
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
  });
  const delay = (retryAfter: string | null) => delayMs(0, retryAfter, DEFAULT_RETRY);

  it.each([
    ['seconds', '7', 7000],
    ['fractions of a second', '0.5', 500],
    ['an HTTP date', 'Sat, 31 Jan 2026 12:00:07 GMT', 7000],
    ['an HTTP date in the obsolete RFC 850 form', 'Saturday, 31-Jan-26 12:00:07 GMT', 7000],
  ])('the delay is at least Retry-After, given in %s', (_, retryAfter, expected) => {
    expect(delay(retryAfter)).toBe(expected);
  });

  it.each([
    ['absent', null],
    ['empty', ''],
    ['zero', '0'],
    ['negative', '-5'],
    ['shorter than the random delay', '0.05'],
    ['a date in the past', 'Sat, 31 Jan 2026 11:00:00 GMT'],
    ['not a date', 'soon'],
  ])('the delay is the random one if Retry-After is %s', (_, retryAfter) => {
    expect(delay(retryAfter)).toBe(100);
  });

  it.each([
    ['seconds', '60', '61'],
    ['a date', 'Sat, 31 Jan 2026 12:01:00 GMT', 'Sat, 31 Jan 2026 12:01:01 GMT'],
  ])('Retry-After in %s is honoured up to maxRetryAfterMs, even beyond maxDelayMs', (_, longest, tooLong) => {
    expect(delay(longest)).toBe(60_000);
    expect(delay(tooLong)).toBeUndefined();
  });

  it('Retry-After does not add retries', () => {
    expect(delayMs(5, '1', DEFAULT_RETRY)).toBeUndefined();
  });
});
