import { compilePattern } from '../../../src/api/events/schema/linear-pattern';
import { PatternError } from '../../../src/api/events/schema/re2-syntax';

/**
 * Patterns of both kinds: those that run on JavaScript's engine, and those that need an automaton.
 */
const PATTERNS = [
  '^[A-Z]{3}$',
  '^\\d+(\\.\\d{2})?$',
  '^-?\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?$',
  '^[\\w.+-]+@[\\w-]+(\\.[\\w-]+)+$',
  '^(?!-)[a-z0-9-]{1,63}(?<!-)$',
  '^(?=.*[A-Z])(?=.*\\d).{8,}$',
  '^(EUR|USD|GBP)$',
  '^(a+)+$',
  '(a|b)*a(a|b){3}$',
  '^(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$',
  'foo|bar',
  '^\\s*(\\S+\\s*)*$',
  '^[^\\s,]+(,[^\\s,]+)*$',
  '^.*$',
  '^(.|\\n)*$',
  '(^|,)x(,|$)',
  '\\bword\\b.*\\Bord',
  '^[\\S\\d]+(\\D|\\W)*$',
  '[]|^x+x+$',
  '^[^]+y*[^]*$',
  '^(\\p{L}|\\p{Nd})+$',
  '^(\\P{Lu}+\\p{Script=Greek}*)+$',
  '^(?<year>\\d{4})-(?<month>\\d{2})(-(?<day>\\d{2}))?$',
  '^(\\u0041|\\x42|\\cC|\\u{1F600}|\\t)+$',
  '^(\\/[\\w\\-.]+)+\\/?$',
  '(a{0,3}){2,4}b',
  '^(?:a|b|ab)*?c',
  '',
];
const PIECES = [
  ...['a', 'b', 'ab', 'x', 'xx', 'A', 'Z', 'EUR', 'USD', '0', '12', '2026-11-28', '-', '.', ',', '@', '/', '_', '!'],
  ...[
    ' ',
    '\t',
    '\n',
    '\r',
    '\u2028',
    '\u00a0',
    '\ufeff',
    'ж',
    'Ω',
    'é',
    '\u{1F600}',
    '\ud83d',
    '0a1b-',
    'word',
    'foo',
    'B',
    '\u0003',
  ],
];

/** The same pseudo-random texts each time. */
function* texts(count: number): Generator<string> {
  let state = 1;
  const next = (limit: number) => (state = (state * 48_271) % 2_147_483_647) % limit;
  for (let i = 0; i < count; i++) yield Array.from({ length: next(8) }, () => PIECES[next(PIECES.length)]!).join('');
}

describe('patterns of schemas', () => {
  it.each(PATTERNS)('match what JavaScript matches: %s', (source) => {
    const pattern = compilePattern(source);
    const native = new RegExp(source, 'u');
    const different = [...texts(400)].filter((text) => pattern.test(text) !== native.test(text));
    expect(different).toEqual([]);
  });

  it.each([
    ['^[A-Z]{3}$', true],
    ['^(?!-)[a-z0-9-]{1,63}$', true],
    ['^(?=.*[A-Z])(?=.*\\d).{8,}$', true],
    ['^.{0,4000}$', true],
    ['^\\d+(\\.\\d{2})?$', true],
    ['[0-9]{5}', true],
    ['^(a+)+$', false],
    ['^a*a*$', false],
    ['a*b', false],
    ['^(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)$', false],
    ['^(a*|b)*$', false],
    ['^(?:.*x)?.*y$', false],
  ])("uses JavaScript's engine for %s: %s", (source, isNative) => {
    expect(compilePattern(source).size === 0).toBe(isNative);
  });

  it.each([
    ['(?=.*a)b*c', 'the lookahead (?=.*a) is not supported in a pattern of this form'],
    ['^.*(?=.*a)b', 'the lookahead (?=.*a) is not supported in a pattern of this form'],
    ['(a)\\1', 'the back reference \\1 is not supported'],
    ['(?<n>a)\\k<n>', 'the back reference \\k<n> is not supported'],
    ['a*b{1001}', 'the repetition {1001} exceeds 1000; use minLength and maxLength'],
    ['(a{100}b*){100}', 'nested repetitions exceed 1000 in total; use minLength and maxLength'],
    ['(\\p{Script_Extensions=Greek}+)+', '\\p{Script_Extensions=Greek} is not supported'],
    ['(', 'Invalid regular expression: /(/u: Unterminated group'],
    ['\\-', 'Invalid regular expression: /\\-/u: Invalid escape'],
    ['(?i:a)', 'Invalid regular expression: /(?i:a)/u: Invalid group'],
    ['a'.repeat(501), 'it is longer than 500 characters'],
  ])('are refused with a reason: %s', (source, reason) => {
    expect(() => compilePattern(source)).toThrow(new PatternError(reason));
  });

  it.each([
    ['^(a+)+$', 'a'.repeat(100_000) + '!'],
    ['^(a|a)*$', 'a'.repeat(100_000) + '!'],
    ['^(.*a){20}$', 'a'.repeat(20_000) + '!'],
    ['(x+x+)+y', 'x'.repeat(50_000)],
    ['\\s*$|^\\s+', ' '.repeat(100_000) + 'x'],
    ['^(?=.*[A-Z])(?=.*\\d).{8,}$', 'a'.repeat(100_000)],
    ['^(?!.*--)[a-z-]*$', 'a-'.repeat(50_000)],
    ['^([a-z]{1,64})+-$', 'a'.repeat(20_000)],
    ['^.{0,4000}x?y?z?$', 'a'.repeat(100_000)],
  ])('do not take longer than their bound: %s', (source, text) => {
    const pattern = compilePattern(source);
    pattern.test(text.slice(0, 1000));
    // The time of this process, which others do not change.
    const before = process.cpuUsage();
    pattern.test(text);
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    // A unit is about 50 ns.
    expect(ms).toBeLessThan(50 + pattern.work(text.length) * 200e-6);
  });
});
