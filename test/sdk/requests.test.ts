import type { PartlySentError } from '../../sdk/src';
import { Signpost, SignpostError, type SignpostOptions } from '../../sdk/src';

/** The requests that calls make, and what they make of responses that the real API does not give on demand. */
interface SentRequest {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: unknown;
}

let requests: SentRequest[];
/** Responses of the next requests; `undefined` breaks the connection. After them every response is `{}`. */
let responses: (Response | undefined)[];
beforeEach(() => {
  requests = [];
  responses = [];
});
afterEach(() => jest.restoreAllMocks());

async function answer(url: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  init.signal?.throwIfAborted();
  const { method, headers, body } = init;
  requests.push({ url: String(url), method: method!, headers: headers as Record<string, string>, body });
  if (responses.length === 0) return Response.json({});
  const response = responses.shift();
  if (!response) throw new TypeError('fetch failed');
  return response;
}

const client = (options: Partial<SignpostOptions> = {}) =>
  new Signpost({
    baseUrl: 'https://signpost.example',
    apiKey: 'the-key',
    retry: { firstDelayMs: 1, maxDelayMs: 1 },
    fetch: answer as typeof fetch,
    ...options,
  });
const problem = (status: number, code = 'scripted') => Response.json({ code, title: 'T', detail: 'D' }, { status });

describe('URLs', () => {
  it.each([
    ['https://signpost.example', 'https://signpost.example/v1/customers/c'],
    ['https://signpost.example/', 'https://signpost.example/v1/customers/c'],
    ['https://example.com/signpost//', 'https://example.com/signpost/v1/customers/c'],
  ])('a call below baseUrl %s goes to %s', async (baseUrl, url) => {
    await client({ baseUrl }).customers.get('c');
    expect(requests[0]!.url).toBe(url);
  });

  it.each(['a/b', 'a?b', 'a#b', 'a b', '%2e%2e', 'ë'])('an id is escaped in the path: %s', async (id) => {
    await client().customers.get(id);
    expect(requests[0]!.url).toBe(`https://signpost.example/v1/customers/${encodeURIComponent(id)}`);
  });

  it.each(['.', '..', '', undefined as never])('an id that would change the path is rejected: %j', async (id) => {
    await expect(client().customers.get(id)).rejects.toThrow(TypeError);
    expect(requests).toEqual([]);
  });

  it('query parameters are escaped, and absent ones are left out', async () => {
    responses = [Response.json({ items: [], nextCursor: null })];
    for await (const _ of client().customers.list({ q: 'a&b=c', limit: 2, cursor: undefined } as never)) void _;
    expect(requests[0]!.url).toBe('https://signpost.example/v1/customers?q=a%26b%3Dc&limit=2');
  });

  it('a list passes the cursor of each page to the next request and stops after the last page', async () => {
    responses = [
      Response.json({ items: [{ id: 'a' }], nextCursor: 'second' }),
      Response.json({ items: [], nextCursor: 'third' }),
      Response.json({ items: [{ id: 'b' }], nextCursor: null }),
    ];
    const ids = [];
    for await (const { id } of client().customers.list()) ids.push(id);
    expect(ids).toEqual(['a', 'b']);
    expect(requests.map(({ url }) => new URL(url).searchParams.get('cursor'))).toEqual([null, 'second', 'third']);
  });
});

describe('headers', () => {
  it('a GET carries the key and accepts JSON', async () => {
    await client().customers.get('c');
    expect(requests[0]).toMatchObject({ method: 'GET', body: undefined });
    expect(requests[0]!.headers).toEqual({ accept: 'application/json', 'x-api-key': 'the-key' });
  });

  it('a POST carries JSON and an idempotency key, which is another one for each call', async () => {
    for (let call = 0; call < 2; call++) await client().customers.create({ name: 'C' });
    const [first, second] = requests;
    expect(first).toMatchObject({ method: 'POST', body: '{"name":"C"}' });
    expect(first!.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(second!.headers['idempotency-key']).not.toBe(first!.headers['idempotency-key']);
  });

  it.each([
    ['the given one', 'post', 'mine', 'mine'],
    ['none if it is null', 'post', null, undefined],
    ['none for a PUT', 'put', undefined, undefined],
    ['none for a PATCH', 'patch', 'mine', undefined],
    ['none for a DELETE', 'delete', undefined, undefined],
  ] as const)('the idempotency key of a request is %s', async (_, method, idempotencyKey, expected) => {
    await client().request(method as 'post', '/v1/customers', { idempotencyKey });
    expect(requests[0]!.headers['idempotency-key']).toBe(expected);
  });

  it('retries reuse the idempotency key', async () => {
    responses = [undefined, problem(503)];
    await client().customers.create({ name: 'C' });
    const keys = requests.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual([keys[0], keys[0], keys[0]]);
  });

  it('headers of a call are added, and do not replace the credential', async () => {
    const headers = { traceparent: '00-1', 'x-api-key': 'another' };
    await client().request('get', '/v1/customers', { headers });
    expect(requests[0]!.headers).toMatchObject({ traceparent: '00-1', 'x-api-key': 'the-key' });
  });
});

describe('responses', () => {
  it.each([429, 500, 502, 503, 504])('a response %i is retried', async (status) => {
    responses = [problem(status)];
    await client().customers.get('c');
    expect(requests).toHaveLength(2);
  });

  it.each([301, 302, 400, 401, 403, 404, 409, 410, 413, 415, 422, 501])(
    'a response %i is not retried',
    async (status) => {
      responses = [problem(status, 'the-code')];
      const call = client().customers.get('c');
      await expect(call).rejects.toMatchObject({
        name: 'SignpostError',
        status,
        code: 'the-code',
        title: 'T',
        detail: 'D',
      });
      expect(requests).toHaveLength(1);
    },
  );

  it('a response 204 has no body', async () => {
    responses = [new Response(null, { status: 204 })];
    expect(await client().allowlist.delete('a')).toBeUndefined();
  });

  it.each([
    ['a page of a proxy', '<p>Bad gateway</p>'],
    ['JSON without a code', '{"message":"no"}'],
    ['null', 'null'],
    ['nothing', ''],
  ])('a failure with %s becomes a SignpostError with code unknown', async (_, body) => {
    responses = [new Response(body, { status: 418 })];
    const error: SignpostError = await client()
      .customers.get('c')
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(SignpostError);
    expect(error).toMatchObject({ status: 418, code: 'unknown', errors: [] });
    expect(error.message).toContain('HTTP 418');
  });

  it('an unreachable service is reported with its address and the cause', async () => {
    responses = [undefined];
    const call = client({ retry: { retries: 0 } }).customers.get('c');
    await expect(call).rejects.toMatchObject({
      name: 'SignpostUnreachableError',
      message: 'Signpost at https://signpost.example is unreachable: fetch failed',
      cause: expect.any(TypeError),
    });
  });
});

describe('DELETE', () => {
  it.each([
    ['a lost response', undefined],
    ['500', 500],
    ['502', 502],
    ['503', 503],
    ['504', 504],
  ])(
    'a DELETE that finds nothing after %s succeeds, since the first request may have deleted it',
    async (_, status) => {
      responses = [status === undefined ? undefined : problem(status), problem(404, 'not-found')];
      await client().allowlist.delete('a');
      expect(requests).toHaveLength(2);
    },
  );

  it('a DELETE that finds nothing after 429 fails, since the first request deleted nothing', async () => {
    responses = [problem(429), problem(404, 'not-found')];
    await expect(client().allowlist.delete('a')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('a GET that finds nothing after a lost response fails', async () => {
    responses = [undefined, problem(404, 'not-found')];
    await expect(client().customers.get('c')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('retries', () => {
  it('retries are counted per call', async () => {
    const once = client({ retry: { retries: 1, firstDelayMs: 1 } });
    for (let call = 0; call < 2; call++) {
      responses = [problem(503)];
      await once.customers.get('c');
    }
    responses = [problem(503), undefined];
    await expect(once.customers.get('c')).rejects.toMatchObject({ name: 'SignpostUnreachableError' });
    expect(requests).toHaveLength(6);
  });

  it('an aborted signal prevents every request, that for a token too', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    const oauth = { clientId: 'id', clientSecret: 'secret' };
    for (const signpost of [client(), client({ apiKey: undefined, oauth })])
      await expect(signpost.events.send({ type: 'paid.v1', data: {} }, { signal })).rejects.toThrow('stopped');
    expect(requests).toEqual([]);
  });

  it('a call with a signal still has a timeout', async () => {
    const hanging = (_: unknown, { signal }: RequestInit) =>
      new Promise<Response>((_resolve, reject) =>
        signal!.addEventListener('abort', () => reject(signal!.reason as Error)),
      );
    const { signal } = new AbortController();
    const signpost = client({ fetch: hanging as typeof fetch, timeoutMs: 20, retry: { retries: 0 } });
    const call = signpost.request('get', '/v1/customers', { signal });
    await expect(call).rejects.toThrow('did not respond within 20 ms');
  });

  it('an abort during a request is not retried and not reported as unreachable', async () => {
    const controller = new AbortController();
    let started = 0;
    const hanging = (_: unknown, { signal }: RequestInit) => {
      started += 1;
      queueMicrotask(() => controller.abort(new Error('stopped')));
      return new Promise<Response>((_resolve, reject) =>
        signal!.addEventListener('abort', () => reject(signal!.reason as Error)),
      );
    };
    const call = client({ fetch: hanging as typeof fetch }).request('get', '/v1/customers', {
      signal: controller.signal,
    });
    await expect(call).rejects.toThrow('stopped');
    expect(started).toBe(1);
  });
});

describe('OAuth', () => {
  const NOW = 1_700_000_000_000;
  const oauth = { clientId: 'id:1', clientSecret: 'a secret/ë' };
  const token = (name: string, expiresIn?: number) => Response.json({ access_token: name, expires_in: expiresIn });
  const tokenRequests = () => requests.filter(({ url }) => url.endsWith('/token'));
  const withOAuth = (options = {}) => client({ apiKey: undefined, oauth: { ...oauth, ...options } });

  it('a token is requested with client credentials, form-encoded before Base64 (RFC 6749 §2.3.1)', async () => {
    responses = [token('t1', 3600)];
    await withOAuth().customers.get('c');
    const basic = Buffer.from('id%3A1:a%20secret%2F%C3%AB').toString('base64');
    expect(requests[0]).toEqual({
      url: 'https://signpost.example/oauth/token',
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials',
    });
    expect(requests[1]!.headers).toEqual({ accept: 'application/json', authorization: 'Bearer t1' });
  });

  it('tokenUrl replaces the token endpoint', async () => {
    responses = [token('t1', 3600)];
    await withOAuth({ tokenUrl: 'https://login.example/token' }).customers.get('c');
    expect(requests[0]!.url).toBe('https://login.example/token');
  });

  it('a token is used until 30 s before it expires', async () => {
    const clock = jest.spyOn(Date, 'now').mockReturnValue(NOW);
    const signpost = withOAuth();
    responses = [token('t1', 3600)];
    await signpost.customers.get('c');
    clock.mockReturnValue(NOW + 3_569_999);
    await signpost.customers.get('c');
    expect(tokenRequests()).toHaveLength(1);
    clock.mockReturnValue(NOW + 3_570_000);
    responses = [token('t2', 3600)];
    await signpost.customers.get('c');
    expect(tokenRequests()).toHaveLength(2);
    expect(requests.at(-1)!.headers.authorization).toBe('Bearer t2');
  });

  it('a token without expires_in is used for one call', async () => {
    const signpost = withOAuth();
    for (const name of ['t1', 't2']) {
      responses = [token(name)];
      await signpost.customers.get('c');
      expect(requests.at(-1)!.headers.authorization).toBe(`Bearer ${name}`);
    }
  });

  it('concurrent calls whose token is refused fetch one new token', async () => {
    const valid = { token: 't1' };
    let issued = 0;
    const api = async (url: string | URL | Request, init?: RequestInit) => {
      if (String(url).endsWith('/token')) return token(`t${++issued}`, 3600);
      const { authorization } = init!.headers as Record<string, string>;
      return authorization === `Bearer ${valid.token}` ? Response.json({}) : problem(401, 'unauthorized');
    };
    const signpost = client({ apiKey: undefined, oauth, fetch: api as typeof fetch });
    await signpost.customers.get('c');
    valid.token = 't2';
    await Promise.all(Array.from({ length: 5 }, () => signpost.customers.get('c')));
    expect(issued).toBe(2);
  });

  it('a refusal of the old token that arrives late does not discard the new one', async () => {
    let issued = 0;
    let refuseLate!: () => void;
    const late = new Promise<void>((resolve) => (refuseLate = resolve));
    const api = async (url: string | URL | Request, init?: RequestInit) => {
      if (String(url).endsWith('/token')) return token(`t${++issued}`, 3600);
      const { authorization } = init!.headers as Record<string, string>;
      if (authorization !== 'Bearer t1') return Response.json({});
      if (String(url).endsWith('/late')) await late;
      return problem(401, 'unauthorized');
    };
    const signpost = client({ apiKey: undefined, oauth, fetch: api as typeof fetch });
    const lateCall = signpost.customers.get('late');
    await signpost.customers.get('c');
    expect(issued).toBe(2);
    refuseLate();
    await lateCall;
    expect(issued).toBe(2);
  });

  it.each([
    [
      'the error of the token endpoint',
      { error: 'invalid_client', error_description: 'who?' },
      401,
      'invalid_client',
      'who?',
    ],
    ['unknown without an error', {}, 400, 'unknown', 'returned no access_token'],
    ['unknown if the response has no token', { token_type: 'bearer' }, 200, 'unknown', 'returned no access_token'],
  ])('the code of a refused token request is %s', async (_, body, status, code, detail) => {
    responses = [Response.json(body, { status })];
    const call = withOAuth().customers.get('c');
    await expect(call).rejects.toMatchObject({ status, code, detail: expect.stringContaining(detail) });
    expect(requests).toHaveLength(1);
  });

  it('an API key takes precedence, and is not renewed after 401', async () => {
    responses = [problem(401, 'unauthorized')];
    await expect(client({ oauth }).customers.get('c')).rejects.toMatchObject({ status: 401 });
    expect(requests).toHaveLength(1);
    expect(requests[0]!.headers['x-api-key']).toBe('the-key');
  });
});

describe('events.sendMany', () => {
  const event = (id: string, data: object = {}) => ({ id, type: 'paid.v1', data });
  const results = (...statuses: number[]) =>
    Response.json(
      {
        results: statuses.map((status) =>
          status === 202
            ? { status, id: 'x', duplicate: false, notifications: [] }
            : { status, code: 'no', title: 'T', detail: 'D', errors: [{ path: '/data', message: 'M' }] },
        ),
      },
      { status: 202 },
    );

  it('events.sendMany of nothing makes no request', async () => {
    expect(await client().events.sendMany([])).toEqual([]);
    expect(requests).toEqual([]);
  });

  it('events.sendMany returns an accepted event or its error, in order', async () => {
    responses = [results(202, 422, 202)];
    const [first, second, third] = await client().events.sendMany(['a', 'b', 'c'].map((id) => event(id)));
    expect([first, third]).toEqual(Array(2).fill({ id: 'x', duplicate: false, notifications: [] }));
    expect(second).toBeInstanceOf(SignpostError);
    expect(second).toMatchObject({
      status: 422,
      code: 'no',
      title: 'T',
      detail: 'D',
      errors: [{ path: '/data', message: 'M' }],
    });
  });

  const huge = event('huge', { text: 'x'.repeat(8 * 1024 * 1024) });

  it('an event too large for any batch fails alone', async () => {
    responses = [results(202), problem(413, 'too-large'), results(202)];
    const sent = await client().events.sendMany([event('a'), huge, event('b')]);
    expect(sent.map((result) => (result instanceof SignpostError ? result.code : 'accepted'))).toEqual([
      'accepted',
      'too-large',
      'accepted',
    ]);
  });

  it('a batch of several events that is answered 413 fails as a whole', async () => {
    responses = [problem(413)];
    const error = await client()
      .events.sendMany([event('a'), event('b')])
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'PartlySentError', results: [], cause: { status: 413 } });
    expect((error as PartlySentError<unknown, unknown>).unsent).toHaveLength(2);
  });

  it('a single event that is answered 403 fails as a whole', async () => {
    responses = [problem(403)];
    const error = await client()
      .events.sendMany([event('a')])
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'PartlySentError', unsent: [event('a')], cause: { status: 403 } });
    expect((error as Error).message).toBe('0 events were sent, 1 were not: scripted: D');
  });
});
