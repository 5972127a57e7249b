import net from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { LookupAddress } from 'node:dns';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, type HttpClient, type HttpRequest } from '../../src/delivery/http-client';
import { startRawServer, responding, TEST_CERTIFICATE } from '../support/raw-server';
import { startReceiver, type Receiver } from '../support/receiver';

const LOOPBACK = createAddressGuard(['127.0.0.0/8']);

let receiver: Receiver;
let client: HttpClient;
beforeEach(async () => {
  receiver = await startReceiver();
  client = createHttpClient({ guard: LOOPBACK });
});
afterEach(async () => {
  await client.close();
  await receiver.close();
});

const send = (request: Partial<HttpRequest> & { url: string }, through = client) =>
  through.send({ method: 'POST', headers: {}, timeoutMs: 10_000, ...request });

describe('requests of the HTTP client', () => {
  it('sends method, path, query, headers and body as given', async () => {
    const result = await send({
      url: receiver.url('/hook%20me/?a=1&b=%C3%A9#part'),
      headers: { 'content-type': 'application/json', 'webhook-id': 'evt_1' },
      body: '{"é":1}',
    });
    expect(result).toMatchObject({ error: null, response: { status: 200, truncated: false } });
    expect(receiver.requests).toEqual([
      expect.objectContaining({ method: 'POST', path: '/hook%20me/?a=1&b=%C3%A9', body: '{"é":1}' }),
    ]);
    expect(receiver.requests[0]!.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'evt_1' });
  });

  it('sends as many requests to one origin as it is asked to, and lets none wait for a connection', async () => {
    const count = 600;
    let release: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (release = resolve));
    receiver.answerWith(async () => {
      if (receiver.requests.length === count) release();
      await all;
      return { status: 200 };
    });
    const results = await Promise.all(
      Array.from({ length: count }, () => send({ url: receiver.url(), timeoutMs: 60_000 })),
    );
    expect(results.filter(({ error }) => error === null)).toHaveLength(count);
  });

  it.each(['GET', 'PUT'] as const)('sends a request with method %s', async (method) => {
    await send({ url: receiver.url(), method });
    expect(receiver.requests[0]).toMatchObject({ method, body: '' });
  });

  it('reports the start, the end and the duration of a request', async () => {
    const { startedAt, finishedAt, durationMs } = await send({ url: receiver.url() });
    expect(durationMs).toBeGreaterThan(0);
    // Dates have millisecond precision.
    expect(Math.abs(finishedAt.getTime() - startedAt.getTime() - durationMs)).toBeLessThanOrEqual(1);
  });

  it.each([
    ['reuses the connection after reading a body to its end', 60_000, 1],
    ['closes the connection instead of reading a large body to its end', 5_000_000, 3],
  ])('%s', async (_what, bodyBytes, connections) => {
    const ports = new Set<number>();
    receiver.answerRaw((request, response) => {
      ports.add(request.socket.remotePort!);
      response.end('x'.repeat(bodyBytes));
    });
    for (let i = 0; i < 3; i++) {
      await send({ url: receiver.url() });
      // The connection becomes free shortly after the response is complete.
      await setImmediate();
    }
    expect(ports.size).toBe(connections);
  });

  it('ignores proxies from the environment', async () => {
    const proxy = await startReceiver();
    const before = { ...process.env };
    Object.assign(process.env, { HTTP_PROXY: proxy.url(), http_proxy: proxy.url(), NODE_USE_ENV_PROXY: '1' });
    const proxied = createHttpClient({ guard: LOOPBACK });
    try {
      expect((await send({ url: receiver.url() }, proxied)).error).toBeNull();
    } finally {
      process.env = before;
      await proxied.close();
      await proxy.close();
    }
    expect(receiver.requests).toHaveLength(1);
    expect(proxy.requests).toHaveLength(0);
  });
});

describe('responses of the HTTP client', () => {
  it.each([200, 201, 202, 204, 299])('reports status %d as success', async (status) => {
    receiver.answerWith(status);
    await expect(send({ url: receiver.url() })).resolves.toMatchObject({ error: null, response: { status } });
  });

  it.each([300, 304, 400, 404, 410, 429, 500, 503, 599])('reports status %d as an error', async (status) => {
    receiver.answerWith(status);
    await expect(send({ url: receiver.url() })).resolves.toMatchObject({
      error: { class: 'status', message: `HTTP ${status}` },
      response: { status },
    });
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirect with status %d', async (status) => {
    receiver.answerWith({ status, headers: { location: receiver.url('/elsewhere') } });
    await expect(send({ url: receiver.url('/hook') })).resolves.toMatchObject({ error: { class: 'status' } });
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/hook']);
  });

  it('lowercases response headers and joins repeated ones', async () => {
    receiver.answerRaw((_request, response) => {
      response.setHeader('X-Trace', ['one', 'two']).setHeader('Retry-After', '7').writeHead(503).end('busy');
    });
    const { response } = await send({ url: receiver.url() });
    expect(response).toMatchObject({ body: 'busy', headers: { 'x-trace': 'one, two', 'retry-after': '7' } });
  });

  it('keeps 16 KiB of response headers, and Retry-After wherever it is', async () => {
    const headers = { 'x-first': 'a'.repeat(12_000), 'x-second': 'b'.repeat(12_000), 'retry-after': '7' };
    receiver.answerRaw((_request, response) => void response.writeHead(503, headers).end('busy'));
    const { response } = await send({ url: receiver.url() });
    expect(response).toMatchObject({ status: 503, body: 'busy', truncated: true });
    expect(response!.headers).toMatchObject({ 'x-first': headers['x-first'], 'retry-after': '7' });
    expect(response!.headers).not.toHaveProperty('x-second');
  });

  it('keeps a body of exactly 16 KiB', async () => {
    receiver.answerWith({ status: 200, body: 'a'.repeat(16_384) });
    const { response } = await send({ url: receiver.url() });
    expect(response).toMatchObject({ truncated: false, body: 'a'.repeat(16_384) });
  });

  it.each([16_385, 50_000, 5_000_000])('truncates a body of %d bytes to 16 KiB and marks it', async (size) => {
    receiver.answerWith({ status: 200, body: 'a'.repeat(size) });
    const { response, error } = await send({ url: receiver.url() });
    expect(error).toBeNull();
    expect(response).toMatchObject({ truncated: true, body: 'a'.repeat(16_384) });
  });

  it('replaces NUL and invalid UTF-8 in a body', async () => {
    receiver.answerRaw((_request, response) => response.end(Buffer.from([0x61, 0x00, 0xff, 0xc3, 0xa9, 0xc3])));
    const { response } = await send({ url: receiver.url() });
    expect(response?.body).toBe('a\ufffd\ufffdé\ufffd');
  });

  const interim = ['103 Early Hints\r\nlink: </a>', '102 Processing', '100 Continue', '199 Other'];
  const answer = `${interim.map((each) => `HTTP/1.1 ${each}\r\n\r\n`).join('')}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok`;

  it.each([1, 7, 1000])('skips interim responses that arrive in pieces of %d bytes', async (size) => {
    const server = await startRawServer((socket) => {
      const respond = async () => {
        for (let sent = 0; sent < answer.length; sent += size) {
          socket.write(answer.slice(sent, sent + size));
          await setImmediate();
        }
      };
      socket.on('data', () => void respond());
      void respond();
    });
    const results = [await send({ url: server.url() }), await send({ url: server.url() })];
    await server.close();
    for (const result of results) expect(result).toMatchObject({ error: null, response: { status: 200, body: 'ok' } });
  });
});

describe('addresses of the HTTP client', () => {
  /** Answers each lookup with the next list of addresses. */
  function resolver(...answers: string[][]) {
    const asked: string[] = [];
    const resolve = (hostname: string, callback: (error: null, addresses: LookupAddress[]) => void) => {
      const addresses = answers[Math.min(asked.length, answers.length - 1)]!;
      asked.push(hostname);
      callback(
        null,
        addresses.map((address) => ({ address, family: net.isIP(address) })),
      );
    };
    return { asked, resolve };
  }

  it('resolves a name once and connects to the checked address', async () => {
    const { asked, resolve } = resolver(['127.0.0.1'], ['10.0.0.1']);
    const pinned = createHttpClient({ guard: createAddressGuard(['127.0.0.1/32'], resolve) });
    const result = await send({ url: `http://rebinding.test:${receiver.port}/hook` }, pinned);
    await pinned.close();
    expect(result.error).toBeNull();
    expect(asked).toEqual(['rebinding.test']);
    expect(receiver.requests[0]!.headers.host).toBe(`rebinding.test:${receiver.port}`);
  });

  it('checks the addresses again for each connection, against DNS rebinding', async () => {
    // 127.0.0.2 stands for an internal address. The receiver would answer there.
    const inside = await startRawServer(
      responding('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'),
    );
    const { resolve } = resolver(['127.0.0.1'], ['127.0.0.2']);
    const pinned = createHttpClient({ guard: createAddressGuard(['127.0.0.1/32'], resolve) });
    const url = `http://rebinding.test:${inside.port}/`;
    expect((await send({ url }, pinned)).error).toBeNull();
    expect((await send({ url }, pinned)).error).toEqual({
      class: 'blocked',
      message: 'rebinding.test has no address that is allowed',
    });
    await pinned.close();
    await inside.close();
    expect(inside.connections).toBe(1);
  });

  it.each([
    [['127.0.0.1', '::1'], null],
    [['10.0.0.1', '127.0.0.1'], { class: 'blocked', message: 'mixed.test has an address that is not allowed' }],
  ])('connects to a name with the addresses %j: %j', async (addresses, error) => {
    const { resolve } = resolver(addresses);
    const pinned = createHttpClient({ guard: createAddressGuard(['127.0.0.1/32'], resolve) });
    const result = await send({ url: `http://mixed.test:${receiver.port}/` }, pinned);
    await pinned.close();
    expect(result.error).toEqual(error);
  });
});

describe('TLS in the HTTP client', () => {
  const answer = responding('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
  const resolve = (_hostname: string, callback: (error: null, addresses: LookupAddress[]) => void) =>
    callback(null, [{ address: '127.0.0.1', family: 4 }]);
  const guard = createAddressGuard(['127.0.0.0/8'], resolve);

  it('checks the certificate against the host name in the URL', async () => {
    const server = await startRawServer(answer, { tls: true });
    const trusting = createHttpClient({ guard, certificateAuthorities: TEST_CERTIFICATE });
    const named = await send({ url: `https://receiver.test:${server.port}/` }, trusting);
    const misnamed = await send({ url: `https://other.test:${server.port}/` }, trusting);
    await trusting.close();
    await server.close();
    expect(named).toMatchObject({ error: null, response: { body: 'ok' } });
    expect(misnamed.error).toEqual({
      class: 'tls',
      message: 'the TLS connection failed (ERR_TLS_CERT_ALTNAME_INVALID)',
    });
  });

  it('refuses a certificate of an unknown authority', async () => {
    const server = await startRawServer(answer, { tls: true });
    const result = await send({ url: server.url() });
    await server.close();
    expect(result).toMatchObject({
      response: null,
      error: { class: 'tls', message: 'the TLS connection failed (DEPTH_ZERO_SELF_SIGNED_CERT)' },
    });
  });
});

describe('closing the HTTP client', () => {
  it('waits for requests in flight and refuses new ones', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    receiver.answerWith(async () => {
      await released;
      return { status: 200, body: 'late' };
    });
    const closing = createHttpClient({ guard: LOOPBACK });
    const order: string[] = [];
    const request = send({ url: receiver.url() }, closing).then((result) => {
      order.push('answered');
      return result;
    });
    await receiver.waitFor(1);
    const closed = closing.close().then(() => order.push('closed'));
    release();
    expect(await request).toMatchObject({ error: null, response: { body: 'late' } });
    await closed;
    expect(order).toEqual(['answered', 'closed']);
    expect((await send({ url: receiver.url() }, closing)).error?.class).toBe('internal');
  });
});
