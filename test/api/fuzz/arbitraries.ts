import fc from 'fast-check';

/** JSON Schema as the OpenAPI document has it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  propertyNames?: Schema;
  maxProperties?: number;
}

type Resolve = (ref: string) => Schema;

const MAX_ITEMS = 4;
/** Below this depth, any value is null. */
const MAX_DEPTH = 8;

/** Text that has broken parsers, stores and comparisons. */
const ODD_TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\u{1f4a1}'.repeat(120),
  "'; drop table events; --",
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '%00',
  '%zz',
  '\r\nx: y',
  'x'.repeat(5000),
  '*',
  '***',
  '$[',
  '9999-12-31T23:59:59-23:59',
  '0000-00-00T00:00:00Z',
  'http://',
  'http://[::1',
  'sub_0',
];
const ODD_VALUES = [
  null,
  true,
  -1,
  0,
  1.5,
  -0,
  1e308,
  5e-324,
  Number.MAX_SAFE_INTEGER + 2,
  [],
  {},
  [[[[[]]]]],
  { __proto__: null },
  JSON.parse('{"__proto__":{"a":1}}') as unknown,
  { $ref: '#/' },
];

export const oddText = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ unit: 'binary', maxLength: 40 }));
const oddValue = fc.oneof(oddText, fc.constantFrom(...ODD_VALUES), fc.jsonValue({ maxDepth: 3 }));

/** Values that fit a schema, as far as the schema says. */
export function fitting(schema: Schema, resolve: Resolve, depth = 0): fc.Arbitrary<unknown> {
  if (depth > MAX_DEPTH) return fc.constant(null);
  const inner = (one: Schema) => fitting(one, resolve, depth + 1);
  if (schema.$ref !== undefined) return inner(resolve(schema.$ref));
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return fc.oneof(...options.map((option) => inner(merged(schema, option))));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (Array.isArray(schema.type)) return fc.oneof(...schema.type.map((type) => inner({ ...schema, type })));
  switch (schema.type) {
    case 'string':
      return text(schema);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1000, max: schema.maximum ?? 1_000_000 });
    case 'number':
      return fc.double({ min: schema.minimum ?? -1e9, max: schema.maximum ?? 1e9, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(inner(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? MAX_ITEMS, Math.max(MAX_ITEMS, schema.minItems ?? 0)),
      });
    case 'object':
      return object(schema, inner);
    default:
      return fc.jsonValue({ maxDepth: 3 });
  }
}

/** A branch of a choice with what holds for all branches. */
function merged({ anyOf: _, oneOf: __, ...base }: Schema, option: Schema): Schema {
  const properties = { ...base.properties };
  for (const [name, schema] of Object.entries(option.properties ?? {}))
    properties[name] = { ...merged(properties[name] ?? {}, {}), ...schema };
  return {
    ...base,
    ...option,
    properties: Object.keys(properties).length > 0 ? properties : undefined,
    required: [...new Set([...(base.required ?? []), ...(option.required ?? [])])],
  };
}

/** Room for a repeated part of a pattern: fast-check fails with less than one repetition needs. */
const LONGEST_MATCH = 200;
const LONGEST_TEXT = 60;

function text({ format, pattern, minLength = 0, maxLength = LONGEST_MATCH }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time')
    return fc
      .date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString());
  if (format === 'uri')
    return fc.constantFrom(
      'http://127.0.0.1:1/',
      'http://127.0.0.1:1/a?b=c',
      'https://x.allowed.example/é%20',
      'HTTPS://A.EXAMPLE',
    );
  const plain = fc.string({ minLength, maxLength: Math.min(maxLength, LONGEST_TEXT) });
  if (pattern === undefined) return plain;
  const regex = new RegExp(pattern, 'u');
  const room = { maxLength: Math.min(maxLength, LONGEST_MATCH) };
  const matching = /^\^/.test(pattern) ? fc.stringMatching(new RegExp(pattern), room) : plain;
  return matching.filter((value) => value.length >= minLength && regex.test(value));
}

function object(schema: Schema, inner: (schema: Schema) => fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  const { properties = {}, required = [], additionalProperties = true, propertyNames } = schema;
  const known = fc.record(Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, inner(one)])), {
    requiredKeys: required.filter((name) => name in properties),
  });
  if (additionalProperties === false) return known;
  const names = propertyNames ? text({ maxLength: 20, ...propertyNames }) : fc.string({ maxLength: 10 });
  const values = inner(additionalProperties === true ? {} : additionalProperties);
  return fc.tuple(fc.dictionary(names, values, { maxKeys: 3 }), known).map(([more, own]) => ({ ...more, ...own }));
}

/** Values that nearly fit: one part is replaced, left out or added. */
export function broken(value: unknown): fc.Arbitrary<unknown> {
  const places = placesOf(value);
  return fc
    .tuple(fc.nat({ max: places.length - 1 }), fc.constantFrom('replace', 'remove', 'add'), oddValue, oddText)
    .map(([index, how, odd, name]) => changed(value, places[index]!, how, odd, name));
}

type Place = (string | number)[];

function placesOf(value: unknown, place: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [place];
  const entries = Object.entries(value).map(([key, inner]) => placesOf(inner, [...place, key]));
  return [place, ...entries.flat()];
}

function changed(value: unknown, [key, ...rest]: Place, how: string, odd: unknown, name: string): unknown {
  const isContainer = typeof value === 'object' && value !== null;
  if (key === undefined) return how === 'add' && isContainer && !Array.isArray(value) ? { ...value, [name]: odd } : odd;
  if (!isContainer) return odd;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string | number, unknown>;
  if (rest.length === 0 && how === 'remove') delete copy[key];
  else copy[key] = changed(copy[key], rest, how, odd, name);
  return copy;
}
