import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, type HttpClient } from '../../src/delivery/http-client';
import { startRawServer, type RawServer } from '../support/raw-server';

let client: HttpClient;
let server: RawServer | undefined;
beforeEach(() => {
  client = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8']) });
});
afterEach(async () => {
  await client.close();
  await server?.close();
  server = undefined;
});

/** Answers two requests over one connection, in pieces. */
async function answersTo(response: string, pieceBytes = 10_000) {
  server = await startRawServer((socket) => {
    const respond = async () => {
      for (let sent = 0; sent < response.length; sent += pieceBytes) {
        socket.write(response.slice(sent, sent + pieceBytes));
        await setImmediate();
      }
    };
    socket.on('data', () => void respond());
    void respond();
  });
  const request = { url: server.url(), method: 'POST', headers: {}, timeoutMs: 5000 } as const;
  const first = await client.send(request);
  // Time for the connection to become idle.
  await delay(20);
  return [first, await client.send(request)];
}

describe('a Content-Length that is repeated', () => {
  it.each([
    ['in two lines', 'content-length: 2\r\ncontent-length: 2'],
    [
      'in three lines with others between',
      'content-length: 2\r\nx-a: b\r\nContent-Length:2\r\nx-c: d\r\nCONTENT-LENGTH: 2 ',
    ],
    ['in a list', 'content-length: 2, 2'],
  ])('with the same value counts as one: %s', async (_what, lines) => {
    const response = `HTTP/1.1 200 OK\r\n${lines}\r\nx-last: yes\r\n\r\nok`;
    for (const pieceBytes of [10_000, 5]) {
      for (const result of await answersTo(response, pieceBytes))
        expect(result).toMatchObject({
          error: null,
          response: { status: 200, body: 'ok', headers: { 'x-last': 'yes' } },
        });
      expect(server!.connections).toBe(1);
      await server!.close();
    }
  });

  it.each(['content-length: 2\r\ncontent-length: 3', 'content-length: 2, 3'])(
    'with different values leaves only the status: %j',
    async (lines) => {
      for (const result of await answersTo(`HTTP/1.1 200 OK\r\n${lines}\r\n\r\nok`))
        expect(result).toMatchObject({
          error: null,
          response: { status: 200, headers: {}, body: '', truncated: true },
        });
    },
  );

  it('in the body is left alone', async () => {
    const body = '\r\ncontent-length: 1\r\ncontent-length: 1\r\n';
    const [result] = await answersTo(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    expect(result).toMatchObject({ error: null, response: { body } });
  });
});

it('headers of more than 16 KiB that arrive in pieces are passed on before they are complete', async () => {
  const response = `HTTP/1.1 200 OK\r\nx-big: ${'a'.repeat(20_000)}\r\ncontent-length: 2\r\n\r\nok`;
  for (const result of await answersTo(response, 900))
    expect(result).toMatchObject({ error: null, response: { status: 200, body: 'ok', truncated: true } });
});
