import { Signpost, SignpostError, SignpostUnreachableError } from '../../sdk/src';
import { ADMIN_KEY, startTestApi, type TestApi } from '../support/api';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy';

let api: TestApi;
let proxy: FaultyProxy;
let signpost: Signpost;
const quick = { firstDelayMs: 1, maxDelayMs: 5 };

beforeAll(async () => {
  api = await startTestApi();
  proxy = await startFaultyProxy(api.url);
  await api.must('POST', '/v1/products', { id: 'p', name: 'P', enabled: true });
  await api.must('PUT', '/v1/event-types/paid.v1', {
    productId: 'p',
    schema: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
  });
  await api.must('POST', '/v1/customers', { id: 'c', name: 'C', productId: 'p' });
});
afterAll(async () => {
  await proxy.stop();
  await api.stop();
});
beforeEach(() => {
  proxy.reset();
  signpost = new Signpost({ baseUrl: proxy.url, apiKey: ADMIN_KEY, retry: quick });
});

it('events.send generates an id for an event without one', async () => {
  const accepted = await signpost.events.send({ type: 'paid.v1', customerId: 'c', data: { id: 'P-1' } });
  expect(accepted).toMatchObject({ id: expect.stringMatching(/^evt_[0-9a-z]{26}$/), duplicate: false });
  expect((await signpost.events.get(accepted.id)).data).toEqual({ id: 'P-1' });
});

it.each([[['break']], [[503, 502, 'break']], [[429]]])('the client retries after %j', async (failures) => {
  proxy.failures = [...failures] as FaultyProxy['failures'];
  const accepted = await signpost.events.send({ type: 'paid.v1', customerId: 'c', data: { id: 'P-2' } });
  expect(accepted.duplicate).toBe(false);
  expect(proxy.seen).toHaveLength(failures.length + 1);
});

it.each([
  ['its own', { id: `lost-${Date.now()}` }],
  ['a generated', {}],
])('after a lost response, an event with %s id is sent again with the same id', async (_, given) => {
  const bodies: { id: string }[] = [];
  const recording = new Signpost({
    baseUrl: proxy.url,
    apiKey: ADMIN_KEY,
    retry: quick,
    fetch: (url, init) => {
      bodies.push(JSON.parse(init!.body as string));
      return fetch(url, init);
    },
  });
  proxy.failures = ['lose'];
  const accepted = await recording.events.send({ type: 'paid.v1', customerId: 'c', data: { id: 'P-3' }, ...given });
  expect(bodies).toHaveLength(2);
  expect(bodies[1]).toEqual(bodies[0]);
  expect(bodies[0]).toMatchObject(given);
  expect(accepted).toMatchObject({ id: bodies[0]!.id, duplicate: true });
});

it('a retry after a lost response reuses the idempotency key and creates nothing twice', async () => {
  proxy.failures = ['lose'];
  const created = await signpost.customers.create({ name: 'Once' });
  const keys = proxy.seen.map(({ idempotencyKey }) => idempotencyKey);
  expect(keys).toEqual([keys[0], keys[0]]);
  const all = [];
  for await (const customer of signpost.customers.list({ q: 'Once' })) all.push(customer.id);
  expect(all).toEqual([created.id]);
});

it('the client waits for Retry-After', async () => {
  proxy.failures = [429];
  proxy.headers = { 'retry-after': '1' };
  await signpost.products.get('p');
  expect(proxy.seen[1]!.at - proxy.seen[0]!.at).toBeGreaterThanOrEqual(900);
});

it('the client rejects with the last response once its retries are exhausted', async () => {
  const twoRetries = new Signpost({ baseUrl: proxy.url, apiKey: ADMIN_KEY, retry: { ...quick, retries: 2 } });
  proxy.failures = [500, 500, 503];
  await expect(twoRetries.products.get('p')).rejects.toMatchObject({
    name: 'SignpostError',
    status: 503,
    code: 'unknown',
  });
  proxy.failures = ['break', 'break', 'break'];
  await expect(twoRetries.products.get('p')).rejects.toBeInstanceOf(SignpostUnreachableError);
});

it('a problem becomes a SignpostError with code and invalid fields, and is not retried', async () => {
  const refused = signpost.events.send({ type: 'paid.v1', customerId: 'c', data: { id: 1 } });
  await expect(refused).rejects.toMatchObject({
    status: 422,
    code: 'data-breaks-schema',
    errors: [{ path: '/data/id', message: expect.any(String) }],
  });
  expect(proxy.seen).toHaveLength(1);
  await expect(signpost.products.get('none')).rejects.toThrow(SignpostError);
});

it('events.sendMany sends batches of at most 1000 and returns one result per event, in order', async () => {
  const events = Array.from({ length: 1203 }, (_, index) => ({
    type: 'paid.v1',
    customerId: 'c',
    data: { id: index === 1100 ? (7 as never) : `P-${index}` },
  }));
  const results = await signpost.events.sendMany(events);
  expect(proxy.seen.map(({ path }) => path)).toEqual(['/v1/events/batch', '/v1/events/batch']);
  expect(results).toHaveLength(1203);
  expect(results.flatMap((result, index) => (result instanceof SignpostError ? [[index, result.code]] : []))).toEqual([
    [1100, 'data-breaks-schema'],
  ]);
});

it('events.sendMany keeps batches of large events below the size limit of the API', async () => {
  const data = { id: 'x'.repeat(200_000) };
  const results = await signpost.events.sendMany(
    Array.from({ length: 60 }, () => ({ type: 'paid.v1', customerId: 'c', data })),
  );
  expect(results.every((result) => !(result instanceof SignpostError))).toBe(true);
  expect(proxy.seen).toHaveLength(2);
}, 60_000);

it('a list iterates over all pages', async () => {
  for (let index = 0; index < 5; index++) await signpost.customers.create({ name: `Paged ${index}` });
  const names = [];
  for await (const { name } of signpost.customers.list({ limit: 2, q: 'Paged' })) names.push(name);
  expect(names.sort()).toEqual(['Paged 0', 'Paged 1', 'Paged 2', 'Paged 3', 'Paged 4']);
});

it('concurrent calls share one OAuth token, which is replaced after a 401', async () => {
  const client = await api.must('POST', '/v1/oauth-clients', { name: 'o', role: 'product', productId: 'p' });
  const oauth = { clientId: client.clientId, clientSecret: client.clientSecret };
  const withOAuth = new Signpost({ baseUrl: proxy.url, oauth, retry: quick });
  await Promise.all([withOAuth.products.get('p'), withOAuth.products.get('p')]);
  await withOAuth.products.get('p');
  const tokens = () => proxy.seen.filter(({ path }) => path === '/oauth/token').length;
  expect(tokens()).toBe(1);
  proxy.failures = [401];
  await withOAuth.products.get('p');
  expect(tokens()).toBe(2);
  const wrong = new Signpost({ baseUrl: proxy.url, oauth: { ...oauth, clientSecret: 'wrong' }, retry: quick });
  await expect(wrong.products.get('p')).rejects.toMatchObject({ status: 401, code: 'invalid_client' });
});

it('an abort signal ends the wait before a retry', async () => {
  proxy.failures = [503];
  proxy.headers = { 'retry-after': '3600' };
  const abort = new AbortController();
  const waiting = new Signpost({
    baseUrl: proxy.url,
    apiKey: ADMIN_KEY,
    retry: { maxRetryAfterMs: 3_600_000 },
  });
  const call = waiting.request('get', '/v1/products/{id}', { params: { id: 'p' }, signal: abort.signal });
  setTimeout(() => abort.abort(), 50);
  await expect(call).rejects.toThrow(/abort/i);
});

it.each([{ baseUrl: 'nowhere', apiKey: 'k' }, { baseUrl: 'http://127.0.0.1' }])(
  'the constructor rejects incomplete options: %j',
  (options) => {
    expect(() => new Signpost(options)).toThrow(TypeError);
  },
);
