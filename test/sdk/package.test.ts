import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { typesModule } from '../../cli/src/json-schema-to-typescript';
import { installPacked, ROOT, run, type Project } from './packed';

/** Programs of somebody who has installed the package, by their file. */
const PROGRAMS: Record<string, string> = {};
/** @returns the file that the compiler is given */
function program(name: string, code: string): string {
  PROGRAMS[name] = code;
  return name;
}

let sdk: Project;
let project: string;
/** The output of the compiler, which checks all programs in one run. */
let compiled: string;

beforeAll(() => {
  sdk = installPacked();
  project = sdk.directory;
  for (const [file, code] of Object.entries(PROGRAMS)) write(file, code);
  compiled = sdk.compile(Object.keys(PROGRAMS)).out;
}, 240_000);

const write = (file: string, code: string) => writeFileSync(path.join(project, file), code);
/** The errors of the compiler in one program. */
const errorsOf = (file: string) => compiled.split('\n').filter((line) => line.startsWith(`${file}(`));

const PRINT = 'console.log(typeof Signpost, typeof verifyStandard)';
it.each([
  [
    'require',
    'a.cjs',
    `const { Signpost } = require('@signpost/sdk'); const { verifyStandard } = require('@signpost/sdk/receiver'); ${PRINT}`,
  ],
  [
    'import',
    'a.mjs',
    `import { Signpost } from '@signpost/sdk'; import { verifyStandard } from '@signpost/sdk/receiver'; ${PRINT}`,
  ],
])('the published package can be loaded by %s', (_, file, code) => {
  write(file, code);
  expect(run(process.execPath, [file], project)).toEqual({ status: 0, out: 'function function\n' });
});

it('the SDK has no dependencies', () => {
  const manifest = JSON.parse(readFileSync(path.join(ROOT, 'sdk', 'package.json'), 'utf8'));
  expect(Object.keys(manifest).filter((name) => /dependencies/i.test(name))).toEqual([]);
});

it('the package can be packed in a fresh checkout that is not built', () => {
  for (const file of ['dist/esm/index.js', 'dist/cjs/receiver/index.d.ts', 'LICENSE', 'README.md'])
    expect(sdk.packing).toContain(file);
});

it('the manifest of the package can be imported', () => {
  expect(run(process.execPath, ['-p', "require('@signpost/sdk/package.json').name"], project)).toEqual({
    status: 0,
    out: '@signpost/sdk\n',
  });
});

/** Uses a value and a type of each entry point. */
const CONSUMER = `
import { Signpost, SignpostError, type Accepted } from '@signpost/sdk';
import { verifyStandard, type Delivery } from '@signpost/sdk/receiver';
const signpost = new Signpost({ baseUrl: 'https://signpost.example.com', apiKey: 'k' });
export const sent: Promise<Accepted> = signpost.events.send({ type: 'a.v1', data: {} });
export const verified: Pick<Delivery, 'id'> = verifyStandard('', {}, { secret: 's' });
export const failed = (error: unknown) => error instanceof SignpostError && error.code;
`;

describe('the types of the package', () => {
  it.each([
    ['an ES module', program('consumer.mts', CONSUMER)],
    ['a CommonJS module', program('consumer.cts', CONSUMER)],
  ])('compile in %s', (_, file) => {
    expect(errorsOf(file)).toEqual([]);
  });

  it('have no error in their own files', () => {
    const ours = Object.keys(PROGRAMS);
    expect(
      compiled.split('\n').filter((line) => /^\S/.test(line) && !ours.some((file) => line.startsWith(file))),
    ).toEqual([]);
  });

  it.each([
    ['a bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
    [
      'a program that resolves as Node 10 did',
      ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'],
    ],
  ])('compile in %s', (_, options) => {
    write('consumer.ts', CONSUMER);
    // Its own files were checked above. This is about how they are found.
    expect(sdk.compile(['consumer.ts'], [...options, '--skipLibCheck'])).toEqual({ status: 0, out: '' });
  });
});

describe('typed events', () => {
  const schema = {
    type: 'object',
    required: ['paymentId', 'amount'],
    properties: { paymentId: { type: 'string' }, amount: { type: 'number' } },
  };
  program('event-types.ts', typesModule([{ name: 'payment.confirmed.v1', description: '', schema }]));
  const producer = (name: string, data: string, type = 'payment.confirmed.v1') =>
    program(
      `${name}.ts`,
      `import { Signpost } from '@signpost/sdk';
       import type { EventTypes } from './event-types';
       const signpost = new Signpost<EventTypes>({ baseUrl: 'https://signpost.example.com', apiKey: 'k' });
       export const sent = signpost.events.send({ type: ${JSON.stringify(type)}, customerId: 'c', data: ${data} });`,
    );

  const matching = producer('matching', "{ paymentId: 'P-1', amount: 125.5 }");
  it('an event that matches its schema compiles', () => {
    expect(errorsOf(matching)).toEqual([]);
  });

  it.each([
    ['a field of the wrong type', producer('wrong-type', "{ paymentId: 'P-1', amount: '125.5' }")],
    ['a missing field', producer('missing', "{ paymentId: 'P-1' }")],
    ['an unknown field', producer('unknown-field', "{ paymentId: 'P-1', amount: 1, payer: 'x' }")],
    ['an unknown event type', producer('unknown-event', "{ paymentId: 'P-1', amount: 1 }", 'payment.unknown.v1')],
  ])('an event with %s does not compile', (_, file) => {
    expect(errorsOf(file)[0]).toMatch(/\(4,\d+\): error/);
  });
});

describe('typed receiving', () => {
  const consumer = (name: string, format: string, work: string) =>
    program(
      `${name}.ts`,
      `import { receiver } from '@signpost/sdk/receiver';
type EventTypes = { 'paid.v1': { amount: number }; 'returned.v1': { reason: string } };
receiver<EventTypes>({ secret: 's'${format} }, ({ payload }) => { ${work} });`,
    );

  it.each(
    [
      ['standard', '', "if (payload.type === 'paid.v1') payload.data.amount.toFixed()"],
      ['envelope', ", format: 'envelope'", "if (payload.details.messageType === 'paid.v1') payload.messageId.trim()"],
      ['trigger', ", format: 'trigger'", "if (payload.object_class === 'paid.v1') payload.data.event.amount.toFixed()"],
      ['flat', ", format: 'flat'", "if ('amount' in payload) payload.amount.toFixed()"],
    ].map(([format, option, work]) => [format, consumer(`in-${format}`, option!, work!)] as const),
  )('the type of an event narrows its data in format %s', (_, file) => {
    expect(errorsOf(file)).toEqual([]);
  });

  it.each([
    ['data of any type', consumer('any-type', '', 'payload.data.amount')],
    ['data of another type', consumer('other-type', '', "if (payload.type === 'paid.v1') payload.data.reason")],
    ['an unknown type', consumer('unknown-type', '', "payload.type === 'unknown.v1'")],
  ])('a receiver that uses %s does not compile', (_, file) => {
    expect(errorsOf(file)[0]).toMatch(/\(3,\d+\): error/);
  });
});
