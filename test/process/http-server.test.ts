import type { Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { listen } from '../../src/process/http-server';

/** What a client gets that does not speak HTTP well enough for a handler to see its request. */
let server: Server;
beforeAll(async () => {
  server = await listen((request, response) => void request.resume().on('end', () => response.end('handled')), {
    host: '127.0.0.1',
    port: 0,
  });
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

/** Sends text and reads until the server closes the connection. */
function exchange(text: string): Promise<{ status: number; head: string; body: string }> {
  return new Promise((resolve, reject) => {
    const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      resolve({ status: Number(head.split(' ')[1]), head, body });
    });
  });
}

const MALFORMED = 'GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n';
const HUGE = `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`;
const EXTENSIONS = `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1;${'x'.repeat(20_000)}\r\na\r\n`;

it.each([
  ['a malformed header', MALFORMED, 400, 'invalid-request'],
  ['no HTTP', 'hello\r\n\r\n', 400, 'invalid-request'],
  ['headers that are too large', HUGE, 431, 'headers-too-large'],
  ['chunk extensions that are too large', EXTENSIONS, 413, 'payload-too-large'],
])('answers %s with a problem and closes the connection', async (_, text, status, code) => {
  const answer = await exchange(text);
  expect(answer.status).toBe(status);
  expect(answer.head).toContain('content-type: application/problem+json');
  expect(answer.head).toContain(`content-length: ${answer.body.length}`);
  expect(JSON.parse(answer.body)).toMatchObject({
    status,
    code,
    type: `/docs/errors#${code}`,
    detail: expect.any(String),
  });
});

it('answers a request that takes too long with a problem', async () => {
  server.once('connection', (socket) =>
    setImmediate(() =>
      server.emit('clientError', Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket),
    ),
  );
  const answer = await exchange('GET / HTTP/1.1\r\n');
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([408, 'request-timeout']);
});

it('does not write into a response that is being sent', async () => {
  const slow = await listen((_request, response) => void response.write('first part'), { host: '127.0.0.1', port: 0 });
  const socket = net.connect((slow.address() as AddressInfo).port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString();
    if (answer.includes('first part')) socket.write('nonsense\r\n\r\n');
  });
  socket.on('error', () => undefined);
  socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n');
  await new Promise((resolve) => socket.on('close', resolve));
  expect(answer).toContain('first part');
  expect(answer).not.toContain('problem+json');
  slow.closeAllConnections();
  await new Promise((resolve) => slow.close(resolve));
});

it('handles a request with an expectation that nobody knows', async () => {
  const { status } = await exchange('GET / HTTP/1.1\r\nhost: a\r\nexpect: more\r\nconnection: close\r\n\r\n');
  expect(status).toBe(200);
});
