import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import express from 'express';
import { UI_PATHS, webUi } from '../../../src/api/pages/web-ui';

const ROOT = path.join(__dirname, '..', '..', '..');
const BUILT = path.join(ROOT, 'dist', 'web');

let servers: Server[] = [];
afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
});

async function serve(directory: string, frameAncestors?: string[]): Promise<string> {
  const app = express().use(webUi(directory, frameAncestors));
  const server = createServer(app);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it.each(UI_PATHS.flatMap((segment) => [`/${segment}`, ...(segment === '' ? [] : [`/${segment}/sub_1`])]))(
  'serves the page of the web UI for %s, with a policy that allows no other origin except for logos in portals',
  async (route) => {
    const url = await serve(BUILT);
    const response = await fetch(url + route);
    expect(response.status).toBe(200);
    const nonce = /<meta name="csp-nonce" content="([^"]+)"/.exec(await response.text())?.[1];
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
    const images = /^\/portal/.test(route) ? "'self' data: https:" : "'self' data:";
    expect(policy).toContain(`img-src ${images};`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy?.replace(/img-src [^;]+/, '')).not.toMatch(/unsafe|https?:|\*/);
    expect(response.headers.get('cache-control')).toBe('no-cache');
  },
);

it('has a browser with a session load the files of a screen in advance, each of which exists', async () => {
  const url = await serve(BUILT);
  const preloaded = async (route: string, cookie?: string) => {
    const page = await (await fetch(url + route, { headers: cookie ? { cookie } : {} })).text();
    return [...page.matchAll(/<link rel="(?:modulepreload|stylesheet)"[^>]* href="([^"]+)"/g)].map(([, file]) => file!);
  };
  const usual = await preloaded('/logs');
  expect(usual.filter((file) => /app|frame|logs/.test(file))).toEqual([]);
  const cookie = 'theme=dark; __Host-signpost_session=x';
  for (const [route, screen] of [
    ['/', /\/overview-/],
    ['/logs', /\/logs-/],
    ['/endpoints', /\/list-/],
    ['/portal/logs', /\/logs-/],
    ['/endpoints/sub_1', /\/app-/],
    ['/sign-in', /\/app-/],
  ] as const) {
    const files = await preloaded(route, cookie);
    expect(files.filter((file) => screen.test(file) && file.endsWith('.js'))).toHaveLength(1);
    expect(files.filter((file) => /\/frame-.*js$/.test(file))).toHaveLength(1);
    expect(new Set(files).size).toBe(files.length);
    for (const file of files) expect([file, (await fetch(url + file)).status]).toEqual([file, 200]);
  }
  expect((await preloaded('/endpoints/sub_1', cookie)).filter((file) => /\/list-/.test(file))).toEqual([]);
});

it('offers every screen of the navigation in advance', () => {
  const preload = JSON.parse(readFileSync(path.join(BUILT, 'preload.json'), 'utf8')) as Record<string, string[]>;
  const screens = UI_PATHS.filter((segment) => !['sign-in', 'portal'].includes(segment)).map(
    (segment) => `/${segment}`,
  );
  expect(Object.keys(preload).sort()).toEqual(['*', ...screens].sort());
});

it.each(['/', '/endpoints', '/endpoints/sub_1', '/assets/index.js', '/favicon.svg'])(
  '%s of the web UI refuses methods other than GET and HEAD with 405',
  async (route) => {
    const url = await serve(BUILT);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const response = await fetch(url + route, { method });
      expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD']);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
    }
  },
);

it('lets the configured sites frame the portal, and no other page of the web UI', async () => {
  const url = await serve(BUILT, ['https://shop.example', 'https://*.shop.example']);
  const ancestors = async (route: string) =>
    /frame-ancestors ([^;]+)/.exec((await fetch(url + route)).headers.get('content-security-policy')!)![1];
  for (const route of ['/portal', '/portal/', '/portal/endpoints/sub_1'])
    expect([route, await ancestors(route)]).toEqual([route, 'https://shop.example https://*.shop.example']);
  for (const route of ['/', '/endpoints', '/sign-in'])
    expect([route, await ancestors(route)]).toEqual([route, "'none'"]);
});

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

it('answers a mistyped address that a person opened with the web UI and 404, and a program with 404 only', async () => {
  const url = await serve(BUILT);
  const open = (route: string, accept: string) => fetch(url + route, { headers: { accept } });
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
  for (const route of ['/nope', '/Endpoints1', '/a/b/c']) {
    const response = await open(route, browser);
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    expect(await response.text()).toContain('<div id="root">');
  }
  for (const [route, accept] of [
    ['/nope', 'application/json'],
    ['/nope', '*/*'],
    ['/v1/nope', browser],
    ['/assets/nope.js', browser],
  ] as const) {
    const response = await open(route, accept);
    expect([route, response.status]).toEqual([route, 404]);
    expect(await response.text()).not.toContain('<div id="root">');
  }
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
