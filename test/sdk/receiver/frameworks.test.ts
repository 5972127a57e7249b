import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { receiver, type Delivery } from '../../../sdk/src/receiver';
import { ROOT } from '../packed';
import { signedHeaders } from './sign';

/** Frameworks that nothing else here needs. Kept between runs, and ignored by Git. */
const PACKAGES = ['fastify@5.12.8', 'hono@4.13.19'];
const SECRET = 'shared secret of the receiver';
const BODY = JSON.stringify({ id: 'P-1', type: 'paid.v1', timestamp: 'T', data: { payer: 'Zoë' } });
const INSTALL_TIMEOUT_MS = 240_000;

/** Installs the packages once per working tree. @returns a `require` that finds them */
function installed(): NodeJS.Require {
  const directory = path.join(ROOT, 'test-output', 'frameworks', PACKAGES.join('+'));
  if (!existsSync(directory)) {
    // Under another name until it is complete.
    const installing = `${directory}.${process.pid}`;
    mkdirSync(installing, { recursive: true });
    writeFileSync(path.join(installing, 'package.json'), '{"private":true}');
    const install = ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', ...PACKAGES];
    const options = { cwd: installing, stdio: 'inherit', shell: process.platform === 'win32' } as const;
    expect(spawnSync('npm', install, options).status).toBe(0);
    renameSync(installing, directory);
  }
  return createRequire(path.join(directory, 'package.json'));
}

interface FastifyApp {
  route(options: object): unknown;
  post(path: string, handler: (request: { body: unknown }) => unknown): unknown;
  register(plugin: (instance: never) => Promise<void>): unknown;
  setErrorHandler(
    handler: (
      error: Error,
      request: unknown,
      reply: { code(status: number): { send(body: object): unknown } },
    ) => unknown,
  ): unknown;
  listen(options: { port: number; host: string }): Promise<string>;
  close(): Promise<void>;
}
interface HonoApp {
  all(path: string, handler: (context: { req: { raw: Request } }) => Promise<Response>): unknown;
  onError(handler: (error: Error) => Response): unknown;
  request(path: string, init?: RequestInit): Promise<Response>;
}

let delivered: Delivery[];
let failure: Error | undefined;
const hooks = receiver({ secret: SECRET, maxBodyBytes: 1000 }, (delivery) => {
  if (failure) throw failure;
  delivered.push(delivery);
});
let fastifyApp: FastifyApp;
let send: Record<'Fastify' | 'Hono', (path: string, init?: RequestInit) => Promise<Response>>;

beforeAll(async () => {
  const require = installed();
  const { fastify } = require('fastify') as { fastify(): FastifyApp };
  fastifyApp = fastify();
  fastifyApp.register(hooks.fastify('/hooks'));
  fastifyApp.post('/other', ({ body }) => ({ body }));
  fastifyApp.setErrorHandler((error, _request, reply) => reply.code(500).send({ message: error.message }));
  const url = await fastifyApp.listen({ port: 0, host: '127.0.0.1' });

  const { Hono } = require('hono') as { Hono: new () => HonoApp };
  const hono = new Hono();
  hono.all('/hooks', (context) => hooks.fetch(context.req.raw));
  hono.onError((error) => Response.json({ message: error.message }, { status: 500 }));

  send = {
    Fastify: (target, init) => fetch(url + target, init),
    Hono: async (target, init) => hono.request(`http://receiver${target}`, init),
  };
}, INSTALL_TIMEOUT_MS);
afterAll(() => fastifyApp?.close());
beforeEach(() => {
  delivered = [];
  failure = undefined;
});

describe.each(['Fastify', 'Hono'] as const)('a receiver in an application of %s', (name) => {
  const post = (body: string, signedWith = SECRET) =>
    send[name]('/hooks', {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        ...signedHeaders(signedWith, { body, timestamp: Math.floor(Date.now() / 1000) }),
      },
    });

  it(`${name} passes verified deliveries on with their raw body and answers 204`, async () => {
    expect((await post(BODY)).status).toBe(204);
    expect(delivered).toMatchObject([{ id: 'evt_1', payload: JSON.parse(BODY), rawBody: Buffer.from(BODY) }]);
  });

  it(`${name} answers 401 to other requests, and 413 to a large body`, async () => {
    expect((await post(BODY, 'another secret')).status).toBe(401);
    expect((await post(`"${'x'.repeat(999)}"`)).status).toBe(413);
    expect(delivered).toEqual([]);
  });

  it(`${name} answers challenges`, async () => {
    const response = await send[name]('/hooks?crc_token=token');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ response_token: expect.stringMatching(/^sha256=/) });
  });

  it(`${name} handles an error of the work as its own`, async () => {
    failure = new Error('the work failed');
    const response = await post(BODY);
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ message: 'the work failed' });
  });
});

it('the receiver leaves the parsers of the other routes of Fastify alone', async () => {
  const response = await send.Fastify('/other', {
    method: 'POST',
    body: '{"a":1}',
    headers: { 'content-type': 'application/json' },
  });
  expect(await response.json()).toEqual({ body: { a: 1 } });
});
