import { fullFormats } from 'ajv-formats/dist/formats';
import { compileSchema, compileStoredSchema, sampleOf } from '../../../src/api/events/json-schema';
import type { Problem } from '../../../src/domain/problems';

const LARGEST = 256 * 1024;
/**
 * What a validation takes, with room for a busy machine. Without bounds, all of these take seconds
 * to years.
 */
const BOUND_MS = 1000;
const TOO_MUCH = [{ path: '', message: 'takes too many steps to validate; send less data or simplify the schema' }];

const list = <T>(length: number, item: (index: number) => T) => Array.from({ length }, (_, index) => item(index));
const map = <T>(length: number, prefix: string, value: (index: number) => T) =>
  Object.fromEntries(list(length, (index) => [`${prefix}${index}`, value(index)]));
const nested = (levels: number, innermost: unknown, around: (inner: unknown) => unknown) =>
  list(levels, () => 0).reduce((inner) => around(inner), innermost);

function problemOf(schema: object): Problem {
  try {
    compileSchema(schema);
  } catch (error) {
    return error as Problem;
  }
  throw new Error('the schema was accepted');
}

function timed<T>(work: () => T): { result: T; ms: number } {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { result, ms: (user + system) / 1000 };
}

describe('the work of a validation', () => {
  const of = (a: object) => ({ properties: { a } });

  it.each<[string, object, unknown]>([
    ['a pattern that backtracks', of({ pattern: '^(a+)+$' }), { a: 'a'.repeat(40) + '!' }],
    ['a pattern that backtracks, on the longest text', of({ pattern: '^(a+)+$' }), { a: 'a'.repeat(LARGEST) + '!' }],
    ['a pattern with many states', of({ pattern: '(a|b)*a(a|b){20}$' }), { a: 'ab'.repeat(LARGEST / 2) }],
    [
      'many patterns',
      { properties: map(50, 'a', () => ({ pattern: '(a|b)*a(a|b){20}$' })) },
      map(50, 'a', () => 'ab'.repeat(900)),
    ],
    ['patternProperties', { patternProperties: { '^(a+)+$': { type: 'null' } } }, { ['a'.repeat(40) + '!']: 1 }],
    ['propertyNames', { propertyNames: { pattern: '^(a+)+$' } }, { ['a'.repeat(40) + '!']: 1 }],
    ['uniqueItems', of({ uniqueItems: true }), { a: list(30_000, (i) => ({ i })) }],
    [
      'uniqueItems at each level',
      {
        $ref: '#/$defs/t',
        $defs: { t: { uniqueItems: true, items: { $ref: '#/$defs/t' }, additionalProperties: { $ref: '#/$defs/t' } } },
      },
      {
        a: nested(
          400,
          list(40_000, (i) => i),
          (inner) => [inner],
        ),
      },
    ],
    [
      'branches that multiply with the depth of the data',
      { additionalProperties: { anyOf: list(3, () => ({ $ref: '#' })) }, minProperties: 1 },
      nested(60, { a: 1 }, (inner) => ({ a: inner })),
    ],
    [
      'many branches for many items',
      of({ items: { anyOf: list(300, () => ({ type: 'string' })) } }),
      { a: list(LARGEST / 2, () => 0) },
    ],
    [
      'many branches within contains',
      of({ contains: { anyOf: list(300, () => ({ type: 'string' })) } }),
      { a: list(LARGEST / 2, () => 0) },
    ],
    ['many lengths of a long text', of({ anyOf: list(300, () => ({ maxLength: 1 })) }), { a: 'x'.repeat(LARGEST) }],
    [
      'many formats of a long text',
      of({ anyOf: list(300, () => ({ format: 'uri' })) }),
      { a: 'http://' + 'x'.repeat(LARGEST) },
    ],
    [
      'format url',
      of({ items: { anyOf: [{ format: 'url' }, { minLength: 1 }] } }),
      { a: list(120, () => 'http://' + ':'.repeat(2000)) },
    ],
    [
      'many required names',
      of({ items: { anyOf: [{ required: list(4000, (i) => `r${i}`) }, true] } }),
      { a: list(80_000, () => ({})) },
    ],
    ['large enums', of({ items: { enum: list(4000, (x) => ({ x })) } }), { a: list(26_000, () => ({ x: 1 })) }],
    ['dependentSchemas', { dependentSchemas: map(300, 'k', () => ({ minProperties: 3 })) }, map(20_000, 'k', () => 1)],
    [
      'unevaluatedProperties',
      { unevaluatedProperties: false, anyOf: list(150, (i) => ({ properties: { [`k${i}`]: true } })) },
      map(20_000, 'k', () => 1),
    ],
    ['many errors', { additionalProperties: false }, map(30_000, 'k', () => 1)],
  ])('is bounded for %s', (_what, schema, data) => {
    const validate = compileSchema(schema);
    const { result, ms } = timed(() => validate(data));
    expect(ms).toBeLessThan(BOUND_MS);
    if (result.length > 0) expect(result[0]!.message).not.toBe('');
  });

  it('reports data that takes too many steps as an error of the data', () => {
    const validate = compileSchema(of({ pattern: '(a|b)*a(a|b){20}$' }));
    expect(validate({ a: 'ab'.repeat(LARGEST / 2) })).toEqual(TOO_MUCH);
    expect(validate({ a: `a${'b'.repeat(20)}` })).toEqual([]);
  });

  it.each<[string, object, unknown]>([
    ['a list of numbers', of({ items: { type: 'integer', minimum: 0 } }), { a: list(LARGEST / 2 - 10, () => 0) }],
    [
      'a list of objects',
      of({
        items: {
          type: 'object',
          required: ['id', 'name'],
          properties: { id: { type: 'integer' }, name: { type: 'string', maxLength: 20, pattern: '^[a-z]+$' } },
          additionalProperties: false,
        },
      }),
      { a: list(9000, (id) => ({ id, name: 'somebody' })) },
    ],
    [
      'a long text',
      of({ type: 'string', minLength: 1, maxLength: LARGEST, pattern: '^[\\w ]*$' }),
      { a: 'some text '.repeat(LARGEST / 10 - 10) },
    ],
    [
      'unique texts',
      of({ uniqueItems: true, items: { type: 'string', format: 'uuid' } }),
      { a: list(6000, (i) => `0192f0c0-0000-7000-8000-${String(i).padStart(12, '0')}`) },
    ],
    [
      'several long descriptions',
      { properties: map(5, 'd', () => ({ type: 'string', pattern: '^\\S.{0,998}$' })) },
      map(5, 'd', () => 'word '.repeat(190)),
    ],
  ])('accepts the largest event with %s', (_what, schema, data) => {
    expect(compileSchema(schema)(data)).toEqual([]);
  });
});

describe('uniqueItems', () => {
  const validate = compileSchema({ properties: { a: { uniqueItems: true } } });

  it.each<[unknown[], boolean]>([
    [[1, 2, '1', true, 'true', null, 'null'], true],
    [[1, 2, 1], false],
    [[1.0, 1], false],
    [
      [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ],
      false,
    ],
    [[{ a: 1 }, { a: '1' }], true],
    [
      [
        [1, 2],
        [2, 1],
      ],
      true,
    ],
    [[[], {}], true],
    [[null, null], false],
    [['a', 'b', 'a'], false],
    [[{ a: { c: 1, b: 2 } }, { a: { b: 2, c: 1 } }], false],
  ])('judges %j: unique %s', (a, isUnique) => {
    expect(validate({ a }).length === 0).toBe(isUnique);
  });

  it('names the duplicate items', () => {
    expect(validate({ a: ['x', 'y', 'x'] })).toEqual([
      { path: '/a', message: 'must NOT have duplicate items (items ## 0 and 2 are identical)' },
    ]);
  });
});

it.each<[number, number, boolean]>([
  [0.01, 19.99, true],
  [0.01, 4.35, true],
  [0.01, -0.07, true],
  [0.01, 1.005, false],
  [0.01, 123456789012.34, true],
  [0.01, 123456789012.345, false],
  [0.1, 3, true],
  [1e-7, 0.0000003, true],
  [1e-300, 1e300, true],
  [2.5, 7.5, true],
  [2.5, 7, false],
  [3, 9007199254740991, false],
  [10, 1e22, true],
  [7, 0, true],
  [0.01, Infinity, false],
])('multipleOf %d judges the decimal %d: %s', (multipleOf, a, isMultiple) => {
  const errors = isMultiple ? [] : [{ path: '/a', message: `must be multiple of ${multipleOf}` }];
  expect(compileSchema({ properties: { a: { multipleOf } } })({ a })).toEqual(errors);
});

describe('errors of a validation', () => {
  it('lists all of them, at most 20', () => {
    const validate = compileSchema({ properties: map(30, 'p', () => ({ type: 'string' })), required: ['id'] });
    expect(validate({ p1: 1, p2: 2 })).toEqual([
      { path: '/id', message: "must have required property 'id'" },
      { path: '/p1', message: 'must be string' },
      { path: '/p2', message: 'must be string' },
    ]);
    expect(validate(map(30, 'p', () => 0))).toHaveLength(20);
  });
});

describe('schemas that are refused', () => {
  it.each<[string, object, string]>([
    ['lookahead', { properties: { 'a/b': { pattern: '.*(?=x)' } } }, '/schema/properties/a~1b/pattern'],
    ['a back reference', { allOf: [{ items: { pattern: '(a)\\1' } }] }, '/schema/allOf/0/items/pattern'],
    ['patternProperties', { patternProperties: { '(a*)\\1': {} } }, '/schema/patternProperties/(a*)\\1'],
    ['propertyNames', { propertyNames: { pattern: '(' } }, '/schema/propertyNames/pattern'],
    ['a definition', { $defs: { d: { pattern: 'x*y{2000}' } } }, '/schema/$defs/d/pattern'],
    ['a place of its own', { components: { c: { pattern: '(' } } }, '/schema/components/c/pattern'],
  ])('name the place of a pattern without a bound: %s', (_what, schema, path) => {
    const problem = problemOf(schema);
    expect(problem.code).toBe('invalid-schema');
    expect(problem.options.errors).toEqual([{ path, message: expect.stringMatching(/^the pattern cannot be used: /) }]);
  });

  it.each<[object, string, string]>([
    [{ type: 'text' }, '/schema/type', 'must be one of array, boolean, integer, null, number, object, string'],
    [
      { properties: { a: { type: ['string', 'text'] } } },
      '/schema/properties/a/type/1',
      'must be one of array, boolean, integer, null, number, object, string',
    ],
    [{ required: 'a' }, '/schema/required', 'must be array'],
    [{ properties: { 'a/b': { minLength: -1 } } }, '/schema/properties/a~1b/minLength', 'must be >= 0'],
  ])('name the place of a wrong form once: %j', (schema, path, message) => {
    const problem = problemOf(schema);
    expect(problem.code).toBe('invalid-schema');
    expect(problem.detail).toBe(`The schema cannot be used: ${path} ${message}.`);
    expect(problem.options.errors).toEqual([{ path, message }]);
  });

  it.each<[string, object, string]>([
    ['a reference to itself', { $ref: '#' }, 'validating an empty value takes too many steps'],
    [
      'a reference that doubles itself',
      {
        $defs: { ...map(40, 'd', (i) => ({ allOf: list(2, () => ({ $ref: `#/$defs/d${i + 1}` })) })), d40: {} },
        $ref: '#/$defs/d0',
      },
      'validating an empty value takes too many steps',
    ],
    [
      'a dynamic reference to itself',
      { $dynamicAnchor: 'x', allOf: list(2, () => ({ $dynamicRef: '#x' })) },
      'validating an empty value takes too many steps',
    ],
    [
      'a reference into a value',
      { const: { type: 'null' }, allOf: [{ $ref: '#/const' }] },
      'a $ref points to something that is no schema',
    ],
    ['deep nesting', nested(101, {}, (not) => ({ not })) as object, 'it is nested deeper than 100 levels'],
    ['many keywords', { allOf: list(1300, () => ({ minimum: 1 })) }, 'it has more than 1200 keywords'],
    [
      'many references',
      { $defs: { d: {} }, allOf: list(300, () => ({ $ref: '#/$defs/d' })) },
      'it has more than 1200 keywords',
    ],
    ['many patterns', { patternProperties: map(101, '^a', () => ({})) }, 'it has more than 100 patterns'],
    [
      'large patterns',
      { allOf: list(10, (i) => ({ pattern: `(a{0,999}b*){1}${i}` })) },
      'its patterns repeat too much; use minLength and maxLength',
    ],
    [
      'another document',
      { $ref: 'https://example.com/schema' },
      "can't resolve reference https://example.com/schema from id #",
    ],
    [
      'another draft',
      { $schema: 'http://json-schema.org/draft-04/schema#' },
      'no schema with key or ref "http://json-schema.org/draft-04/schema#"',
    ],
  ])('are those with %s', (_what, schema, reason) => {
    const { result: problem, ms } = timed(() => problemOf(schema));
    expect(problem.code).toBe('invalid-schema');
    expect(problem.options.errors).toEqual([{ path: '/schema', message: expect.stringContaining(reason) }]);
    expect(ms).toBeLessThan(BOUND_MS);
  });

  it.each<[string, object]>([
    ['a property called pattern', { properties: { pattern: { type: 'string' }, enum: { type: 'string' } } }],
    [
      'a pattern in an example or a constant',
      { examples: [{ pattern: '(' }], properties: { a: { const: { pattern: '(' } } } },
    ],
    ['a recursive form', { properties: { children: { type: 'array', items: { $ref: '#' } } } }],
    [
      'an anchor and an id',
      {
        $id: 'https://example.com/a',
        $defs: { d: { $anchor: 'x', type: 'string' } },
        properties: { a: { $ref: '#x' } },
      },
    ],
    [
      'definitions in a place of its own',
      { components: { c: { type: 'string' } }, properties: { a: { $ref: '#/components/c' } } },
    ],
    ['an unknown keyword and format', { 'x-order': 3, properties: { a: { format: 'x-own' } } }],
  ])('are not those with %s', (_what, schema) => {
    expect(() => compileSchema(schema)).not.toThrow();
  });
});

describe('a schema that was stored before its work was bounded', () => {
  it('is enforced except for patterns without a bound, which are named', () => {
    const { validate, unenforced } = compileStoredSchema({
      properties: { a: { type: 'string', minLength: 3, pattern: '.*(?=x)y' }, b: { pattern: '^[a-z]+$' } },
    });
    expect(unenforced).toEqual([{ path: '/properties/a/pattern', message: expect.any(String) }]);
    expect(validate({ a: 'abc', b: 'x' })).toEqual([]);
    expect(validate({ a: 'ab', b: 'X' }).map(({ path }) => path)).toEqual(['/a', '/b']);
  });

  it.each<[string, object, object]>([
    [
      'patternProperties',
      { patternProperties: { '.*(?=x)y': { type: 'null' } }, additionalProperties: false },
      { any: 1 },
    ],
    ['not', { properties: { a: { not: { pattern: '.*(?=x)y' } } } }, { a: 'abc' }],
    ['if', { properties: { a: { if: { pattern: '.*(?=x)y' }, then: false } } }, { a: 'abc' }],
    ['oneOf', { properties: { a: { oneOf: [{ pattern: '.*(?=x)y' }, { type: 'string' }] } } }, { a: 'abc' }],
  ])('does not become stricter by a pattern in %s', (_what, schema, data) => {
    expect(compileStoredSchema(schema).validate(data)).toEqual([]);
  });

  it('may have more keywords than a new one', () => {
    const schema = { allOf: list(1300, () => ({ minProperties: 1 })) };
    expect(compileStoredSchema(schema).validate({})[0]).toEqual({
      path: '',
      message: 'must NOT have fewer than 1 properties',
    });
  });
});

describe('formats', () => {
  const adverse = [
    'a',
    '1',
    ':',
    '/',
    '.',
    '-',
    '@',
    'a.',
    'a-',
    '1:',
    '%',
    '%41',
    '~0',
    '{a',
    '{a,',
    'P1',
    '1Y',
    '::',
    '0',
    'A=',
    '\n',
    '//',
    '?',
    '#',
    '[',
    'T1',
    '2026-11-28T',
  ];
  const names = Object.keys(fullFormats) as (keyof typeof fullFormats)[];

  it.each(names)('%s takes time that is linear in the text', (format) => {
    const validate = compileSchema({ properties: { a: { format } } });
    for (const prefix of [
      '',
      'http://',
      'http://a@',
      'P',
      'a@',
      '/',
      '#',
      'urn:uuid:',
      '{',
      '2026-11-28T00:00:00.',
      '[::',
    ]) {
      for (const piece of adverse) {
        const text = (prefix + piece.repeat(LARGEST / piece.length)).slice(0, LARGEST - 1) + '\u0000';
        const { ms } = timed(() => validate({ a: text }));
        expect(ms < BOUND_MS ? '' : `${prefix}${piece}… takes ${ms} ms`).toBe('');
      }
    }
  });
});

describe('generated samples', () => {
  const array = (minItems: number, items: object) => ({ type: 'array', minItems, items });

  it.each<[string, object]>([
    ['a billion items', { properties: { a: array(1e9, { type: 'string' }) } }],
    ['many objects', { properties: { a: array(1e8, { type: 'object', properties: { b: { type: 'string' } } }) } }],
    ['a long text', { properties: { a: { type: 'string', minLength: 1e8 } } }],
    ['nested lists', { properties: { a: array(100, array(100, array(100, { type: 'integer' }))) } }],
    [
      'nested additional properties',
      nested(14, { type: 'string' }, (additionalProperties) => ({ type: 'object', additionalProperties })) as object,
    ],
    ['many texts', { properties: map(200, 'p', () => ({ type: 'string', minLength: 1000 })) }],
    ['a length in another branch', { properties: { a: { allOf: [array(1e9, {})], items: { type: 'string' } } } }],
    [
      'a length in then',
      { properties: { a: { items: { type: 'string' } } }, if: {}, then: { properties: { a: { minItems: 1e9 } } } },
    ],
    ['a repeated example', { properties: { a: array(1000, { example: 'x'.repeat(1000) }) } }],
    [
      'a list of many tuples',
      { properties: { a: array(1000, { prefixItems: list(100, () => ({ type: 'string' })) }) } },
    ],
  ])('are not made for %s', (_what, schema) => {
    const { result, ms } = timed(() => sampleOf(schema));
    expect(result).toBeNull();
    expect(ms).toBeLessThan(BOUND_MS);
  });

  it('are made up to 64 KiB', () => {
    const sample = sampleOf({ type: 'object', properties: { a: array(400, { type: 'string', minLength: 20 }) } });
    expect(JSON.stringify(sample).length).toBeGreaterThan(8000);
    expect(sampleOf({ properties: map(60, 'p', () => ({ type: 'string', format: 'date-time' })) })).not.toBeNull();
  });

  it('do not change the schema', () => {
    const schema = {
      type: 'object',
      if: { properties: { a: { type: 'string' } } },
      then: { properties: { a: { minLength: 3 } } },
      properties: { a: {} },
    };
    const before = structuredClone(schema);
    sampleOf(schema);
    expect(schema).toEqual(before);
  });
});
