import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import express, { type RequestHandler } from 'express';
import { pino } from 'pino';
import { jsonBody } from '../../../src/api/http/json-body';
import { problemHandler } from '../../../src/api/http/problem-response';
import { until } from '../../support/until';

/** How request bodies arrive, on a real connection. */
const LIMIT_BYTES = 100;
let server: Server;
let port: number;
/** The last error, as the handler saw it. */
let lastFailure: unknown;

beforeAll(async () => {
  const app = express();
  const read = jsonBody(LIMIT_BYTES);
  const answer: RequestHandler = async (request, response) => {
    lastFailure = undefined;
    await read(request, response).catch((error: unknown) => {
      lastFailure = error;
      throw error;
    });
    response.json({ read: request.body as unknown });
  };
  app.post('/', answer);
  app.post('/late', (request, _response, next) => void request.on('close', () => next()), answer);
  app.use(problemHandler(pino({ level: 'silent' })));
  server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Sends the chunks, with a Content-Length if `length` is set. */
async function post(chunks: (string | Buffer)[], headers: Record<string, string> = {}) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest(
      { port, host: '127.0.0.1', method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
      resolve,
    );
    request.on('error', reject);
    for (const chunk of chunks) request.write(chunk);
    request.end();
  });
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, body: JSON.parse(text) as { read?: unknown; code?: string } };
}

it('accepts a body in several chunks, split within a character', async () => {
  const whole = Buffer.from('{"name":"Zoë"}');
  const middle = whole.indexOf('ë') + 1;
  expect(await post([whole.subarray(0, middle), whole.subarray(middle)])).toEqual({
    status: 200,
    body: { read: { name: 'Zoë' } },
  });
});

it.each([
  ['a byte order mark', Buffer.from('\ufeff{"a":1}'), {}],
  ['a charset', '{"a":1}', { 'content-type': 'application/json; charset=UTF-8' }],
  ['gzip', gzipSync('{"a":1}'), { 'content-encoding': 'gzip' }],
])('accepts a body with %s', async (_, body, headers) => {
  expect(await post([body], headers)).toEqual({ status: 200, body: { read: { a: 1 } } });
});

it('reads an empty chunked body as an empty object', async () => {
  expect(await post([], { 'transfer-encoding': 'chunked' })).toEqual({ status: 200, body: { read: {} } });
});

it('accepts a body of exactly the limit', async () => {
  const body = `"${'x'.repeat(LIMIT_BYTES - 2)}"`;
  expect((await post([body])).status).toBe(200);
});

it.each([
  ['with a Content-Length', { 'content-length': '5000' }],
  ['without a Content-Length', {}],
])('refuses a body over the limit %s and keeps the connection', async (_, headers) => {
  expect(await post(['"', 'x'.repeat(4998), '"'], headers)).toMatchObject({
    status: 413,
    body: { code: 'payload-too-large' },
  });
  expect(await post([gzipSync(`"${'x'.repeat(5000)}"`)], { 'content-encoding': 'gzip' })).toMatchObject({
    status: 413,
  });
});

it.each(['{', '{"a":}', ' ', 'nul'])('refuses the malformed body %j', async (body) => {
  expect(await post([body])).toMatchObject({ status: 400, body: { code: 'malformed-json' } });
});

it.each([
  ['before the body is complete', '/', 50, '{"a"'],
  ['after the body arrived and before it was read', '/late', 2, '{}'],
])('stops reading if the sender disconnects %s', async (_, path, length, sent) => {
  lastFailure = undefined;
  const socket = connect(port, '127.0.0.1');
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${sent}`,
  );
  setTimeout(() => socket.destroy(), 100);
  await until(
    async () => lastFailure,
    (failure) => failure !== undefined,
  );
  expect(lastFailure).toMatchObject({ code: 'invalid-request' });
});
