import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { typesModule } from '../../cli/src/json-schema-to-typescript';
import { startTestApi, type TestApi } from '../support/api';
import { signpost } from '../support/cli';
import { tempDir } from '../support/service';

/** Declares a function that derives the payload from the name, as the typed SDK does. */
const SEND = `import type { EventTypes } from './event-types';
declare function send<T extends keyof EventTypes>(event: { type: T; data: EventTypes[T] }): void;
`;

/** Compiles code that uses generated types. @returns the errors of the compiler */
function compileErrors(module: string, use: string): string[] {
  const directory = tempDir();
  writeFileSync(path.join(directory, 'event-types.ts'), module);
  const file = path.join(directory, 'use.ts');
  writeFileSync(file, SEND + use);
  const program = ts.createProgram([file], { strict: true, noEmit: true, types: [], lib: ['lib.es2022.d.ts'] });
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

/**
 * Compiles `data` as the data of an event type with this schema.
 *
 * @returns the errors of the compiler
 */
function dataErrors(schema: object, data: string): string[] {
  const module = typesModule([{ name: 'a.happened.v1', description: '', schema }]);
  return compileErrors(module, `send({ type: 'a.happened.v1', data: ${data} });`);
}

describe('types generated from a catalog', () => {
  let api: TestApi;
  let module: string;
  beforeAll(async () => {
    api = await startTestApi();
    const example = path.join(__dirname, '..', '..', 'examples', 'onboarding', 'payments.yaml');
    await signpost(api.url, ['onboard', 'product', example]);
    await api.must('PUT', '/v1/event-types/anything.v1', { productId: 'payments' });
    module = (await signpost(api.url, ['types', 'generate', '--product', 'payments'])).out;
  });
  afterAll(() => api?.stop());

  it('compile a valid payload', () => {
    const use = `
      send({ type: 'payment.confirmed.v1', data: { paymentId: 'P-1', date: '2026-01-31T12:00:00Z', amount: 1 } });
      send({ type: 'payment.returned.v1', data: { paymentId: 'P-1', reason: 'refused', lines: [{ amount: 1 }] } });
      send({ type: 'anything.v1', data: { whatever: [1] } });`;
    expect(compileErrors(module, use)).toEqual([]);
  });

  it.each([
    ['a missing field', "{ type: 'payment.confirmed.v1', data: { paymentId: 'P-1', amount: 1 } }", "'date' is missing"],
    [
      'a wrong type',
      "{ type: 'payment.confirmed.v1', data: { paymentId: 1, date: '', amount: 1 } }",
      "'number' is not",
    ],
    [
      'a mistyped field',
      "{ type: 'payment.returned.v1', data: { paymentId: '', reason: 'refused', line: [] } }",
      "'line'",
    ],
    ['a value outside an enum', "{ type: 'payment.returned.v1', data: { paymentId: '', reason: 'x' } }", '"x"'],
    ['an unknown event type', "{ type: 'payment.confirmd.v1', data: {} }", 'payment.confirmd.v1'],
    ["another type's payload", "{ type: 'payment.returned.v1', data: { paymentId: '', date: '', amount: 1 } }", 'date'],
  ])('do not compile %s', (_, event, error) => {
    expect(compileErrors(module, `send(${event});`)).toEqual([expect.stringContaining(error)]);
  });

  it('are written to a file, and --check reports whether it is up to date', async () => {
    const file = path.join(tempDir(), 'event-types.ts');
    const generate = (...args: string[]) => signpost(api.url, ['types', 'generate', '--out', file, ...args]);
    const stale = { code: 1, err: `${file} is out of date. Run signpost types generate.\n` };
    expect(await generate('--check')).toMatchObject(stale);
    expect(existsSync(file)).toBe(false);
    expect(await generate()).toMatchObject({ code: 0, err: '' });
    expect(readFileSync(file, 'utf8')).toContain('export type PaymentConfirmedV1 = {');
    expect(await generate('--check')).toMatchObject({ code: 0, err: '' });
    await api.must('PUT', '/v1/event-types/new.v1', { productId: 'payments' });
    expect(await generate('--check')).toMatchObject(stale);
  });
});

it.each<[string, object, string[], string[]]>([
  ['const', { properties: { a: { const: 'x' } }, required: ['a'] }, ["{ a: 'x' }"], ["{ a: 'y' }"]],
  ['null among types', { properties: { a: { type: ['string', 'null'] } } }, ['{ a: null }', '{}'], ['{ a: 1 }']],
  [
    'oneOf',
    { properties: { a: { oneOf: [{ type: 'string' }, { type: 'boolean' }] } } },
    ["{ a: '' }", '{ a: true }'],
    ['{ a: 1 }'],
  ],
  [
    'allOf',
    {
      allOf: [
        { properties: { a: { type: 'string' } }, required: ['a'] },
        { properties: { b: { type: 'number' } }, required: ['b'] },
      ],
    },
    ["{ a: '', b: 1 }"],
    ["{ a: '' }"],
  ],
  [
    'a reference to itself',
    {
      $defs: { node: { properties: { next: { $ref: '#/$defs/node' }, n: { type: 'integer' } }, required: ['n'] } },
      properties: { root: { $ref: '#/$defs/node' } },
    },
    ['{ root: { n: 1, next: { n: 2 } } }'],
    ["{ root: { n: 1, next: { n: 'x' } } }"],
  ],
  [
    'an open object',
    { properties: { a: { type: 'string' } }, additionalProperties: true },
    ["{ a: '', b: 1 }"],
    ['{ a: 1 }'],
  ],
  [
    'a map',
    { properties: { m: { type: 'object', additionalProperties: { type: 'number' } } } },
    ['{ m: { x: 1 } }'],
    ["{ m: { x: 'y' } }"],
  ],
  ['an empty object', { type: 'object', additionalProperties: false }, ['{}'], ['{ a: 1 }']],
  [
    'choices within allOf',
    {
      allOf: [
        {
          anyOf: [
            { properties: { a: { const: 1 } }, required: ['a'] },
            { properties: { b: { const: 2 } }, required: ['b'] },
          ],
        },
        { properties: { c: { type: ['string', 'null'] } }, required: ['c'] },
      ],
    },
    ['{ a: 1, c: null }', "{ b: 2, c: '' }"],
    ['{ a: 1 }', '{ c: null }'],
  ],
  [
    'a tuple',
    { properties: { t: { type: 'array', prefixItems: [{ type: 'string' }], items: false } } },
    ["{ t: ['a'] }"],
    ['{ t: [1] }', "{ t: ['a', 'b'] }"],
  ],
  ['odd names', { properties: { 'a-b "c"': { type: 'string' } } }, [`{ 'a-b "c"': '' }`], [`{ 'a-b "c"': 1 }`]],
])('generates types for a schema with %s', (_, schema, good, bad) => {
  for (const data of good) expect([data, dataErrors(schema, data)]).toEqual([data, []]);
  for (const data of bad) expect([data, dataErrors(schema, data)]).toEqual([data, [expect.any(String)]]);
});

it('generates distinct types for event types whose names differ only in punctuation', () => {
  const module = typesModule(
    ['a.b-c.v1', 'a.b.c.v1', '1.v1', 'EventTypes'].map((name) => ({ name, description: '', schema: null })),
  );
  expect(compileErrors(module, "send({ type: 'a.b-c.v1', data: {} }); send({ type: '1.v1', data: {} });")).toEqual([]);
});

it('escapes a description that would end its comment', () => {
  const schema = { properties: { a: { type: 'string', description: '*/ }; evil(); /*' } } };
  const module = typesModule([{ name: 'a', description: 'x */ evil() /*', schema }]);
  expect(compileErrors(module, "send({ type: 'a', data: { a: '' } });")).toEqual([]);
});
