import { setMaxListeners } from 'node:events';
import net from 'node:net';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, type HttpClient, type HttpRequest } from '../../src/delivery/http-client';
import {
  endlessBody,
  endlessHeaders,
  endlessInterim,
  hangUp,
  reset,
  responding,
  silence,
  stalledBody,
  startRawServer,
  type Behaviour,
} from '../support/raw-server';
import { startReceiver } from '../support/receiver';

let client: HttpClient;
beforeEach(() => {
  client = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8']) });
});
afterEach(() => client.close());

const send = (request: Partial<HttpRequest> & { url: string }) =>
  client.send({ method: 'POST', headers: {}, body: '{"card":"4111"}', timeoutMs: 10_000, ...request });

/** Sends a request to a raw server with this behaviour. */
async function sendTo(behave: Behaviour, request: Partial<HttpRequest> = {}, options: { tls?: boolean } = {}) {
  const server = await startRawServer(behave, options);
  try {
    return { ...(await send({ url: server.url('/hook?token=hidden'), ...request })), connections: server.connections };
  } finally {
    await server.close();
  }
}

/** A port without a listener. */
async function closedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('error classes of the HTTP client', () => {
  it('reports dns if the name does not resolve', async () => {
    // A label of more than 63 characters fails without a network request.
    const { error, response } = await send({ url: `http://${'a'.repeat(64)}.invalid/` });
    expect(response).toBeNull();
    expect(error).toEqual({
      class: 'dns',
      message: expect.stringMatching(/^the host name does not resolve \(E\w+\)$/),
    });
  });

  it('reports connect if nothing listens', async () => {
    const { error } = await send({ url: `http://127.0.0.1:${await closedPort()}/` });
    expect(error).toEqual({ class: 'connect', message: 'connection refused' });
  });

  it('reports connect if nothing listens on any address of the name', async () => {
    const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
    const guard = createAddressGuard(['127.0.0.0/8'], (_hostname, callback) => callback(null, addresses));
    const several = createHttpClient({ guard });
    const url = `http://several.test:${await closedPort()}/`;
    const { error } = await several.send({ url, method: 'POST', headers: {}, timeoutMs: 10_000 });
    await several.close();
    expect(error).toEqual({ class: 'connect', message: 'connection refused' });
  });

  it.each([
    ['resets the connection', reset],
    ['closes the connection', hangUp],
    ['closes the connection within the headers', ((socket) => socket.end('HTTP/1.1 200 OK\r\nx-a: ')) as Behaviour],
  ])('reports connect if the receiver %s', async (_what, behave) => {
    const { error, response } = await sendTo(behave);
    expect(response).toBeNull();
    expect(error).toEqual({ class: 'connect', message: 'the connection was closed before a response' });
  });

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a status line without a number', 'HTTP/1.1 OK\r\n\r\n'],
  ])('reports connect if the receiver sends %s', async (_what, response) => {
    const { error } = await sendTo(responding(response));
    expect(error).toEqual({ class: 'connect', message: 'the response is not valid HTTP' });
  });

  it('reports connect if the receiver switches to another protocol', async () => {
    const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
    const { error } = await sendTo(responding(upgrade));
    expect(error).toEqual({ class: 'connect', message: 'the response was an unexpected interim response' });
  });

  it('reports connect if the receiver closes the connection after an interim response', async () => {
    const { error } = await sendTo((socket) => void socket.end('HTTP/1.1 100 Continue\r\n\r\n'));
    expect(error).toEqual({ class: 'connect', message: 'the connection was closed before a response' });
  });

  it('reports tls if the receiver does not speak TLS', async () => {
    const server = await startRawServer(responding('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const { error } = await send({ url: `https://127.0.0.1:${server.port}/` });
    await server.close();
    expect(error).toEqual({ class: 'tls', message: expect.stringMatching(/^the TLS connection failed \(\w+\)$/) });
  });

  it('reports timeout if no response arrives', async () => {
    const { error, response } = await sendTo(silence, { timeoutMs: 1000 });
    expect(response).toBeNull();
    expect(error).toEqual({ class: 'timeout', message: 'no response within 1 s' });
  });

  it('reports timeout if the TLS handshake gets no answer', async () => {
    const server = await startRawServer(silence);
    const { error } = await send({ url: `https://127.0.0.1:${server.port}/`, timeoutMs: 200 });
    await server.close();
    expect(error).toEqual({ class: 'timeout', message: 'no connection within 0.2 s' });
  });

  it.each(['100', '103'])('gives up on interim responses %s without end, long before the timeout', async (status) => {
    const { error, response } = await sendTo((socket) => endlessInterim(socket, status), { timeoutMs: 30_000 });
    expect(response).toBeNull();
    expect(error?.class).toBe('response-too-large');
  });

  it.each(['099', '1000'])('does not take the status %s for an interim one', async (status) => {
    const { error } = await sendTo(responding(`HTTP/1.1 ${status} X\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`));
    expect(error).not.toBeNull();
  });

  it('reports timeout if the headers arrive one byte at a time', async () => {
    let drip: NodeJS.Timeout | undefined;
    const { error } = await sendTo(
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
        drip = setInterval(() => socket.write('a'), 20);
      },
      { timeoutMs: 1000 },
    );
    clearInterval(drip);
    expect(error).toEqual({ class: 'timeout', message: 'no response within 1 s' });
  });

  it('reports timeout if the receiver stops reading the request', async () => {
    const { error } = await sendTo((socket) => socket.pause(), { timeoutMs: 300, body: 'x'.repeat(20_000_000) });
    expect(error?.class).toBe('timeout');
  });

  it('reports dns if the name server does not answer within the timeout', async () => {
    const deaf = createHttpClient({ guard: createAddressGuard([], () => undefined) });
    const { error } = await deaf.send({ url: 'http://deaf.test/', method: 'POST', headers: {}, timeoutMs: 100 });
    expect(error).toEqual({ class: 'dns', message: 'the name servers did not answer within 0.1 s' });
    await deaf.close();
  });

  it.each(['http://10.0.0.1/', 'http://[::1]/', 'http://0xa9fea9fe/latest/meta-data/', 'https://127.0.0.1:22/'])(
    'reports blocked for the internal address in %s',
    async (url) => {
      const { error, response } = await send({ url });
      expect(response).toBeNull();
      expect(error).toEqual({ class: 'blocked', message: expect.stringMatching(/^(address|port) .* is not allowed$/) });
    },
  );

  it('reports blocked for a name that resolves to the local machine', async () => {
    const receiver = await startReceiver();
    const strict = createHttpClient({ guard: createAddressGuard([]) });
    const url = `http://localhost:${receiver.port}/`;
    const { error } = await strict.send({ url, method: 'POST', headers: {}, timeoutMs: 5000 });
    await strict.close();
    await receiver.close();
    expect(error).toEqual({ class: 'blocked', message: 'localhost has no address that is allowed' });
    expect(receiver.requests).toHaveLength(0);
  });

  it.each([
    ['200', null],
    ['410', { class: 'status', message: 'HTTP 410' }],
  ])('goes by the status, here %s, of a response whose headers have no end', async (status, expected) => {
    const { error, response } = await sendTo((socket) => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      endlessHeaders(socket, status);
    });
    expect(response).toEqual({ status: Number(status), headers: {}, body: '', truncated: true, bodyTruncated: true });
    expect(error).toEqual(expected);
  });

  it('reports response-too-large for an interim response whose headers have no end', async () => {
    const { error, response } = await sendTo((socket) => endlessHeaders(socket, '103'));
    expect(response).toBeNull();
    expect(error).toEqual({ class: 'response-too-large', message: 'the response headers are too large' });
  });

  it('reports internal if the request cannot be written', async () => {
    const { error } = await send({ url: 'http://127.0.0.1:9999/', headers: { 'x-bad': 'a\r\nb' } });
    expect(error).toEqual({ class: 'internal', message: 'the request could not be made (UND_ERR_INVALID_ARG)' });
    expect((await send({ url: 'no url' })).error).toEqual({
      class: 'internal',
      message: 'the request could not be made (ERR_INVALID_URL)',
    });
  });

  it('reports internal if the caller aborts, before or during the request', async () => {
    const abandoned = { class: 'internal', message: 'the request was abandoned' };
    expect((await sendTo(silence, { signal: AbortSignal.abort() })).error).toEqual(abandoned);
    const giveUp = new AbortController();
    expect((await sendTo(() => giveUp.abort(), { signal: giveUp.signal })).error).toEqual(abandoned);
  });

  it('keeps query and payload out of error messages', async () => {
    const results = await Promise.all([
      sendTo(reset),
      sendTo(silence, { timeoutMs: 100 }),
      sendTo(responding('garbage')),
      sendTo((socket) => endlessHeaders(socket, '500')),
      sendTo(responding('HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n')),
    ]);
    const messages = results.map(({ error }) => error!.message).join('\n');
    expect(messages).not.toMatch(/hidden|4111|hook/);
  });
});

describe('response bodies of the HTTP client', () => {
  it('truncates an endless body and reports its status', async () => {
    const { error, response } = await sendTo(endlessBody);
    expect(error).toBeNull();
    expect(response).toMatchObject({ status: 200, truncated: true, body: 'b'.repeat(16_384) });
  });

  it('truncates a stalled body at the deadline and reports its status', async () => {
    const { error, response } = await sendTo(stalledBody, { timeoutMs: 1000 });
    expect(error).toBeNull();
    expect(response).toMatchObject({ status: 200, truncated: true, body: 'hello' });
  });

  it('truncates a stalled body long before a distant deadline', async () => {
    // Jest's own timeout is far shorter than this deadline.
    const { error, response } = await sendTo(stalledBody, { timeoutMs: 600_000 });
    expect(error).toBeNull();
    expect(response).toMatchObject({ status: 200, truncated: true, body: 'hello' });
  });

  it('keeps the part of an interrupted body that arrived', async () => {
    const { error, response } = await sendTo((socket) =>
      socket.end('HTTP/1.1 503 Unavailable\r\ncontent-length: 100\r\n\r\nbusy'),
    );
    expect(error).toEqual({ class: 'status', message: 'HTTP 503' });
    expect(response).toMatchObject({ truncated: true, body: 'busy' });
  });
});

it('reconnects after failed connections', async () => {
  let failures = 2;
  const server = await startRawServer((socket) => {
    if (failures-- > 0) socket.resetAndDestroy();
    else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  });
  const outcomes = [];
  for (let i = 0; i < 3; i++) outcomes.push((await send({ url: server.url() })).error?.class ?? 'delivered');
  await server.close();
  expect(outcomes).toEqual(['connect', 'connect', 'delivered']);
});

it('answers a fast request while 100 slow ones to the same origin are in flight', async () => {
  const receiver = await startReceiver();
  receiver.answerWith((request) => (request.path === '/slow' ? new Promise<never>(() => undefined) : { status: 200 }));
  const giveUp = new AbortController();
  setMaxListeners(0, giveUp.signal);
  const slow = Array.from({ length: 100 }, () => send({ url: receiver.url('/slow'), signal: giveUp.signal }));
  await receiver.waitFor(100);
  expect((await send({ url: receiver.url('/fast') })).error).toBeNull();
  giveUp.abort();
  await Promise.all(slow);
  await receiver.close();
});
