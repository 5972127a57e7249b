import { PartlySentError, Signpost, SignpostUnreachableError } from '../../sdk/src';
import { ADMIN_KEY, startTestApi, type TestApi } from '../support/api';
import { startFaultyProxy, type Failure, type FaultyProxy } from '../support/faulty-proxy';

/** Failures between a producer and Signpost. */
let api: TestApi;
let proxy: FaultyProxy;
const quick = { firstDelayMs: 1, maxDelayMs: 5 };
const client = (options: object = {}) =>
  new Signpost({ baseUrl: proxy.url, apiKey: ADMIN_KEY, retry: quick, ...options });
const event = (number: number) => ({ type: 'paid.v1', customerId: 'c', data: { number } });

beforeAll(async () => {
  api = await startTestApi();
  proxy = await startFaultyProxy(api.url);
  await api.must('POST', '/v1/products', { id: 'p', name: 'P', enabled: true });
  await api.must('PUT', '/v1/event-types/paid.v1', { productId: 'p' });
  await api.must('POST', '/v1/customers', { id: 'c', name: 'C', productId: 'p' });
});
afterAll(async () => {
  await proxy.stop();
  await api.stop();
});
beforeEach(() => proxy.reset());

it('events are sent without an idempotency key, other POSTs with one', async () => {
  await client().events.send(event(1));
  await client().events.sendMany([event(2), event(3)]);
  await client().customers.create({ name: 'Keyed' });
  expect(proxy.seen.map(({ idempotencyKey }) => typeof idempotencyKey)).toEqual(['undefined', 'undefined', 'string']);
});

it.each<Failure>(['break off', 'html'])('the client retries after an unusable response: %s', async (failure) => {
  proxy.failures = [failure];
  expect(await client().products.get('p')).toMatchObject({ id: 'p' });
  expect(proxy.seen).toHaveLength(2);
});

it('a call without a response ends with SignpostUnreachableError after its timeout', async () => {
  proxy.failures = ['hang', 'hang'];
  const impatient = client({ timeoutMs: 50, retry: { ...quick, retries: 1 } });
  const call = impatient.products.get('p');
  await expect(call).rejects.toThrow(SignpostUnreachableError);
  await expect(call).rejects.toThrow('did not respond within 50 ms');
});

it('timeoutMs of a call overrides that of the client', async () => {
  proxy.failures = ['hang'];
  const patient = client({ timeoutMs: 600_000 });
  const request = patient.request('get', '/v1/products/{id}', { params: { id: 'p' }, timeoutMs: 1000 });
  expect(await request).toMatchObject({ id: 'p' });
});

it('redirects are not followed, so the API key stays with baseUrl', async () => {
  const elsewhere = await startFaultyProxy(api.url);
  try {
    proxy.failures = [302];
    proxy.headers = { location: `${elsewhere.url}/v1/products/p` };
    await expect(client().products.get('p')).rejects.toMatchObject({ status: 302, code: 'unknown' });
    expect(elsewhere.seen).toEqual([]);
  } finally {
    await elsewhere.stop();
  }
});

it('a Retry-After above maxRetryAfterMs fails the call immediately', async () => {
  proxy.failures = [503];
  proxy.headers = { 'retry-after': '86400' };
  await expect(client().products.get('p')).rejects.toMatchObject({ status: 503 });
  expect(proxy.seen).toHaveLength(1);
});

it('the client accepts a fetch whose responses are not instances of Response', async () => {
  const other = async (url: string | URL | Request, init?: RequestInit) => {
    const response = await fetch(url, init);
    const { status, ok, headers } = response;
    return { status, ok, headers, text: () => response.text() } as Response;
  };
  proxy.failures = [503];
  expect(await client({ fetch: other }).products.get('p')).toMatchObject({ id: 'p' });
  await expect(client({ fetch: other }).products.get('none')).rejects.toMatchObject({ code: 'not-found' });
});

it('a DELETE whose retry finds nothing succeeds, since the lost first request deleted it', async () => {
  const { id } = await api.must('POST', '/v1/url-allowlist', { pattern: 'https://gone.example' });
  proxy.failures = ['lose'];
  await client().allowlist.delete(id);
  await expect(client().allowlist.delete(id)).rejects.toMatchObject({ code: 'not-found' });
});

it.each(['.', '..'])('an id that would change the path is rejected: %s', async (id) => {
  await expect(client().customers.get(id)).rejects.toThrow(TypeError);
  expect(proxy.seen).toEqual([]);
});

describe('events.sendMany when Signpost becomes unreachable', () => {
  it('reports what was sent and returns the rest, which is safe to send again', async () => {
    const events = Array.from({ length: 2500 }, (_, number) => event(number));
    let requests = 0;
    const breaking = client({
      retry: { ...quick, retries: 0 },
      fetch: async (url: string, init: RequestInit) => {
        // The second batch is accepted, but its response is lost.
        if (++requests === 2) proxy.failures = ['lose'];
        return fetch(url, init);
      },
    });
    const error = await breaking.events.sendMany(events).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PartlySentError);
    const { results, unsent, cause } = error as PartlySentError<{ id: string }, { id: string; type: string }>;
    expect([results.length, unsent.length]).toEqual([1000, 1500]);
    expect(cause).toBeInstanceOf(SignpostUnreachableError);
    const rest = await client().events.sendMany(unsent as never);
    expect(rest.filter((result) => 'duplicate' in result && result.duplicate)).toHaveLength(1000);
    expect(rest).toHaveLength(1500);
  });
});

describe('OAuth', () => {
  let oauth: { clientId: string; clientSecret: string };
  beforeAll(async () => {
    oauth = await api.must('POST', '/v1/oauth-clients', { name: 'o', role: 'product', productId: 'p' });
  });
  const withOAuth = (options: object = {}) =>
    new Signpost({ baseUrl: proxy.url, oauth: { ...oauth }, retry: quick, ...options });

  it.each<Failure>([503, 'break'])('a failed token request is retried: %s', async (failure) => {
    proxy.failures = [failure];
    expect(await withOAuth().products.get('p')).toMatchObject({ id: 'p' });
    expect(proxy.seen.filter(({ path }) => path === '/oauth/token')).toHaveLength(2);
  });

  it('a token request without a response ends with its timeout', async () => {
    proxy.failures = ['hang'];
    const impatient = withOAuth({ timeoutMs: 50, retry: { ...quick, retries: 0 } });
    await expect(impatient.products.get('p')).rejects.toThrow('did not respond within 50 ms');
  });

  it('a refused token is replaced once; a second refusal is the error of the call', async () => {
    const refused = new Signpost({
      baseUrl: proxy.url,
      oauth: { ...oauth },
      retry: quick,
      fetch: async (url, init) =>
        String(url).endsWith('/oauth/token') ? Response.json({ access_token: 't', expires_in: 60 }) : fetch(url, init),
    });
    proxy.failures = [401, 401];
    await expect(refused.products.get('p')).rejects.toMatchObject({ status: 401 });
    expect(proxy.seen).toHaveLength(2);
  });
});
