import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import express from 'express';
import { UI_PATHS, webUi } from '../../../src/api/pages/web-ui';

const ROOT = path.join(__dirname, '..', '..', '..');
const BUILT = path.join(ROOT, 'dist', 'web');
const FIRST_LOAD_LIMIT_BYTES = 250_000;

let servers: Server[] = [];
afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
});

async function serve(directory: string): Promise<string> {
  const app = express().use(webUi(directory));
  const server = createServer(app);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it.each(UI_PATHS.flatMap((segment) => [`/${segment}`, ...(segment === '' ? [] : [`/${segment}/sub_1`])]))(
  'serves the page of the web UI for %s, with a policy that allows no other origin',
  async (route) => {
    const url = await serve(BUILT);
    const response = await fetch(url + route);
    expect(response.status).toBe(200);
    const nonce = /<meta name="csp-nonce" content="([^"]+)"/.exec(await response.text())?.[1];
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(response.headers.get('cache-control')).toBe('no-cache');
  },
);

it('gives every page of the web UI a new nonce', async () => {
  const url = await serve(BUILT);
  const policies = await Promise.all([1, 2].map(async () => (await fetch(url)).headers.get('content-security-policy')));
  expect(policies[0]).not.toBe(policies[1]);
});

it.each([
  ['br', 'br'],
  ['gzip', 'gzip'],
  ['identity', null],
])('serves files of the web UI as %s to clients that accept it, cached permanently', async (accepted, encoding) => {
  const url = await serve(BUILT);
  const script = readdirSync(path.join(BUILT, 'assets')).find((file) => /^index-.*\.js$/.test(file))!;
  const response = await fetch(`${url}/assets/${script}`, { headers: { 'accept-encoding': accepted } });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-encoding')).toBe(encoding);
  expect(response.headers.get('content-type')).toMatch(/javascript/);
  expect(response.headers.get('cache-control')).toContain('immutable');
  expect(await response.text()).toBe(readFileSync(path.join(BUILT, 'assets', script), 'utf8'));
});

it('leaves every other path to the API', async () => {
  const url = await serve(BUILT);
  for (const route of ['/v1/subscriptions', '/nowhere', '/assets/no-such.js', '/assets/../index.html'])
    expect((await fetch(url + route)).status).toBe(404);
});

it('explains how to build the web UI if it is not built', async () => {
  const empty = mkdtempSync(path.join(tmpdir(), 'no-web-'));
  const response = await fetch(await serve(empty));
  expect(response.status).toBe(503);
  expect(await response.text()).toMatch('npm run build');
  rmSync(empty, { recursive: true });
});

it('serves the same paths as the router of the web UI', () => {
  const router = readFileSync(path.join(ROOT, 'web', 'src', 'app.tsx'), 'utf8');
  const paths = [...router.matchAll(/path: '([a-z-]+)/g)].map(([, segment]) => segment);
  // The portal has the same router below a path of its own.
  expect(new Set(['', 'portal', ...paths])).toEqual(new Set(UI_PATHS));
});

it('the first screen of the web UI needs less than 250 kB of compressed JavaScript', () => {
  const page = readFileSync(path.join(BUILT, 'index.html'), 'utf8');
  const files = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, file]) => path.join(BUILT, file!));
  expect(files.length).toBeGreaterThan(0);
  expect(files.every((file) => existsSync(`${file}.gz`))).toBe(true);
  const bytes = files.reduce((sum, file) => sum + statSync(`${file}.gz`).size, 0);
  expect(bytes).toBeLessThan(FIRST_LOAD_LIMIT_BYTES);
});
