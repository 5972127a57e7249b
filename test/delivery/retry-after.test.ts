import { parseRetryAfter } from '../../src/delivery/http-client';

const now = new Date('1994-11-06T08:48:37Z');

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 120],
    ['86400', 86_400],
    ['99999999999', 99_999_999_999],
  ])('reads Retry-After in seconds: %s', (value, seconds) => expect(parseRetryAfter(value, now)).toBe(seconds));

  it.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'reads Retry-After in each of the three HTTP date formats: %s',
    (value) => expect(parseRetryAfter(value, now)).toBe(60),
  );

  it.each([
    ['120, 240', 240],
    ['240,120', 240],
    ['Sun, 06 Nov 1994 08:49:37 GMT, 30', 60],
    ['Sunday, 06-Nov-94 08:49:37 GMT, soon', 60],
  ])('takes the longest wait of several values: %s', (value, seconds) =>
    expect(parseRetryAfter(value, now)).toBe(seconds),
  );

  it('rounds the wait of Retry-After up to whole seconds', () => {
    expect(parseRetryAfter('Sun, 06 Nov 1994 08:49:37 GMT', new Date('1994-11-06T08:49:36.500Z'))).toBe(1);
  });

  it('returns a wait of 0 for a date in the past', () => {
    expect(parseRetryAfter('Sun, 06 Nov 1994 08:00:00 GMT', now)).toBe(0);
  });

  it.each([
    undefined,
    '',
    '-1',
    '1.5',
    '1e3',
    '0x10',
    'soon',
    'May 1',
    '1994-11-06T08:49:37Z',
    'Sun, 99 Nov 1994 08:49:37 GMT',
    'Sun, 06 Foo 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 +0100',
  ])('ignores an invalid Retry-After: %s', (value) => expect(parseRetryAfter(value, now)).toBeUndefined());
});
