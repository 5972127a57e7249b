import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ADMIN_KEY, startTestApi, type TestApi } from '../support/api';
import { signpost } from '../support/cli';
import { tempDir } from '../support/service';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

it('exits with 0 for success, help and version', async () => {
  for (const args of [['products', 'list'], ['--help'], ['--version'], ['events', 'send', '--help']])
    expect(await signpost(api.url, args)).toMatchObject({ code: 0, err: '' });
});

it('exits with 1 if the service refuses the command, and prints each invalid field', async () => {
  const ran = await signpost(api.url, ['customers', 'create', '--name', 'C', '--retry-schedule', '86400,1']);
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toContain('validation-failed');
  expect(ran.err).toContain('  /retrySchedule: the waits must add up to at most 86400 seconds');
});

it('prints the problem as JSON to standard error with --json', async () => {
  const ran = await signpost(api.url, ['products', 'show', 'nothing', '--json']);
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(JSON.parse(ran.err)).toMatchObject({ code: 'not-found', status: 404 });
});

it('prints a refused file as JSON to standard error with --json', async () => {
  const file = path.join(tempDir(), 'product.yaml');
  writeFileSync(file, 'product:\n  id: a b\n  name: A\n  colour: red\n');
  const ran = await signpost(api.url, ['onboard', 'product', file, '--json']);
  expect(ran).toMatchObject({ code: 2, out: '' });
  const message = 'expected 1 to 128 characters of A-Z a-z 0-9 . _ : -';
  expect(JSON.parse(ran.err)).toEqual({
    exitCode: 2,
    detail: expect.stringContaining(`${file}:2:3  product.id: ${message}`),
    errors: [
      { file, line: 2, column: 3, path: 'product.id', message },
      { file, line: 4, column: 3, path: 'product.colour', message: 'unknown field' },
    ],
  });
});

it('prints an unreachable service as JSON to standard error with --json', async () => {
  const ran = await signpost('http://127.0.0.1:1', ['products', 'list', '--json']);
  expect(ran).toMatchObject({ code: 3, out: '' });
  expect(JSON.parse(ran.err)).toEqual({ exitCode: 3, detail: expect.stringContaining('Cannot reach') });
});

it('describes wrong values in plain words', async () => {
  const file = path.join(tempDir(), 'customer.yaml');
  writeFileSync(
    file,
    `customer: { id: c, name: '' }
allowUrls: none
subscriptions:
  - { name: 1, url: https://a.example, eventTypes: [], method: PATCH }
  - { url: https://a.example, eventTypes: ['*'], enabled: yes please, timeoutSeconds: 601 }
`,
  );
  const ran = await signpost(api.url, ['onboard', 'customer', file]);
  const words = ran.err
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^.*? {2}/, ''));
  expect(words).toEqual([
    'customer.name: must not be empty',
    'allowUrls: must be a list',
    'subscriptions.0.name: must be a text',
    'subscriptions.0.eventTypes: must not be empty',
    expect.stringMatching(/^subscriptions\.0\.method: must be one of .*POST/),
    'subscriptions.1.name: is required',
    'subscriptions.1.enabled: must be true or false',
    'subscriptions.1.timeoutSeconds: must be at most 600',
  ]);
});

it('exits with 2 for invalid arguments, without a stack trace', async () => {
  for (const args of [
    [],
    ['nonsense'],
    ['products'],
    ['products', 'nonsense'],
    ['products', 'list', '--nonsense'],
    ['products', 'list', '--limit', '0'],
    ['products', 'create'],
    ['customers', 'create', '--name', 'C', '--retry-schedule', '1,x'],
    ['events', 'send', 'a.b', '--data', '{'],
    ['events', 'send', 'a.b', '--data', '@/no/such/file'],
    ['events', 'list', '--since', 'yesterday'],
    ['completion', 'tcsh'],
    ['listen', 'sub_x', '--forward-to', 'localhost'],
    ['types', 'generate', '--check'],
    ['onboard', 'customer', '/no/such/file'],
    ['migrate'],
    ['subscriptions', 'update', 'sub_1'],
    ['subscriptions', 'update', 'sub_1', '--set', '[]'],
    ['products', 'list', '--url', 'ftp://x'],
  ]) {
    const ran = await signpost(api.url, args);
    expect({ args, code: ran.code, out: ran.out }).toEqual({ args, code: 2, out: '' });
    expect(ran.err).not.toBe('');
    expect(ran.err).not.toContain('    at ');
  }
});

/** A server that is not Signpost. */
async function serve(listener: RequestListener): Promise<{ url: string; close(): Promise<unknown> }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

it.each([['..'], ['']])('exits with 2 for the id %j, which would change the path of the call', async (id) => {
  const ran = await signpost(api.url, ['products', 'show', id]);
  expect(ran).toMatchObject({ code: 2, out: '', err: expect.stringContaining('id') });
});

it('exits with 3 if nothing listens at the URL, or something other than Signpost', async () => {
  const otherService = await serve((_request, response) => void response.end('<html>'));
  expect((await signpost(otherService.url, ['products', 'list'])).code).toBe(3);
  await otherService.close();
  const ran = await signpost(otherService.url, ['products', 'list']);
  expect(ran.code).toBe(3);
  expect(ran.err).toContain('ECONNREFUSED');
});

it('exits with 3 on a redirect, and does not send the key to its target', async () => {
  const keys: unknown[] = [];
  const target = await serve((request, response) => {
    keys.push(request.headers['x-api-key']);
    response.end('{}');
  });
  const redirecting = await serve((_request, response) => {
    response.writeHead(307, { location: target.url }).end();
  });
  expect((await signpost(redirecting.url, ['products', 'list'])).code).toBe(3);
  expect(keys).toEqual([]);
  await redirecting.close();
  await target.close();
});

it('exits with 4 if the credential is missing or rejected', async () => {
  const rejected = await signpost(api.url, ['products', 'list', '--key', 'spk_nobody']);
  expect(rejected.code).toBe(4);
  const env = { SIGNPOST_API_KEY: undefined, SIGNPOST_DATA_DIR: '/no/such/directory' };
  const ran = await signpost(api.url, ['products', 'list'], { env });
  expect(ran).toMatchObject({ code: 4, out: '' });
  expect(ran.err).toContain('SIGNPOST_API_KEY');
});

it('exits with 4 if the role of the credential does not allow the command', async () => {
  const { key } = await api.must('POST', '/v1/api-keys', { name: 'reader', role: 'viewer' });
  const asViewer = (...args: string[]) => signpost(api.url, [...args, '--key', key]);
  expect(await asViewer('products', 'list')).toMatchObject({ code: 0, err: '' });
  const ran = await asViewer('products', 'create', '--id', 'denied', '--name', 'Denied');
  expect(ran).toMatchObject({ code: 4, out: '' });
  expect(ran.err).toContain('(forbidden)');
  expect((await api.call('GET', '/v1/products/denied')).status).toBe(404);
});

it('uses the generated key of an embedded service, but only for this machine', async () => {
  const directory = path.join(tempDir(), 'data');
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'admin-key'), `${ADMIN_KEY}\n`);
  const env = { SIGNPOST_API_KEY: undefined, SIGNPOST_DATA_DIR: directory };
  expect((await signpost(api.url, ['products', 'list'], { env })).code).toBe(0);
  const away = await signpost('https://signpost.example', ['products', 'list'], { env });
  expect(away.code).toBe(4);
});
