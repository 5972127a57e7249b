import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, type HttpClient, type HttpRequest } from '../../src/delivery/http-client';
import type { OAuth2Auth } from '../../src/domain/private-settings';
import { startOAuthServer, type OAuthServer } from '../support/oauth-server';
import { startReceiver, useReceiver, type Answering, type Receiver } from '../support/receiver';

/** OAuth 2.0 client credentials, with a real authorization server that also checks the tokens. */
let server: OAuthServer;
let shortLived: OAuthServer;
let http: HttpClient;
beforeAll(async () => {
  [server, shortLived] = await Promise.all([startOAuthServer(), startOAuthServer(2)]);
});
afterAll(() => Promise.all([server?.stop(), shortLived?.stop()]));
beforeEach(() => {
  http = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8']) });
});
afterEach(() => http.close());

const receiver = useReceiver();
const send = (auth: OAuth2Auth = server.auth, overrides: Partial<HttpRequest> = {}, subscriptionId = 'sub_1') =>
  http.send({
    url: receiver.url(),
    method: 'POST',
    headers: {},
    timeoutMs: 5000,
    oauth2: { subscriptionId, auth },
    ...overrides,
  });
const tokens = ({ requests }: Receiver = receiver) =>
  requests.map(({ headers }) => headers.authorization!.replace('Bearer ', ''));
/** Accepts only tokens that the server calls valid. */
const checkedBy = (oauth: OAuthServer) => async (request: Receiver['requests'][number]) => ({
  status: (await oauth.isValid(request.headers.authorization!.replace('Bearer ', ''))) ? 200 : 401,
});

describe('an access token', () => {
  it('is one that the server calls valid, and serves until it expires', async () => {
    receiver.answerWith(checkedBy(server));
    for (let n = 0; n < 3; n++) expect(await send()).toMatchObject({ error: null, response: { status: 200 } });
    expect(new Set(tokens()).size).toBe(1);
  });

  it('is requested once for concurrent requests', async () => {
    await Promise.all(Array.from({ length: 20 }, () => send()));
    expect(receiver.requests).toHaveLength(20);
    expect(new Set(tokens()).size).toBe(1);
  });

  it('is taken from a response whose headers are large', async () => {
    const large = await startReceiver();
    large.answerWith({
      status: 200,
      headers: { 'x-big': 'a'.repeat(20_000), 'content-type': 'application/json' },
      body: '{"access_token":"t0ken","token_type":"bearer"}',
    });
    await send({ ...server.auth, tokenUrl: large.url() });
    await large.close();
    expect(tokens()).toEqual(['t0ken']);
  });

  it('belongs to one subscription and its settings', async () => {
    await send();
    await send(server.auth, {}, 'sub_2');
    await send({ ...server.auth, scope: undefined });
    expect(new Set(tokens()).size).toBe(3);
  });

  it('is renewed before it expires', async () => {
    receiver.answerWith(checkedBy(shortLived));
    await send(shortLived.auth);
    await new Promise((resolve) => setTimeout(resolve, 1900));
    expect(await send(shortLived.auth)).toMatchObject({ response: { status: 200 } });
    // The receiver refused none of them.
    expect(receiver.requests).toHaveLength(2);
    expect(new Set(tokens()).size).toBe(2);
  });

  it('is renewed once within the request if the receiver refuses it', async () => {
    receiver.answerWith(checkedBy(server));
    await send();
    await server.revoke(tokens()[0]!);
    expect(await send(undefined, { body: '{"a":1}' })).toMatchObject({ error: null, response: { status: 200 } });
    expect(receiver.requests.map(({ body }) => body)).toEqual(['', '{"a":1}', '{"a":1}']);
    expect(new Set(tokens()).size).toBe(2);
  });

  it('is renewed no more than once, however often the receiver refuses', async () => {
    receiver.answerWith(401);
    expect(await send()).toMatchObject({ error: { class: 'status', message: 'HTTP 401' } });
    expect(receiver.requests).toHaveLength(2);
  });

  it('is masked in a response that echoes it', async () => {
    receiver.answerWith(({ headers }) => ({
      status: 200,
      headers: { 'x-echo': headers.authorization! },
      body: headers.authorization,
    }));
    const { response } = await send();
    expect(response).toMatchObject({ headers: { 'x-echo': 'Bearer ***' }, body: 'Bearer ***' });
  });
});

describe('a failed token request', () => {
  const failure = async (auth: OAuth2Auth, overrides?: Partial<HttpRequest>) => {
    const { response, error } = await send(auth, overrides);
    expect(response).toBeNull();
    expect(receiver.requests).toEqual([]);
    expect(error!.message).not.toContain('canary');
    return error;
  };

  it('names the code of the server for a wrong secret, and no secret', async () => {
    expect(await failure({ ...server.auth, clientSecret: 'canary wrong' })).toEqual({
      class: 'status',
      message: 'no access token: the token server returned HTTP 401 (invalid_client)',
    });
  });

  it('names the code of the server for an unknown scope', async () => {
    expect(await failure({ ...server.auth, scope: 'everything' })).toEqual({
      class: 'status',
      message: 'no access token: the token server returned HTTP 400 (invalid_scope)',
    });
  });

  it('is repeated by the next request', async () => {
    await failure({ ...server.auth, clientSecret: 'canary wrong' });
    expect(await send()).toMatchObject({ response: { status: 200 } });
  });

  it.each<[string, Answering, string, string]>([
    [
      'echoes the secret in an error',
      { status: 400, body: '{"error":"canary","error_description":"canary"}' },
      'status',
      'no access token: the token server returned HTTP 400',
    ],
    ['returns a page', { status: 200, body: '<html>' }, 'status', 'response of the token server is not valid'],
    [
      'redirects',
      { status: 302, headers: { location: 'http://127.0.0.1/' } },
      'status',
      'the token server returned HTTP 302',
    ],
    ['returns no token', json({ token_type: 'bearer' }), 'status', 'response of the token server is not valid'],
    ['returns a token of another type', json({ access_token: 'x', token_type: 'dpop' }), 'status', 'another kind'],
    ['returns no header value', json({ access_token: 'a\nb', token_type: 'bearer' }), 'status', 'another kind'],
    [
      'returns too much',
      json({ access_token: 'x'.repeat(20_000), token_type: 'bearer' }),
      'response-too-large',
      'no access token: the response is too large',
    ],
  ])('has a clear reason if the server %s', async (_what, answer, errorClass, message) => {
    const scripted = await startReceiver();
    scripted.answerWith(answer);
    const error = await failure({ ...server.auth, tokenUrl: scripted.url('/token') });
    expect(error).toMatchObject({ class: errorClass, message: expect.stringContaining(message) });
    await scripted.close();
  });

  it('is refused by the address guard', async () => {
    expect(await failure({ ...server.auth, tokenUrl: 'http://10.0.0.1/token' })).toEqual({
      class: 'blocked',
      message: 'no access token: address 10.0.0.1 is not allowed',
    });
  });

  it('ends with the time of the request if the server hangs, and delays no other subscription', async () => {
    const hanging = await startReceiver();
    hanging.answerRaw(() => undefined);
    const auth = { ...server.auth, tokenUrl: hanging.url('/token') };
    let failed = 0;
    const failing = Promise.all(
      Array.from({ length: 10 }, () => send(auth, { timeoutMs: 2500 }).finally(() => (failed += 1))),
    );
    expect(await send(server.auth, {}, 'sub_2')).toMatchObject({ response: { status: 200 } });
    expect(failed).toBe(0);
    for (const { error, durationMs } of await failing) {
      expect(error).toEqual({ class: 'timeout', message: 'no access token: no response within 2.5 s' });
      // One after the other, the last would take 25 s.
      expect(durationMs).toBeLessThan(10_000);
    }
    expect(hanging.requests).toHaveLength(1);
    await hanging.close();
  });
});

function json(body: unknown): Answering {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
