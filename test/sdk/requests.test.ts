import { SignpostError } from '../../sdk/src';
import { problem, scriptedFetch, type ScriptedFetch } from './scripted-fetch';

/** The requests that calls make, and how responses are handled. */
let api: ScriptedFetch;
beforeEach(() => {
  api = scriptedFetch();
});

it('events.send asks for responses, and gives the request time beyond the wait', async () => {
  const timeout = jest.spyOn(AbortSignal, 'timeout');
  api.responses = [Response.json({ id: 'e', duplicate: false, notifications: [] })];
  await api.client({ timeoutMs: 5000 }).events.send({ id: 'e', type: 'a.v1', data: {} }, { awaitResponseSeconds: 30 });
  expect(JSON.parse(String(api.requests[0]!.body))).toEqual({ id: 'e', type: 'a.v1', data: {}, awaitResponse: 30 });
  expect(timeout).toHaveBeenCalledWith(60_000);
  timeout.mockRestore();
});

describe('URLs', () => {
  it.each([
    ['https://signpost.example', 'https://signpost.example/v1/customers/c'],
    ['https://signpost.example/', 'https://signpost.example/v1/customers/c'],
    ['https://example.com/signpost//', 'https://example.com/signpost/v1/customers/c'],
  ])('a call below baseUrl %s goes to %s', async (baseUrl, url) => {
    await api.client({ baseUrl }).customers.get('c');
    expect(api.requests[0]!.url).toBe(url);
  });

  it.each(['a/b', 'a?b', 'a#b', 'a b', '%2e%2e', 'ë'])('an id is escaped in the path: %s', async (id) => {
    await api.client().customers.get(id);
    expect(api.requests[0]!.url).toBe(`https://signpost.example/v1/customers/${encodeURIComponent(id)}`);
  });

  it.each(['.', '..', '', undefined as never])('an id that would change the path is rejected: %j', async (id) => {
    await expect(api.client().customers.get(id)).rejects.toThrow(TypeError);
    expect(api.requests).toEqual([]);
  });

  it('query parameters are escaped, and absent ones are left out', async () => {
    api.responses = [Response.json({ items: [], nextCursor: null })];
    for await (const _ of api.client().customers.list({ q: 'a&b=c', limit: 2, cursor: undefined } as never)) void _;
    expect(api.requests[0]!.url).toBe('https://signpost.example/v1/customers?q=a%26b%3Dc&limit=2');
  });

  it('a list passes the cursor of each page to the next request and stops after the last page', async () => {
    api.responses = [
      Response.json({ items: [{ id: 'a' }], nextCursor: 'second' }),
      Response.json({ items: [], nextCursor: 'third' }),
      Response.json({ items: [{ id: 'b' }], nextCursor: null }),
    ];
    const ids = [];
    for await (const { id } of api.client().customers.list()) ids.push(id);
    expect(ids).toEqual(['a', 'b']);
    expect(api.requests.map(({ url }) => new URL(url).searchParams.get('cursor'))).toEqual([null, 'second', 'third']);
  });
});

describe('headers', () => {
  it('a GET carries the key and accepts JSON', async () => {
    await api.client().customers.get('c');
    expect(api.requests[0]).toMatchObject({ method: 'GET', body: undefined });
    expect(api.requests[0]!.headers).toEqual({ accept: 'application/json', 'x-api-key': 'the-key' });
  });

  it('a POST carries JSON and an idempotency key, which is another one for each call', async () => {
    for (let call = 0; call < 2; call++) await api.client().customers.create({ name: 'C' });
    const [first, second] = api.requests;
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
    await api.client().request(method as 'post', '/v1/customers', { idempotencyKey });
    expect(api.requests[0]!.headers['idempotency-key']).toBe(expected);
  });

  it('retries reuse the idempotency key', async () => {
    api.responses = [undefined, problem(503)];
    await api.client().customers.create({ name: 'C' });
    const keys = api.requests.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual([keys[0], keys[0], keys[0]]);
  });

  it('headers of a call are added, and do not replace the credential', async () => {
    const headers = { traceparent: '00-1', 'x-api-key': 'another' };
    await api.client().request('get', '/v1/customers', { headers });
    expect(api.requests[0]!.headers).toMatchObject({ traceparent: '00-1', 'x-api-key': 'the-key' });
  });
});

describe('responses', () => {
  it.each([429, 500, 502, 503, 504])('a response %i is retried', async (status) => {
    api.responses = [problem(status)];
    await api.client().customers.get('c');
    expect(api.requests).toHaveLength(2);
  });

  it.each([301, 302, 400, 401, 403, 404, 409, 410, 413, 415, 422, 501])(
    'a response %i is not retried',
    async (status) => {
      api.responses = [problem(status, 'the-code')];
      const call = api.client().customers.get('c');
      await expect(call).rejects.toMatchObject({
        name: 'SignpostError',
        status,
        code: 'the-code',
        title: 'T',
        detail: 'D',
      });
      expect(api.requests).toHaveLength(1);
    },
  );

  it('a response 204 has no body', async () => {
    api.responses = [new Response(null, { status: 204 })];
    expect(await api.client().allowlist.delete('a')).toBeUndefined();
  });

  it.each([
    ['a page of a proxy', '<p>Bad gateway</p>'],
    ['JSON without a code', '{"message":"no"}'],
    ['null', 'null'],
    ['nothing', ''],
  ])('a failure with %s becomes a SignpostError with code unknown', async (_, body) => {
    api.responses = [new Response(body, { status: 418 })];
    const error: SignpostError = await api
      .client()
      .customers.get('c')
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(SignpostError);
    expect(error).toMatchObject({ status: 418, code: 'unknown', errors: [] });
    expect(error.message).toContain('HTTP 418');
  });

  it('an unreachable service is reported with its address and the cause', async () => {
    api.responses = [undefined];
    const call = api.client({ retry: { retries: 0 } }).customers.get('c');
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
      api.responses = [status === undefined ? undefined : problem(status), problem(404, 'not-found')];
      await api.client().allowlist.delete('a');
      expect(api.requests).toHaveLength(2);
    },
  );

  it('a DELETE that finds nothing after 429 fails, since the first request deleted nothing', async () => {
    api.responses = [problem(429), problem(404, 'not-found')];
    await expect(api.client().allowlist.delete('a')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('a GET that finds nothing after a lost response fails', async () => {
    api.responses = [undefined, problem(404, 'not-found')];
    await expect(api.client().customers.get('c')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('retries', () => {
  it('retries are counted per call', async () => {
    const once = api.client({ retry: { retries: 1, firstDelayMs: 1 } });
    for (let call = 0; call < 2; call++) {
      api.responses = [problem(503)];
      await once.customers.get('c');
    }
    api.responses = [problem(503), undefined];
    await expect(once.customers.get('c')).rejects.toMatchObject({ name: 'SignpostUnreachableError' });
    expect(api.requests).toHaveLength(6);
  });

  it('an aborted signal prevents every request, that for a token too', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    const oauth = { clientId: 'id', clientSecret: 'secret' };
    for (const signpost of [api.client(), api.client({ apiKey: undefined, oauth })])
      await expect(signpost.events.send({ type: 'paid.v1', data: {} }, { signal })).rejects.toThrow('stopped');
    expect(api.requests).toEqual([]);
  });

  it('a call with a signal still has a timeout', async () => {
    const hanging = (_: unknown, { signal }: RequestInit) =>
      new Promise<Response>((_resolve, reject) =>
        signal!.addEventListener('abort', () => reject(signal!.reason as Error)),
      );
    const { signal } = new AbortController();
    const signpost = api.client({ fetch: hanging as typeof fetch, timeoutMs: 20, retry: { retries: 0 } });
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
    const call = api.client({ fetch: hanging as typeof fetch }).request('get', '/v1/customers', {
      signal: controller.signal,
    });
    await expect(call).rejects.toThrow('stopped');
    expect(started).toBe(1);
  });
});
