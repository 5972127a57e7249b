import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, type HttpClient, type HttpRequest } from '../../src/delivery/http-client';
import { pause } from '../support/pause';
import { startRawServer, TEST_CERTIFICATE, type RawServer } from '../support/raw-server';
import { useReceiver } from '../support/receiver';

/**
 * The process is paused for longer than a timeout, while the receiver goes on: its answer waits in
 * the socket, or the connection has been made meanwhile.
 */
const TIMEOUT_MS = 300;
const PAUSE_MS = 700;
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody';
const TOKEN = JSON.stringify({ access_token: 't0ken', token_type: 'bearer' });
const receiver = useReceiver();

let client: HttpClient;
let server: RawServer | undefined;
beforeEach(() => {
  const localhost = [{ address: '127.0.0.1', family: 4 }];
  const guard = createAddressGuard(['127.0.0.0/8'], (_hostname, callback) => callback(null, localhost));
  client = createHttpClient({ guard, certificateAuthorities: TEST_CERTIFICATE });
});
afterEach(async () => {
  await client.close();
  await server?.close();
});

/** A server that answers immediately, and then has the process paused. */
async function startPausing(answer: string, options: { tls?: boolean } = {}): Promise<RawServer> {
  server = await startRawServer((socket) => {
    socket.write(answer);
    pause(PAUSE_MS);
  }, options);
  return server;
}

const send = (url: string, more: Partial<HttpRequest> = {}) =>
  client.send({ url, method: 'POST', headers: {}, body: '{}', timeoutMs: TIMEOUT_MS, ...more });

describe('a process that was paused for longer than the timeout', () => {
  it('takes the answer that came meanwhile', async () => {
    const { url } = await startPausing(ANSWER);
    expect(await send(url())).toMatchObject({ error: null, response: { status: 200, body: 'body', truncated: false } });
  });

  it('takes the answer that came over TLS meanwhile', async () => {
    const { port } = await startPausing(ANSWER, { tls: true });
    const result = await send(`https://receiver.test:${port}/`, { timeoutMs: 600 });
    expect(result).toMatchObject({ error: null, response: { status: 200 } });
  });

  it('takes the access token that came meanwhile', async () => {
    const { url } = await startPausing(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${TOKEN.length}\r\n\r\n${TOKEN}`,
    );
    const auth = { type: 'oauth2', tokenUrl: url(), clientId: 'client', clientSecret: 'secret' } as const;
    const result = await send(receiver.url(), { timeoutMs: 600, oauth2: { subscriptionId: 'sub_1', auth } });
    expect(result.error?.message ?? '').not.toMatch(/no access token/);
  });

  it('still reports that the receiver did not answer', async () => {
    const { url } = await startPausing('');
    expect((await send(url())).error).toEqual({ class: 'timeout', message: 'no response within 0.3 s' });
  });

  it('sends over the connection that was made meanwhile, if there is time left for it', async () => {
    const result = send(receiver.url(), { connectMs: 10_000 });
    pause(PAUSE_MS);
    expect(await result).toMatchObject({ error: null });
    expect(receiver.requests).toHaveLength(1);
  });

  it('sends nothing if there is no time left for the answer', async () => {
    const result = send(receiver.url());
    pause(PAUSE_MS);
    expect((await result).error).toEqual({ class: 'timeout', message: 'no connection within 0.3 s' });
    expect(receiver.requests).toHaveLength(0);
  });
});
