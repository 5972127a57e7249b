import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ADMIN_KEY, startTestApi, type TestApi } from '../support/api';
import { signpost, type RunOptions } from '../support/cli';

/** Secrets that do not appear among the arguments of the process. */
let api: TestApi;
let directory: string;
let id: string;
beforeAll(async () => {
  api = await startTestApi();
  directory = mkdtempSync(path.join(tmpdir(), 'signpost-cli-'));
  await api.must('POST', '/v1/customers', { id: 'c1', name: 'C' });
  const settings = { customerId: 'c1', name: 'main', url: 'http://127.0.0.1:1/', eventTypes: ['*'] };
  ({ id } = await api.must('POST', '/v1/subscriptions', settings));
});
afterAll(async () => {
  await api?.stop();
  rmSync(directory, { recursive: true });
});

const run = (args: string[], options?: RunOptions) => signpost(api.url, args, options);
function file(name: string, text: string): string {
  const target = path.join(directory, name);
  writeFileSync(target, text);
  return target;
}
const WITHOUT_KEY = { env: { SIGNPOST_API_KEY: undefined } };

it('reads the API key from a file, without the end of its line', async () => {
  const { code } = await run(['products', 'list', '--key-file', file('key', `${ADMIN_KEY}\n`)], WITHOUT_KEY);
  expect(code).toBe(0);
  const wrong = await run(['products', 'list', '--key-file', file('wrong', 'spk_nobody')]);
  expect(wrong.code).toBe(4);
});

it('reads the API key from standard input', async () => {
  const { code } = await run(['products', 'list', '--key-file', '-'], { ...WITHOUT_KEY, stdin: `${ADMIN_KEY}\r\n` });
  expect(code).toBe(0);
});

it.each([
  ['a missing file', () => ['--key-file', path.join(directory, 'nothing')], 'Cannot read'],
  ['an empty file', () => ['--key-file', file('empty', '\n')], '--key-file is empty'],
  ['both the key and a file', () => ['--key', 'x', '--key-file', file('key', ADMIN_KEY)], 'not both'],
])('exits with 2 for %s', async (_what, args, message) => {
  const { code, err } = await run(['products', 'list', ...args()]);
  expect([code, err]).toEqual([2, expect.stringContaining(message)]);
});

it('reads the secret of a subscription from a file', async () => {
  await run(['subscriptions', 'rotate', id, '--secret-file', file('secret', 'kept out of ps\n')]);
  expect((await api.must('GET', `/v1/subscriptions/${id}/secret`)).secret).toBe('kept out of ps');
  const args = ['--customer', 'c1', '--name', 'second', '--endpoint', 'http://127.0.0.1:1/', '--types', '*'];
  const created = await run(['subscriptions', 'create', ...args, '--secret-file', '-', '--json'], { stdin: 'piped' });
  expect(created.json).toMatchObject({ name: 'second', secret: 'piped' });
});

it('warns before it sends a key over http to another machine', async () => {
  const url = 'http://signpost.invalid';
  const { code, err } = await run(['products', 'list', '--url', url]);
  expect(code).toBe(3);
  expect(err).toContain('warning: the API key is sent to signpost.invalid unencrypted');
  expect((await run(['products', 'list'])).err).toBe('');
  expect((await run(['products', 'list', '--url', 'https://signpost.invalid'])).err).not.toContain('warning');
});

describe('a secret in a file that the environment names', () => {
  it.each(['SIGNPOST_API_KEY', 'SIGNPOST_ADMIN_KEY'])('is read for %s', async (name) => {
    const env = { ...WITHOUT_KEY.env, [`${name}_FILE`]: file('key', `${ADMIN_KEY}\n`) };
    expect((await run(['products', 'list'], { env })).code).toBe(0);
  });

  it('is refused beside the variable itself, and if it cannot be read', async () => {
    const both = await run(['products', 'list'], { env: { SIGNPOST_API_KEY_FILE: file('key', ADMIN_KEY) } });
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('SIGNPOST_API_KEY_FILE are set') });
    const env = { ...WITHOUT_KEY.env, SIGNPOST_API_KEY_FILE: '/no/such/file' };
    const missing = await run(['products', 'list'], { env });
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('"/no/such/file", which cannot be read') });
  });
});
