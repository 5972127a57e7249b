import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { typesModule } from '../../src/cli/json-schema-to-typescript';
import { tempDir } from '../support/service';

const ROOT = path.join(__dirname, '..', '..');
let project: string;

function run(command: string, args: string[], cwd: string) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  return { status, out: stdout + stderr };
}

/** A project with the packed SDK installed as npm would unpack it. */
beforeAll(() => {
  project = tempDir();
  const packed = run('npm', ['pack', '--pack-destination', project, '--silent'], path.join(ROOT, 'sdk'));
  const tarball = packed.out.trim().split('\n').at(-1)!;
  const target = path.join(project, 'node_modules', '@signpost', 'sdk');
  mkdirSync(target, { recursive: true });
  expect(run('tar', ['xzf', path.join(project, tarball), '--strip-components=1', '-C', target], project).status).toBe(
    0,
  );
});

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
  writeFileSync(path.join(project, file), code);
  expect(run(process.execPath, [file], project)).toEqual({ status: 0, out: 'function function\n' });
});

it('the SDK has no dependencies', () => {
  const manifest = JSON.parse(readFileSync(path.join(ROOT, 'sdk', 'package.json'), 'utf8'));
  expect(Object.keys(manifest).filter((name) => /dependencies/i.test(name))).toEqual([]);
});

/** Type-checks files of the project as a strict program. */
function compile(...files: string[]) {
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const typeRoots = path.join(ROOT, 'node_modules', '@types');
  const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--skipLibCheck'];
  return run(process.execPath, [tsc, ...options, '--typeRoots', typeRoots, '--types', 'node', ...files], project);
}

it('the examples of the README compile', () => {
  symlinkSync(path.join(ROOT, 'node_modules', '@types'), path.join(project, 'node_modules', '@types'));
  const readme = readFileSync(path.join(ROOT, 'sdk', 'README.md'), 'utf8');
  const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);
  expect(examples).toHaveLength(2);
  const files = examples.map((code, index) => {
    writeFileSync(path.join(project, `readme-${index}.mts`), code);
    return `readme-${index}.mts`;
  });
  expect(compile(...files)).toEqual({ status: 0, out: '' });
});

describe('typed events', () => {
  const schema = {
    type: 'object',
    required: ['paymentId', 'amount'],
    properties: { paymentId: { type: 'string' }, amount: { type: 'number' } },
  };
  const compileEvent = (data: string, type = 'payment.confirmed.v1') => {
    writeFileSync(
      path.join(project, 'event-types.ts'),
      typesModule([{ name: 'payment.confirmed.v1', description: '', schema }]),
    );
    writeFileSync(
      path.join(project, 'producer.ts'),
      `import { Signpost } from '@signpost/sdk';
       import type { EventTypes } from './event-types';
       const signpost = new Signpost<EventTypes>({ baseUrl: 'https://signpost.example.com', apiKey: 'k' });
       export const sent = signpost.events.send({ type: ${JSON.stringify(type)}, customerId: 'c', data: ${data} });`,
    );
    return compile('producer.ts');
  };

  it('an event that matches its schema compiles', () => {
    expect(compileEvent("{ paymentId: 'P-1', amount: 125.5 }")).toEqual({ status: 0, out: '' });
  });

  it.each([
    ['a field of the wrong type', "{ paymentId: 'P-1', amount: '125.5' }", undefined],
    ['a missing field', "{ paymentId: 'P-1' }", undefined],
    ['an unknown field', "{ paymentId: 'P-1', amount: 1, payer: 'x' }", undefined],
    ['an unknown event type', "{ paymentId: 'P-1', amount: 1 }", 'payment.unknown.v1'],
  ])('an event with %s does not compile', (_, data, type) => {
    const { status, out } = compileEvent(data, type);
    expect(status).not.toBe(0);
    expect(out).toContain('producer.ts(4,');
  });
});
