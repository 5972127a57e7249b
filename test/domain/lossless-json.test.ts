import {
  canonicalJson,
  JsonText,
  mayRewriteNumbers,
  stringifyLossless,
  LosslessJson,
} from '../../src/domain/lossless-json';

/** A generator with a seed, so that a failure can be reproduced (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const STRINGS = [
  '',
  'a',
  'é☃',
  '"',
  '\\',
  '\n',
  '{"b":1.50}',
  ': 1.50,',
  '12345678901234567890',
  '\u0000',
  '10:00:00.000Z',
  '__proto__',
];

/** Random JSON text with any numbers, with and without whitespace. */
function anyJson(random: () => number, depth = 0): { spaced: string; compact: string } {
  const upTo = (count: number) => Math.floor(random() * count);
  const digits = (count: number) => Array.from({ length: count }, () => upTo(10)).join('');
  const space = () => ['', '', ' ', '\n\t', '  \r\n'][upTo(5)]!;
  const kind = upTo(depth > 4 ? 4 : 8);
  if (kind <= 1) {
    const whole = random() < 0.3 ? '0' : `${1 + upTo(9)}${digits(upTo(22))}`;
    const fraction = random() < 0.5 ? `.${digits(1 + upTo(20))}` : '';
    const exponent = random() < 0.2 ? `${'eE'[upTo(2)]}${['', '+', '-'][upTo(3)]}${upTo(400)}` : '';
    const text = `${random() < 0.3 ? '-' : ''}${whole}${fraction}${exponent}`;
    return { spaced: text, compact: text };
  }
  if (kind === 2) {
    const text = JSON.stringify(STRINGS[upTo(STRINGS.length)]);
    return { spaced: text, compact: text };
  }
  if (kind === 3) {
    const text = ['true', 'false', 'null'][upTo(3)]!;
    return { spaced: text, compact: text };
  }
  const inner = Array.from({ length: upTo(5) }, () => anyJson(random, depth + 1));
  const isList = kind > 5;
  const names = inner.map((_, index) => `${JSON.stringify(`n${index}${STRINGS[upTo(STRINGS.length)]}`)}`);
  const [open, close] = isList ? '[]' : '{}';
  return {
    spaced: `${open}${space()}${inner.map(({ spaced }, index) => `${isList ? '' : `${names[index]}${space()}:${space()}`}${spaced}`).join(`${space()},${space()}`)}${space()}${close}`,
    compact: `${open}${inner.map(({ compact }, index) => `${isList ? '' : `${names[index]}:`}${compact}`).join(',')}${close}`,
  };
}

it('LosslessJson returns any JSON as written, except for whitespace', () => {
  for (let seed = 1; seed <= 3000; seed++) {
    const { spaced, compact } = anyJson(randomFrom(seed));
    expect({ seed, text: new LosslessJson(spaced).at() }).toEqual({ seed, text: compact });
    expect({ seed, text: new LosslessJson(`{"a":[0, ${spaced}]}`).at('a', 1) }).toEqual({ seed, text: compact });
  }
});

it('JSON without numbers to rewrite is the same after parse and stringify', () => {
  let plain = 0;
  for (let seed = 1; seed <= 3000; seed++) {
    const { spaced, compact } = anyJson(randomFrom(seed));
    if (mayRewriteNumbers(spaced)) continue;
    plain += 1;
    expect({ seed, text: JSON.stringify(JSON.parse(spaced)) }).toEqual({ seed, text: compact });
  }
  expect(plain).toBeGreaterThan(300);
});

it.each([
  '125.50',
  '1.0',
  '-0',
  '-0.0',
  '1e3',
  '1E-7',
  '0.0000001',
  '9007199254740993',
  '12345678901234567890',
  '0.12345678901234567',
])('mayRewriteNumbers detects %s anywhere in the text', (number) => {
  for (const text of [
    number,
    ` ${number} `,
    `[${number}]`,
    `{"a": ${number} }`,
    `[1,${number},2]`,
    `{"a":${number}\n,"b":1}`,
  ])
    expect([text, mayRewriteNumbers(text)]).toEqual([text, true]);
});

it.each([
  '125.5',
  '0',
  '-1',
  '100',
  '0.1',
  '0.000001',
  '999999999999999',
  '"2026-01-01T10:00:00.000Z"',
  '"1e5f-4e50"',
  '"12345678901234567890"',
])('mayRewriteNumbers accepts %s', (value) => expect(mayRewriteNumbers(`{"a":${value},"b":[${value}]}`)).toBe(false));

it('LosslessJson takes the last value of a repeated name and does not touch prototypes', () => {
  const json = new LosslessJson('{"a":1.0,"b":2.0,"a":{"__proto__":{"polluted":3.0}}}');
  expect(json.at()).toBe('{"a":{"__proto__":{"polluted":3.0}},"b":2.0}');
  expect(json.at('a', '__proto__', 'polluted')).toBe('3.0');
  expect(json.at('b', '__proto__')).toBeUndefined();
  expect(json.at('constructor')).toBeUndefined();
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});

it('stringifyLossless keeps lossless members within other objects', () => {
  const held = { id: 1, data: new LosslessJson('{"amount": 1.50}'), list: [new LosslessJson('7')] };
  expect(stringifyLossless(held)).toBe('{"id":1,"data":{"amount":1.50},"list":[7]}');
});

const canonical = (text: string) => canonicalJson(mayRewriteNumbers(text) ? new LosslessJson(text) : JSON.parse(text));

it.each([
  ['{"a":125.50}', '{"a":125.5}'],
  ['{"a":1e2}', '{"a":100}'],
  ['[1.0,-0,0e5,-0.0]', '[1,0,0,0]'],
  ['[1e21]', '[1000000000000000000000]'],
  ['[1e-7]', '[0.0000001]'],
  ['[1e400]', '[10e399]'],
  ['[12345678901234567890.50]', '[1.23456789012345678905e19]'],
  ['{"b":{"y":1,"x":[2]},"a":null}', '{"a":null,"b":{"x":[2],"y":1}}'],
  ['{"a":"\\u0041","__proto__":{"b":1.0}}', '{ "__proto__" : {"b":1}, "a" : "A" }'],
])('canonicalJson finds %s equal to %s', (one, other) => expect(canonical(one)).toBe(canonical(other)));

it.each([
  ['[9007199254740993]', '[9007199254740992]'],
  ['[1e400]', '[null]'],
  ['[1e400]', '[1e500]'],
  ['[1e400]', '[-1e400]'],
  ['[1e-400]', '[0]'],
  ['[1e-400]', '[5e-400]'],
  ['[4e-324]', '[5e-324]'],
  ['[0.1]', '[0.1000000000000000055]'],
  ['[1]', '["1"]'],
  ['[1,2]', '[2,1]'],
  ['{"__proto__":{"b":1}}', '{}'],
])('canonicalJson finds %s different from %s', (one, other) => expect(canonical(one)).not.toBe(canonical(other)));

it('LosslessJson reads bodies of 8 MiB', () => {
  for (const inner of ['a', '\\n', '\\u0041']) {
    const text = `{"n":1.0,"s":"${inner.repeat((8 * 1024 * 1024) / inner.length)}"}`;
    expect(new LosslessJson(text).at('n')).toBe('1.0');
  }
});

it('LosslessJson finds the numbers that a double does not hold, with their paths', () => {
  const json = new LosslessJson(
    '{"schema":{"a/b":[1.50,9007199254740993,{"x":1e400}],"y":"9007199254740993","z":-0.10000000000000000001,"ok":[1e3,-0,0.1]},"other":1e400}',
  );
  const found = [
    ['schema', 'a/b', '1'],
    ['schema', 'a/b', '2', 'x'],
    ['schema', 'z'],
  ];
  expect(json.inexactNumbers(9, 'schema')).toEqual(found);
  expect(json.inexactNumbers(2, 'schema')).toEqual(found.slice(0, 2));
  expect(json.inexactNumbers(9)).toEqual([...found, ['other']]);
  expect(json.inexactNumbers(9, 'absent')).toEqual([]);
});

it('LosslessJson reads a member once to find numbers, however deep it is', () => {
  let reads = 0;
  const has = jest.spyOn(Object, 'hasOwn').mockImplementation((object, name) => {
    reads += 1;
    return Object.prototype.hasOwnProperty.call(object, name);
  });
  let text = `[${Array(1000).fill(1)},1e400]`;
  for (let depth = 0; depth < 400; depth++) text = `{"a":${text}}`;
  expect(new LosslessJson(`{"schema":${text}}`).inexactNumbers(9, 'schema')).toHaveLength(1);
  has.mockRestore();
  expect(reads).toBeLessThan(10);
});

it('stringifyLossless embeds JSON texts as they are, beside numbers as they were written', () => {
  const value = {
    list: [new JsonText('{"a":1.50}'), new LosslessJson('[2.50]'), new JsonText('"$1 $& #0"')],
    text: '#1',
    again: new JsonText('null'),
  };
  expect(stringifyLossless(value)).toBe('{"list":[{"a":1.50},[2.50],"$1 $& #0"],"text":"#1","again":null}');
});
