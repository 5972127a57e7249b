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

it('0: done, and for help and version', async () => {
  for (const args of [['products', 'list'], ['--help'], ['--version'], ['events', 'send', '--help']])
    expect(await signpost(api.url, args)).toMatchObject({ code: 0, err: '' });
});

it('1: refused by the service, with each field that is wrong', async () => {
  const ran = await signpost(api.url, ['customers', 'create', '--name', 'C', '--retry-schedule', '86400,1']);
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toContain('validation-failed');
  expect(ran.err).toContain('  /retrySchedule: the waits must add up to at most 86400 seconds');
});

it('1: with --json the problem is JSON on standard error', async () => {
  const ran = await signpost(api.url, ['products', 'show', 'nothing', '--json']);
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(JSON.parse(ran.err)).toMatchObject({ code: 'not-found', status: 404 });
});

it('2: arguments that cannot be used', async () => {
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

it('3: nothing answers, or something else does', async () => {
  const other = await serve((_request, response) => void response.end('<html>'));
  expect((await signpost(other.url, ['products', 'list'])).code).toBe(3);
  await other.close();
  const ran = await signpost(other.url, ['products', 'list']);
  expect(ran.code).toBe(3);
  expect(ran.err).toContain('ECONNREFUSED');
});

it('3: a redirect is not followed: the key goes to nobody else', async () => {
  const keys: unknown[] = [];
  const elsewhere = await serve((request, response) => {
    keys.push(request.headers['x-api-key']);
    response.end('{}');
  });
  const redirecting = await serve((_request, response) => {
    response.writeHead(307, { location: elsewhere.url }).end();
  });
  expect((await signpost(redirecting.url, ['products', 'list'])).code).toBe(3);
  expect(keys).toEqual([]);
  await redirecting.close();
  await elsewhere.close();
});

it('4: no credential, or one that is refused', async () => {
  const bad = await signpost(api.url, ['products', 'list', '--key', 'spk_nobody']);
  expect(bad.code).toBe(4);
  const none = { SIGNPOST_API_KEY: undefined, SIGNPOST_DATA_DIR: '/no/such/directory' };
  const ran = await signpost(api.url, ['products', 'list'], { env: none });
  expect(ran).toMatchObject({ code: 4, out: '' });
  expect(ran.err).toContain('SIGNPOST_API_KEY');
});

it('takes the key that an embedded service keeps, for this machine only', async () => {
  const directory = path.join(tempDir(), 'data');
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'admin-key'), `${ADMIN_KEY}\n`);
  const env = { SIGNPOST_API_KEY: undefined, SIGNPOST_DATA_DIR: directory };
  expect((await signpost(api.url, ['products', 'list'], { env })).code).toBe(0);
  const away = await signpost('https://signpost.example', ['products', 'list'], { env });
  expect(away.code).toBe(4);
});
