import { setTimeout as delay } from 'node:timers/promises';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, parseRetryAfter, type HttpClient } from '../../src/delivery/http-client';
import { startRawServer } from '../support/raw-server';

let client: HttpClient;
beforeEach(() => {
  client = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8']) });
});
afterEach(() => client.close());

/** Sends two requests to a receiver that gives this response to each. */
async function answerTo(response: string) {
  const server = await startRawServer((socket) => {
    socket.on('data', () => socket.write(response, 'latin1'));
    socket.write(response, 'latin1');
  });
  const request = { url: server.url(), method: 'POST', headers: {}, timeoutMs: 3000 } as const;
  const result = await client.send(request);
  // Time for the connection to become idle.
  await delay(20);
  const second = await client.send(request);
  await server.close();
  return { ...result, second, connections: server.connections };
}

describe('Retry-After on the wire', () => {
  const now = new Date('1994-11-06T08:48:37Z');

  it.each([
    ['blanks after the value', 'retry-after: 120 \t ', 120],
    ['two lines', 'retry-after: 120\r\nretry-after: 240', 240],
    ['two lines, the longer wait first', 'retry-after: 240 \r\nx-a: b\r\nretry-after: 120', 240],
    ['seconds and a date', 'retry-after: 30\r\nretry-after: Sun, 06 Nov 1994 08:49:37 GMT', 60],
    ['an invalid line and a valid one', 'retry-after: soon\r\nretry-after: 90', 90],
    ['a line that is no header before it', 'x-odd\r\nretry-after: 120', 120],
  ])('is read with %s', async (_what, lines, seconds) => {
    const { response } = await answerTo(`HTTP/1.1 503 Busy\r\n${lines}\r\ncontent-length: 0\r\n\r\n`);
    expect(response!.status).toBe(503);
    expect(parseRetryAfter(response!.headers['retry-after'], now)).toBe(seconds);
  });
});

it('removes the blanks after the value of a header', async () => {
  const { response } = await answerTo('HTTP/1.1 200 OK\r\nx-a: a b \t\r\nx-b: \t \r\ncontent-length: 0\r\n\r\n');
  expect(response!.headers).toMatchObject({ 'x-a': 'a b', 'x-b': '' });
});

describe('an odd line in the headers', () => {
  it.each([
    ['a folded value', 'x-odd: a \r\n \t b\r\n\tc', { 'x-odd': 'a b c' }],
    ['a folded value whose last byte is like a blank', 'x-odd: a\r\n \xc3\xa0', { 'x-odd': 'a \xc3\xa0' }],
    ['a folded line directly after the status line', ' x-odd: a', {}],
    ['a line without a colon', 'x-odd', {}],
    ['a line without a name', ': x-odd', {}],
    ['a blank before the colon', 'x-odd : a\r\n b', {}],
    ['a blank in the name', 'x odd: a', {}],
    ['a NUL', 'x-odd: a\0b', {}],
    ['a carriage return', 'x-odd: a\rb', {}],
  ])('loses neither the other headers nor the body nor the connection: %s', async (_what, odd, expected) => {
    const { response, error, second, connections } = await answerTo(
      `HTTP/1.1 200 OK\r\n${odd}\r\nx-other: \xe4\r\ncontent-length: 2\r\n\r\nok`,
    );
    expect(error).toBeNull();
    expect(response).toMatchObject({ status: 200, body: 'ok', truncated: false });
    expect(response!.headers).toEqual({ ...expected, 'x-other': expect.any(String), 'content-length': '2' });
    expect(second.response).toEqual(response);
    expect(connections).toBe(1);
  });

  it('are repaired within the timeout, however often a value is folded', async () => {
    const { error } = await answerTo(`HTTP/1.1 200 OK\r\nx-odd:${'\n a'.repeat(4000)}\r\ncontent-length: 0\r\n\r\n`);
    expect(error).toBeNull();
  });

  it.each([
    ['200', null],
    ['503', { class: 'status', message: 'HTTP 503' }],
  ])('does not lose the status %s either if the headers are too large to repair', async (status, expected) => {
    const big = `x-big: ${'a'.repeat(1000)}\r\n`.repeat(30);
    const server = await startRawServer((socket) => {
      socket.write(`HTTP/1.1 ${status} X\r\n${big}`);
      setTimeout(() => socket.write('x-odd\r\ncontent-length: 2\r\n\r\nok'), 50);
    });
    const result = await client.send({ url: server.url(), method: 'POST', headers: {}, timeoutMs: 3000 });
    await server.close();
    expect(result).toMatchObject({ error: expected, response: { status: Number(status), body: '', truncated: true } });
  });
});

describe('headers that leave open where the body ends', () => {
  it.each([
    ['two lengths', 'content-length: 2\r\ncontent-length: 3'],
    ['two lengths in a list', 'content-length: 2, 3'],
    ['a length and a transfer coding', 'content-length: 2\r\ntransfer-encoding: chunked'],
    ['a length that is no number', 'content-length: two'],
    ['a blank before the colon of the length', 'content-length : 2'],
    ['a folded length', 'content-length:\r\n 2'],
    ['a folded transfer coding', 'transfer-encoding: gzip,\r\n chunked'],
    ['a length hidden behind a carriage return', 'x-odd: a\rcontent-length: 2'],
  ])('leave the status, and close the connection: %s', async (_what, lines) => {
    for (const [status, error] of [
      ['200', null],
      ['410', { class: 'status', message: 'HTTP 410' }],
    ] as const) {
      const result = await answerTo(`HTTP/1.1 ${status} X\r\n${lines}\r\n\r\nok`);
      expect(result).toMatchObject({
        error,
        response: { status: Number(status), headers: {}, body: '', truncated: true },
        connections: 2,
      });
    }
  });
});

describe('what is no status line', () => {
  it.each([
    'HTTP/1.1 000 X\r\n\r\n',
    'HTTP/1.1 099 X\r\ncontent-length: 0\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 001 X\r\n\r\n',
    'SSH-2.0-x\r\n',
    'SSH',
    'HTTP/1.1 2\r\n',
    'HTTP/2.0 000 X\r\n\r\n',
    'HTTP/3.0 200 OK\r\n\r\n',
    '220 ready\r\n',
  ])('is not valid HTTP, and is not waited for: %j', async (response) => {
    // Otherwise the request would end by its timeout.
    const { error } = await answerTo(response);
    expect(error).toEqual({ class: 'connect', message: 'the response is not valid HTTP' });
  });

  it('is not seen in the first bytes of one', async () => {
    const response = 'HTTP/1.1 204 No Content\r\n\r\n';
    const server = await startRawServer((socket) => {
      let sent = 0;
      const timer = setInterval(() => {
        socket.write(response[sent++]!);
        if (sent === response.length) clearInterval(timer);
      }, 5);
    });
    const result = await client.send({ url: server.url(), method: 'POST', headers: {}, timeoutMs: 5000 });
    await server.close();
    expect(result).toMatchObject({ error: null, response: { status: 204 } });
  });
});
