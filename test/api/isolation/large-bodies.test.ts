import { Ajv2020 } from 'ajv/dist/2020';
import { startTestApi, type TestApi } from '../../support/api';

/** What large bodies and costly schemas of one tenant may do on the event loop, which all share. */
const SMALL = 16 * 1024;
const COSTLY = {
  type: 'object',
  properties: { list: { type: 'array', uniqueItems: true, contains: { required: ['none'] }, minContains: 0 } },
};
const items = (count: number) => Array.from({ length: count }, (_, index) => ({ index, text: `text ${index}` }));

let api: TestApi;
let tenant: { productId: string; key: string };
beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.tenant('large');
  await api.must('POST', '/v1/customers', { id: 'large-c', name: 'C' }, tenant.key);
  await api.must('PUT', '/v1/event-types/large.plain.v1', {}, tenant.key);
  await api.must('PUT', '/v1/event-types/large.costly.v1', { schema: COSTLY }, tenant.key);
});
afterAll(() => api.stop());
afterEach(() => jest.restoreAllMocks());

/** Records the longest text that is parsed on the event loop during some work. */
async function longestParsed(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  const parse = JSON.parse.bind(JSON);
  jest.spyOn(JSON, 'parse').mockImplementation((text, reviver) => {
    longest = Math.max(longest, text.length);
    return parse(text, reviver) as unknown;
  });
  await work();
  jest.restoreAllMocks();
  return longest;
}

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  api.call('POST', path, { key: tenant.key, body, headers });
const event = (type: string, list: unknown, id?: string) => ({ id, type, customerId: 'large-c', data: { list } });

it.each(['large.plain.v1', 'large.costly.v1'])('parses no large event of type %s on the event loop', async (type) => {
  // The first event of a type makes its schema known.
  for (const tries of [1, 2]) {
    const longest = await longestParsed(async () => {
      expect(await post('/v1/events', event(type, items(4000)))).toMatchObject({ status: 202 });
    });
    expect({ tries, isSmall: longest < SMALL }).toEqual({ tries, isSmall: true });
  }
});

it('parses no large batch on the event loop, and keeps the order of its events', async () => {
  const events = Array.from({ length: 20 }, (_, index) =>
    event(index % 2 ? 'large.plain.v1' : 'large.costly.v1', items(2000 + index), `in-order-${index}`),
  );
  let results: { id: string; status: number }[] = [];
  const longest = await longestParsed(async () => {
    results = (await post('/v1/events/batch', { events })).body.results;
  });
  // The response itself is parsed by the test.
  expect(longest).toBeLessThan(SMALL);
  expect(results.map(({ id, status }) => ({ id, status }))).toEqual(events.map(({ id }) => ({ id, status: 202 })));
  const { rows } = await api.database.db.query<{ given_id: string }>({
    text: "select given_id from events where given_id like 'in-order-%' order by id",
  });
  expect(rows.map((row) => row.given_id)).toEqual(events.map(({ id }) => id));
});

it('compiles no schema of an event type on the event loop when it is written', async () => {
  const compile = jest.spyOn(Ajv2020.prototype, 'compile');
  const properties = Object.fromEntries(items(300).map(({ text }) => [text, { type: 'string', minLength: 1 }]));
  await api.must('PUT', '/v1/event-types/large.many.v1', { schema: { properties } }, tenant.key);
  await post('/v1/events', { type: 'large.many.v1', customerId: 'large-c', data: { 'text 1': 'x' } });
  expect(compile).not.toHaveBeenCalled();
});

it('reads a large event as it reads a small one', async () => {
  const padding = 'x'.repeat(SMALL);
  const written = (text: string, amount: string) =>
    `{"id":"exact-1","type":"large.plain.v1","customerId":"large-c","data":{"amount":${amount},"list":["${text}"]}}`;
  const send = (raw: string) => api.call('POST', '/v1/events', { key: tenant.key, raw });
  expect(await send(written(padding, '125.50'))).toMatchObject({ status: 202 });
  expect(await send(written(padding, '125.5'))).toMatchObject({ status: 200, body: { duplicate: true } });
  expect(await send(written(padding, '126'))).toMatchObject({ status: 409, body: { code: 'event-id-conflict' } });
  // The same event, with white space that makes its body large or not.
  const small = '{"id":"exact-2","type":"large.plain.v1","customerId":"large-c","data":{"amount":1e400}}';
  expect(await send(small)).toMatchObject({ status: 202 });
  expect(await send(small.replace('"data"', `${' '.repeat(SMALL)}"data"`))).toMatchObject({ status: 200 });
  const { body } = await api.call('GET', '/v1/events/exact-1', { key: tenant.key });
  expect(JSON.stringify(body.data.amount)).toBe('125.5');
});

it.each([
  ['malformed JSON', `{"type": ${' '.repeat(SMALL)}`, 400, 'malformed-json', undefined],
  ['an unknown field', `{"type":"a.b.v1","x":1,"data":{"a":"${'x'.repeat(SMALL)}"}}`, 422, 'validation-failed', '/x'],
  ['deep nesting', `${'['.repeat(SMALL)}${']'.repeat(SMALL)}`, 422, 'validation-failed', ''],
  [
    'a type without a catalog entry',
    `{"type":"a.b.v1","data":{"a":"${'x'.repeat(SMALL)}"}}`,
    422,
    'unknown-event-type',
    '/type',
  ],
])('refuses a large event with %s like a small one', async (_case, raw, status, code, path) => {
  const answer = await api.call('POST', '/v1/events', { key: tenant.key, raw });
  expect(answer).toMatchObject({ status, body: { code } });
  expect(answer.body.errors?.[0]?.path).toBe(path);
});

it('lists the errors of large data with pointers into it', async () => {
  const list = items(1000);
  const answer = await post('/v1/events', event('large.costly.v1', [...list, list[1]]));
  expect(answer).toMatchObject({
    status: 422,
    body: { code: 'data-breaks-schema', errors: [{ path: '/data/list' }] },
  });
});

it('returns the first answer to a large body that repeats an Idempotency-Key', async () => {
  const headers = { 'idempotency-key': 'large-1' };
  const body = event('large.costly.v1', items(3000));
  const first = await post('/v1/events', body, headers);
  expect(first.status).toBe(202);
  expect((await post('/v1/events', body, headers)).body).toEqual(first.body);
  expect(await post('/v1/events', event('large.costly.v1', items(3001)), headers)).toMatchObject({
    status: 409,
    body: { code: 'idempotency-key-conflict' },
  });
});

it('limits the large bodies of a tenant, and not the small ones', async () => {
  const limited = await startTestApi(undefined, undefined, { limits: { largeBodies: 1 } });
  try {
    const [busy, quiet] = [await limited.tenant('busy'), await limited.tenant('quiet')];
    const send = (key: string, size: number) =>
      limited.call('POST', '/v1/events', { key, body: { type: 'a.b.v1', data: { text: 'x'.repeat(size) } } });
    const statuses = [];
    for (let index = 0; index < 6; index++) statuses.push((await send(busy.key, 200 * 1024)).status);
    expect(statuses).toEqual([422, 422, 422, 422, 422, 429]);
    const refused = await send(busy.key, 200 * 1024);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await send(busy.key, 100)).status).toBe(422);
    expect((await send(quiet.key, 200 * 1024)).status).toBe(422);
  } finally {
    await limited.stop();
  }
});

it('returns large events and event types in shorter pages that contain each of them once', async () => {
  const other = await api.tenant('listed');
  const text = 'x'.repeat(200 * 1024);
  await api.must('POST', '/v1/customers', { id: 'listed-c', name: 'C' }, other.key);
  for (let index = 10; index < 22; index++) {
    await api.must('PUT', `/v1/event-types/listed.t${index}.v1`, { sample: { text } }, other.key);
    const body = { id: `listed-${index}`, type: 'listed.t10.v1', customerId: 'listed-c', data: { text } };
    await api.must('POST', '/v1/events', body, other.key);
  }
  for (const [path, key, smallest, largest] of [
    ['/v1/events', 'id', 'listed-21', 'listed-10'],
    ['/v1/event-types', 'name', 'listed.t10.v1', 'listed.t21.v1'],
  ] as const) {
    const seen: string[] = [];
    const sizes: number[] = [];
    for (let cursor = ''; ;) {
      const page = await api.must('GET', `${path}?limit=200${cursor}`, undefined, other.key);
      sizes.push(JSON.stringify(page).length);
      seen.push(...page.items.map((item: Record<string, string>) => item[key]));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect({ path, largest: Math.max(...sizes) < 1.3 * 1024 * 1024, pages: sizes.length > 1 }).toEqual({
      path,
      largest: true,
      pages: true,
    });
    expect([seen.length, new Set(seen).size, seen[0], seen.at(-1)]).toEqual([12, 12, smallest, largest]);
  }
});

it('charges large responses to the tenant that gets them', async () => {
  const limited = await startTestApi(undefined, undefined, { limits: { largeBodies: 1 } });
  try {
    const [busy, quiet] = [await limited.tenant('busy'), await limited.tenant('quiet')];
    await limited.must('POST', '/v1/customers', { id: 'busy-c', name: 'C' }, busy.key);
    await limited.must('PUT', '/v1/event-types/busy.a.v1', {}, busy.key);
    for (let index = 0; index < 30; index++) {
      const body = { type: 'busy.a.v1', customerId: 'busy-c', data: { text: 'x'.repeat(14 * 1024) } };
      await limited.must('POST', '/v1/events', body, busy.key);
    }
    const list = (key: string) => limited.call('GET', '/v1/events', { key });
    const statuses = [];
    for (let index = 0; index < 4; index++) statuses.push((await list(busy.key)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await list(quiet.key)).status).toBe(200);
  } finally {
    await limited.stop();
  }
});
