import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { startTestApi, type TestApi } from '../../support/api';

/** The document and the reference page as an anonymous caller gets them. */
interface Operation {
  operationId: string;
  tags: string[];
  security?: unknown[];
  parameters: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}

let api: TestApi;
let document: {
  openapi: string;
  info: { title: string; version: string };
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};
let operations: { path: string; method: string; operation: Operation }[];

beforeAll(async () => {
  api = await startTestApi();
  const answer = await api.call('GET', '/openapi.json', { key: null });
  expect(answer.status).toBe(200);
  document = answer.body;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
});
afterAll(() => api?.stop());

/** Every value of `$ref`, at any depth. */
function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : refsIn(inner),
  );
}

it('the OpenAPI document contains exactly the routes', () => {
  const declared = api.routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
  expect(operations.map(({ path, method }) => `${method} ${path}`).sort()).toEqual(declared.sort());
});

it('every route of the OpenAPI document is served', async () => {
  for (const { path, method, operation } of operations) {
    const { status, body } = await api.call(method.toUpperCase(), path.replace(/\{\w+\}/g, 'x'), { key: null });
    if (operation.tags.includes('OAuth') && operation.security) {
      // A caller that requests a token has none yet, and the body of this call is incomplete.
      expect(`${path} ${status} ${body.error}`).toBe(`${path} 400 invalid_request`);
      continue;
    }
    if (path.startsWith('/v1/session/oidc')) {
      // There is no OpenID provider.
      expect(`${path} ${status} ${body.code}`).toBe(`${path} 404 not-found`);
      continue;
    }
    if (path === '/v1/session') {
      // A caller that signs in has no credential in a header, nor has a browser.
      expect({ get: 401, post: 422, delete: 204 }[method]).toBe(status);
      continue;
    }
    expect(`${method} ${path} ${status} ${body.code}`).toBe(
      operation.security ? `${method} ${path} 200 undefined` : `${method} ${path} 401 unauthenticated`,
    );
  }
});

it('every $ref of the OpenAPI document resolves, and every schema is used', () => {
  const refs = new Set(refsIn(document));
  for (const ref of refs) expect(Object.keys(document.components.schemas).map(toRef)).toContain(ref);
  for (const name of Object.keys(document.components.schemas)) expect([...refs]).toContain(toRef(name));
});

it('operation ids of the OpenAPI document are unique and valid as function names', () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z0-9]+$/);
});

it('path parameters of the OpenAPI document are exactly the names in the path', () => {
  for (const { path, operation } of operations) {
    const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    for (const { required } of inPath) expect(required).toBe(true);
  }
});

it('every operation of the OpenAPI document declares its responses and tags', () => {
  const tags = document.tags.map(({ name }) => name);
  for (const { operation } of operations) {
    expect(Object.keys(operation.responses).some((status) => /^(2|303)/.test(status))).toBe(true);
    for (const { description } of Object.values(operation.responses)) expect(description).not.toBe('');
    for (const tag of operation.tags) expect(tags).toContain(tag);
  }
});

it('the OpenAPI document declares errors as problems', () => {
  for (const { operation } of operations) {
    for (const [status, { content }] of Object.entries(operation.responses)) {
      if (Number(status) < 400 || operation.operationId === 'getReadyz') continue;
      // RFC 6749 has its own form of errors.
      if (operation.tags.includes('OAuth') && operation.security) continue;
      expect(content).toEqual({ 'application/problem+json': { schema: { $ref: toRef('Problem') } } });
    }
  }
});

it('every schema of the OpenAPI document is a valid JSON Schema of draft 2020-12, as OpenAPI 3.1 requires', () => {
  const ajv = new Ajv2020({ strict: false });
  addFormats(ajv);
  const textOf = (schema: object) => JSON.stringify(schema).replaceAll('"#/components/schemas/', '"components#/$defs/');
  // Compiled once for all that refer to them, and what is the same once, because compiling is slow.
  ajv.addSchema(JSON.parse(textOf({ $defs: document.components.schemas })) as object, 'components');
  const schemas = operations.flatMap(({ operation }) => [
    ...operation.parameters.map(({ schema }) => schema),
    ...Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => schema),
    ...Object.values(operation.responses).flatMap(({ content = {} }) =>
      Object.values(content).map(({ schema }) => schema),
    ),
  ]);
  expect(schemas.length).toBeGreaterThan(100);
  for (const text of new Set(schemas.map(textOf))) expect(() => ajv.compile(JSON.parse(text) as object)).not.toThrow();
});

it('the OpenAPI document has a title, version and description', () => {
  expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Signpost', version: expect.any(String) } });
});

it('the reference page runs no inline script and loads only files of the service', async () => {
  const page = await api.call('GET', '/docs', { key: null });
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  const html = page.body as string;
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)/);
  expect(html).not.toMatch(/\son\w+=/);
  const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url!);
  expect(assets.length).toBeGreaterThanOrEqual(3);
  for (const url of assets) {
    expect(url).toMatch(/^\/[^/]/);
    expect((await api.call('GET', url, { key: null })).status).toBe(200);
  }
});

it('the type of every problem leads to its line on the page of problem codes', async () => {
  const { type } = (await api.call('GET', '/v1/nothing')).body;
  const [path, code] = type.split('#');
  const page = await api.call('GET', path, { key: null });
  expect(page.status).toBe(200);
  expect(page.body).toContain(`id="${code}"`);
});

function toRef(name: string): string {
  return `#/components/schemas/${name}`;
}
