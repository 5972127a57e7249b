import {
  EVENT_TYPE_NAME,
  EVENT_TYPE_PATTERN,
  isPattern,
  matchesEventType,
  patternRegex,
} from '../../src/domain/event-type-pattern';

describe('event type names and patterns', () => {
  it.each(['payment', 'payment.confirmed.v1', 'a-b.c_d.V2', '1.2'])(
    'accepts %s as a name and not as a pattern',
    (name) => {
      expect(EVENT_TYPE_NAME.test(name)).toBe(true);
      expect(isPattern(name)).toBe(false);
    },
  );

  it.each(['*', 'payment.*', '*.v1', 'payment.*.v1', '*.*'])('accepts %s as a pattern and not as a name', (pattern) => {
    expect(EVENT_TYPE_PATTERN.test(pattern)).toBe(true);
    expect(EVENT_TYPE_NAME.test(pattern)).toBe(false);
    expect(isPattern(pattern)).toBe(true);
  });

  it.each(['', '.', 'a.', '.a', 'a..b', 'pay*', '**', 'a.*b', 'a b', 'a.b\n', 'a/b', 'é', '(a|b)', '[a]', 'a.+', '$'])(
    'accepts %j neither as a name nor as a pattern',
    (text) => {
      expect(EVENT_TYPE_NAME.test(text)).toBe(false);
      expect(EVENT_TYPE_PATTERN.test(text)).toBe(false);
    },
  );
});

describe('matching of event types', () => {
  it.each([
    [
      ['payment.confirmed.v1'],
      ['payment.confirmed.v1'],
      ['payment.confirmed.v2', 'payment.confirmed', 'payment-confirmed-v1'],
    ],
    [
      ['payment.*.v1'],
      ['payment.confirmed.v1', 'payment.failed.v1'],
      ['payment.v1', 'payment.a.b.v1', 'payment.a.v2', 'xpayment.a.v1', 'payment.a.v10'],
    ],
    [
      ['payment.*'],
      ['payment.v1', 'payment.confirmed.v1', 'payment.a.b.c'],
      ['payment', 'payments.v1', 'refund.payment.v1'],
    ],
    [['*'], ['payment', 'payment.confirmed.v1', 'a.b.c.d'], ['']],
    [['*.v1'], ['payment.v1'], ['payment.confirmed.v1', 'v1']],
    [['*.*'], ['a.b', 'a.b.c'], ['a']],
    [['*.confirmed.*'], ['payment.confirmed.v1', 'x.confirmed.v1.beta'], ['confirmed.v1', 'a.b.confirmed.v1']],
    [
      ['a.b', 'c.*'],
      ['a.b', 'c.d'],
      ['a.c', 'c'],
    ],
    [[], [], ['a']],
  ])('matches the entries %j with %j and not with %j', (entries, gets, not) => {
    expect(gets.filter((type) => !matchesEventType(entries, type))).toEqual([]);
    expect(not.filter((type) => matchesEventType(entries, type))).toEqual([]);
  });

  it('builds a regular expression only if there are patterns', () => {
    expect(patternRegex(['payment.confirmed.v1'])).toBeNull();
    expect(patternRegex([])).toBeNull();
    expect(patternRegex(['a.b', 'payment.*.v1', '*'])).toBe('^(payment[.][^.]+[.]v1|.+)$');
  });
});
