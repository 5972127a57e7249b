import net from 'node:net';
import { startTestApi, type TestApi } from '../../support/api';

/** Requests that a proxy in front may understand differently than Node does. */
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

function exchange(text: string): Promise<{ status: number; body: string }> {
  const { port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = '', ...body] = answer.split('\r\n\r\n');
      resolve({ status: Number(head.split(' ')[1]), body: body.join('') });
    });
  });
}

it.each([
  ['two Host headers', 'GET /healthz HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n'],
  ['two equal Host headers', 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
  ['two Host headers in HTTP/1.0', 'GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n'],
  [
    'a transfer coding before chunked',
    'POST /oauth/token HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  ],
  ['HTTP/0.9', 'GET /healthz HTTP/0.9\r\n\r\n'],
])('refuses a request with %s', async (_, text) => {
  const { status, body } = await exchange(text);
  expect([status, (JSON.parse(body) as { code: string }).code]).toEqual([400, 'invalid-request']);
});

it.each([
  ['one Host header', 'GET /healthz HTTP/1.1\r\nHost: a\r\nconnection: close\r\n\r\n'],
  ['none in HTTP/1.0', 'GET /healthz HTTP/1.0\r\n\r\n'],
  [
    'a chunked body',
    'POST /oauth/token HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  ],
])('takes a request with %s', async (_, text) => {
  const { body } = await exchange(text);
  expect(body).not.toContain('invalid-request"');
});
