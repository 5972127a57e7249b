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

it('sends an event with an id of its own', async () => {
  const accepted = await signpost.events.send({ type: 'paid.v1', customerId: 'c', data: { id: 'P-1' } });
  expect(accepted).toMatchObject({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), duplicate: false });
  expect((await signpost.events.get(accepted.id)).data).toEqual({ id: 'P-1' });
});

it.each([[['break']], [[503, 502, 'break']], [[429]]])('sends again after %j', async (failures) => {
  proxy.failures = [...failures] as FaultyProxy['failures'];
  const accepted = await signpost.events.send({ type: 'paid.v1', customerId: 'c', data: { id: 'P-2' } });
  expect(accepted.duplicate).toBe(false);
  expect(proxy.seen).toHaveLength(failures.length + 1);
});

it('sends no second event where only the answer was lost', async () => {
  proxy.failures = ['lose'];
  const id = `lost-${Date.now()}`;
  const accepted = await signpost.events.send({ id, type: 'paid.v1', customerId: 'c', data: { id: 'P-3' } });
  expect(accepted.id).toBe(id);
  const { rows } = await api.database.db.query<{ count: number }>({
    text: 'select count(*)::int from event_keys where given_id = $1',
    values: [id],
  });
  expect(rows[0]!.count).toBe(1);
});

it('makes nothing twice where only the answer was lost: the key of the first request goes along', async () => {
  proxy.failures = ['lose'];
  const made = await signpost.customers.create({ name: 'Once' });
  const keys = proxy.seen.map(({ idempotencyKey }) => idempotencyKey);
  expect(keys).toEqual([keys[0], keys[0]]);
  const all = [];
  for await (const customer of signpost.customers.list({ q: 'Once' })) all.push(customer.id);
  expect(all).toEqual([made.id]);
});

it('waits as long as the server asks', async () => {
  proxy.failures = [429];
  proxy.headers = { 'retry-after': '1' };
  await signpost.products.get('p');
  expect(proxy.seen[1]!.at - proxy.seen[0]!.at).toBeGreaterThanOrEqual(900);
});

it('gives up after as many repetitions as it was told, with what was answered last', async () => {
  const brief = new Signpost({ baseUrl: proxy.url, apiKey: ADMIN_KEY, retry: { ...quick, retries: 2 } });
  proxy.failures = [500, 500, 503];
  await expect(brief.products.get('p')).rejects.toMatchObject({ name: 'SignpostError', status: 503, code: 'unknown' });
  proxy.failures = ['break', 'break', 'break'];
  await expect(brief.products.get('p')).rejects.toBeInstanceOf(SignpostUnreachableError);
});

it('has problems as errors, with their code and the fields at fault, and does not repeat them', async () => {
  const refused = signpost.events.send({ type: 'paid.v1', customerId: 'c', data: { id: 1 } });
  await expect(refused).rejects.toMatchObject({
    status: 422,
    code: 'data-breaks-schema',
    errors: [{ path: '/data/id', message: expect.any(String) }],
  });
  expect(proxy.seen).toHaveLength(1);
  await expect(signpost.products.get('none')).rejects.toThrow(SignpostError);
});

it('sends many in batches, each with a result of its own, in order', async () => {
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

it('keeps a batch of large events under what the API takes', async () => {
  const data = { id: 'x'.repeat(200_000) };
  const results = await signpost.events.sendMany(
    Array.from({ length: 60 }, () => ({ type: 'paid.v1', customerId: 'c', data })),
  );
  expect(results.every((result) => !(result instanceof SignpostError))).toBe(true);
  expect(proxy.seen).toHaveLength(2);
}, 60_000);

it('iterates lists over their pages', async () => {
  for (let index = 0; index < 5; index++) await signpost.customers.create({ name: `Paged ${index}` });
  const names = [];
  for await (const { name } of signpost.customers.list({ limit: 2, q: 'Paged' })) names.push(name);
  expect(names.sort()).toEqual(['Paged 0', 'Paged 1', 'Paged 2', 'Paged 3', 'Paged 4']);
});

it('signs in by OAuth once for many calls, and anew when its token is not taken any more', async () => {
  const client = await api.must('POST', '/v1/oauth-clients', { name: 'o', role: 'product', productId: 'p' });
  const oauth = { clientId: client.clientId, clientSecret: client.clientSecret };
  const byToken = new Signpost({ baseUrl: proxy.url, oauth, retry: quick });
  await Promise.all([byToken.products.get('p'), byToken.products.get('p')]);
  await byToken.products.get('p');
  const tokens = () => proxy.seen.filter(({ path }) => path === '/oauth/token').length;
  expect(tokens()).toBe(1);
  proxy.failures = [401];
  await byToken.products.get('p');
  expect(tokens()).toBe(2);
  const wrong = new Signpost({ baseUrl: proxy.url, oauth: { ...oauth, clientSecret: 'wrong' }, retry: quick });
  await expect(wrong.products.get('p')).rejects.toMatchObject({ status: 401, code: 'invalid_client' });
});

it('stops when it is told to', async () => {
  proxy.failures = Array(10).fill(503);
  const abort = new AbortController();
  const slow = new Signpost({
    baseUrl: proxy.url,
    apiKey: ADMIN_KEY,
    retry: { firstDelayMs: 60_000, maxDelayMs: 60_000 },
  });
  const call = slow.request('get', '/v1/products/{id}', { params: { id: 'p' }, signal: abort.signal });
  setTimeout(() => abort.abort(), 50);
  await expect(call).rejects.toThrow(/abort/i);
});

it.each([{ baseUrl: 'nowhere', apiKey: 'k' }, { baseUrl: 'http://127.0.0.1' }])(
  'refuses options that are not complete',
  (options) => {
    expect(() => new Signpost(options)).toThrow(TypeError);
  },
);
