import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ADMIN_KEY, startTestApi, type TestApi } from '../support/api';
import { tempDir } from '../support/service';
import { copyOfTree, ROOT } from './copy-of-tree';

/**
 * The packages for users, packed in a fresh clone without a build, and installed in empty
 * directories. The dependencies of the command line come from the npm registry.
 */
const VERSION = (JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
jest.setTimeout(300_000);

let api: TestApi;
let packed: string;
let bin: string;
beforeAll(async () => {
  api = await startTestApi();
  const clone = copyOfTree();
  packed = tempDir();
  must('npm', ['pack', './sdk', './cli', '--pack-destination', packed], clone);
  const prefix = tempDir();
  must('npm', ['install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', tarball('cli')], prefix);
  bin = path.join(prefix, 'bin', 'signpost');
}, 300_000);
afterAll(() => api?.stop());

const tarball = (name: string) => path.join(packed, `signpost-${name}-${VERSION}.tgz`);

function must(command: string, args: string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  const outcome = { command: [command, ...args].join(' '), status, output: status === 0 ? '' : stdout + stderr };
  expect(outcome).toEqual({ ...outcome, status: 0, output: '' });
  return stdout;
}

/** Runs the installed command, with nothing in the environment but the service. */
function signpost(args: string[], cwd = packed): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(bin, args, { cwd, env: { PATH: process.env.PATH, SIGNPOST_URL: api.url } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

it('the installed command prints its help and the version of its package', async () => {
  expect(await signpost(['--version'])).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
  expect(await signpost(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('events'), err: '' });
});

it('the installed command sets up a product from a file, and sends an event, with files where the user stands', async () => {
  const directory = tempDir();
  writeFileSync(path.join(directory, 'key'), `${ADMIN_KEY}\n`);
  writeFileSync(
    path.join(directory, 'product.yaml'),
    'product: { id: p, name: P, enabled: true }\neventTypes: [{ name: paid.v1, fields: { amount: Number } }]\n',
  );
  writeFileSync(path.join(directory, 'data.json'), '{"amount":125.5}');
  const key = ['--key-file', 'key', '--json'];
  const onboarded = await signpost(['onboard', 'product', 'product.yaml', ...key], directory);
  expect({ ...onboarded, out: JSON.parse(onboarded.out) }).toMatchObject({ code: 0, err: '' });
  await api.must('POST', '/v1/customers', { id: 'c', name: 'C', productId: 'p' });
  const sent = await signpost(
    ['events', 'send', 'paid.v1', '--customer', 'c', '--data', '@data.json', ...key],
    directory,
  );
  expect({ ...sent, out: JSON.parse(sent.out) }).toMatchObject({ code: 0, out: { duplicate: false }, err: '' });
  const refused = await signpost(['events', 'send', 'paid.v1', '--data', '{"amount":"1"}', ...key], directory);
  expect({ ...refused, err: JSON.parse(refused.err) }).toMatchObject({
    code: 1,
    out: '',
    err: { code: 'data-breaks-schema' },
  });
});

it.each(['start', 'migrate', 'keys show', 'keys rotate'])(
  'the installed command says where `%s` is, which needs the service',
  async (command) => {
    const ran = await signpost([...command.split(' '), '--any', 'word']);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toContain(`npm run -s signpost -- ${command}`);
  },
);

it('the packed SDK sends an event from a project that has nothing else', async () => {
  const project = tempDir();
  writeFileSync(path.join(project, 'package.json'), '{"private":true}');
  must('npm', ['install', tarball('sdk'), '--offline', '--no-audit', '--no-fund'], project);
  writeFileSync(
    path.join(project, 'send.mjs'),
    `import { Signpost } from '@signpost/sdk';
const signpost = new Signpost({ baseUrl: ${JSON.stringify(api.url)}, apiKey: ${JSON.stringify(ADMIN_KEY)} });
console.log((await signpost.products.get('signpost')).id);`,
  );
  const child = spawn(process.execPath, ['send.mjs'], { cwd: project });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  expect(out).toBe('signpost\n');
});

it('the command line comes as one file, and the SDK brings no dependencies', () => {
  const files = must('tar', ['-tzf', tarball('cli')], packed)
    .trim()
    .split('\n')
    .sort();
  expect(files).toEqual(['package/LICENSE', 'package/README.md', 'package/dist/main.js', 'package/package.json']);
  expect(statSync(tarball('cli')).size).toBeLessThan(500_000);
});
