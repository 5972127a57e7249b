import { routesByPath } from '../../../src/api/http/methods';
import type { Route } from '../../../src/api/http/route';
import { startTestApi, type TestApi } from '../../support/api';

/** Methods and paths that are no call of the API. */
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const OTHERS = ['PUT', 'PATCH', 'DELETE', 'OPTIONS'];

it('every path with a fixed last segment refuses other methods, though another path has a parameter there', async () => {
  const paths = [...new Set(api.routes.map(({ path }) => path))];
  for (const path of paths.filter((one) => !one.includes(':'))) {
    const methods = api.routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase());
    const other = ['GET', 'PUT', 'PATCH'].find((method) => !methods.includes(method))!;
    const { status, body, headers } = await api.call(other, path);
    expect([path, other, status, body.code]).toEqual([path, other, 405, 'method-not-allowed']);
    expect(headers.get('allow')).toBe(methods.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : one)).join(', '));
  }
});

it.each(['/v1/notifications/retry', '/v1/events/batch'])('GET %s is 405 and allows POST', async (path) => {
  for (const key of [undefined, null]) {
    const { status, headers } = await api.call('GET', path, { key });
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
  }
});

it('HEAD works wherever GET does, and Allow names it', async () => {
  for (const path of ['/healthz', '/v1/products', '/docs', '/openapi.json']) {
    expect((await api.call('HEAD', path)).status).toBe(200);
    expect((await api.call('PUT', path)).headers.get('allow')).toContain('HEAD');
  }
});

it.each(['/docs', '/docs/errors', '/docs/start.js', '/docs/assets/swagger-ui.css', '/secret', '/secret/page.css'])(
  '%s refuses other methods with 405',
  async (path) => {
    for (const method of OTHERS) {
      const { status, body, headers } = await api.call(method, path);
      expect([method, status, body.code]).toEqual([method, 405, 'method-not-allowed']);
      expect(headers.get('allow')).toBe(path === '/secret' ? 'GET, HEAD, POST' : 'GET, HEAD');
    }
  },
);

it('serves of Swagger UI only what the reference page uses', async () => {
  for (const file of ['index.html', 'package.json', 'swagger-initializer.js', 'oauth2-redirect.html', 'index.js', ''])
    expect((await api.call('GET', `/docs/assets/${file}`)).status).toBe(404);
  expect((await api.call('GET', '/docs/assets/swagger-ui-bundle.js')).status).toBe(200);
});

it('puts paths with a fixed segment before those with a parameter, and keeps the order of others', () => {
  const routes = ['/b', '/b/:id', '/a/:id', '/a/x', '/a/:id/y', '/a/x/:id'].map(
    (path) => ({ path, method: 'get' }) as Route,
  );
  expect(routesByPath(routes).map(([path]) => path)).toEqual([
    '/b',
    '/a/x',
    '/a/x/:id',
    '/b/:id',
    '/a/:id',
    '/a/:id/y',
  ]);
});
