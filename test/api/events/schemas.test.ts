import { startTestApi, type TestApi } from '../../support/api';

/** Schemas, data and samples that would take the process's only thread for long. */
/** Work without a bound would take days. */
const ENDLESS_MS = 10_000;

let api: TestApi;
let tenant: { productId: string; key: string };

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.tenant('schemas');
});
afterAll(() => api?.stop());

const put = (name: string, body: object) => api.call('PUT', `/v1/event-types/${name}`, { key: tenant.key, body });
const post = (type: string, data: object) => api.call('POST', '/v1/events', { key: tenant.key, body: { type, data } });
const pattern = (source: string) => ({ type: 'object', properties: { a: { type: 'string', pattern: source } } });

/** The time of this process, which others do not change. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The longest time for which the event loop was not free. */
async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  let last = cpuMs();
  let longest = 0;
  const timer = setInterval(() => {
    const now = cpuMs();
    longest = Math.max(longest, now - last);
    last = now;
  }, 5);
  await work();
  clearInterval(timer);
  return Math.max(longest, cpuMs() - last);
}

it('an event whose data makes a pattern backtrack is answered soon, and others do not wait', async () => {
  expect(await put('backtracking.v1', { schema: pattern('^(a+)+$'), sample: { a: 'a'.repeat(30) } })).toMatchObject({
    status: 201,
  });
  const ms = await longestTurnMs(async () => {
    expect(await post('backtracking.v1', { a: `${'a'.repeat(40)}!` })).toMatchObject({
      status: 422,
      body: { code: 'data-breaks-schema', errors: [{ path: '/data/a' }] },
    });
    expect(await post('backtracking.v1', { a: 'a'.repeat(40) })).toMatchObject({ status: 202 });
  });
  expect(ms).toBeLessThan(ENDLESS_MS);
});

it('a sample that makes a pattern backtrack is refused soon', async () => {
  const sample = { a: `${'a'.repeat(40)}!` };
  expect(await put('bad-sample.v1', { schema: pattern('^(a+)+$'), sample })).toMatchObject({
    status: 422,
    body: { code: 'sample-breaks-schema' },
  });
});

it('a batch that takes long to validate leaves the event loop free between its events', async () => {
  await put('batch.v1', { schema: pattern('(a|b)*a(a|b){20}$') });
  const events = Array.from({ length: 60 }, () => ({ type: 'batch.v1', data: { a: `${'ab'.repeat(4000)}` } }));
  let answer: { status: number } | undefined;
  const before = cpuMs();
  const ms = await longestTurnMs(async () => {
    answer = await api.call('POST', '/v1/events/batch', { key: tenant.key, body: { events } });
  });
  expect(answer!.status).toBe(202);
  expect(ms).toBeLessThan((cpuMs() - before) / 3);
});

it('data that takes too many steps is an error of the data', async () => {
  await put('steps.v1', { schema: pattern('(a|b)*a(a|b){20}$') });
  expect(await post('steps.v1', { a: 'ab'.repeat(100_000) })).toMatchObject({
    status: 422,
    body: {
      code: 'data-breaks-schema',
      errors: [{ path: '/data', message: 'takes too many steps to validate; send less data or simplify the schema' }],
    },
  });
});

it('a pattern for which no bound can be given is refused with its place and the reason', async () => {
  expect(await put('unbounded.v1', { schema: pattern('.*(?=x)y') })).toMatchObject({
    status: 422,
    body: {
      code: 'invalid-schema',
      errors: [
        {
          path: '/schema/properties/a/pattern',
          message: 'the pattern cannot be used: the lookahead (?=x) is not supported in a pattern of this form',
        },
      ],
    },
  });
});

it('an event type that was stored with such a pattern accepts what the rest of its schema accepts', async () => {
  await put('stored.v1', { schema: null });
  const schema = { ...pattern('.*(?=x)y'), required: ['a'] };
  await api.database.db.query({
    text: 'update event_types set schema = $2, version = version + 1 where name = $1',
    values: ['stored.v1', JSON.stringify(schema)],
  });
  expect(await post('stored.v1', { a: 'anything' })).toMatchObject({ status: 202 });
  expect(await post('stored.v1', {})).toMatchObject({ status: 422, body: { errors: [{ path: '/data/a' }] } });
});

it.each([
  ['a billion items', { a: { type: 'array', minItems: 1e9, items: { type: 'string' } } }],
  ['a long text', { a: { type: 'string', minLength: 3e7 } }],
])('no sample is generated from a schema that asks for %s', async (_what, properties) => {
  const ms = await longestTurnMs(async () => {
    const answer = await put('large-sample.v1', { schema: { type: 'object', properties } });
    expect(answer.body).toMatchObject({ sample: null });
  });
  expect(ms).toBeLessThan(ENDLESS_MS);
});

it('a given sample may have the size of an event, and no more', async () => {
  const sample = (length: number) => ({ a: 'x'.repeat(length) });
  expect(await put('given-sample.v1', { sample: sample(250_000) })).toMatchObject({ status: 201 });
  expect(await put('given-sample.v1', { sample: sample(263_000) })).toMatchObject({ status: 413 });
});
