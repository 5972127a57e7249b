import { startTestApi, type Answer, type TestApi } from '../support/api';

/** Numbers that JavaScript would write differently. */
const NUMBERS = '{"amount":125.50,"big":12345678901234567890,"small":1e-7,"minus":-0,"deep":{"list":[1.0,2]}}';
const SPACED = NUMBERS.replaceAll(',', ' ,\n ').replaceAll(':', ' : ');
const TYPE = 'payment.confirmed.v1';

let api: TestApi;
let key: string;

beforeAll(async () => {
  api = await startTestApi();
  ({ key } = await api.tenant('payments'));
  await api.must('PUT', `/v1/event-types/${TYPE}`, {}, key);
  await api.must('POST', '/v1/customers', { id: 'c', name: 'C' }, key);
});
afterAll(() => api?.stop());

const send = (method: string, path: string, raw: string, headers: Record<string, string> = {}): Promise<Answer> =>
  api.call(method, path, { key, raw, headers });
const post = (data: string, rest = '', headers = {}) =>
  send('POST', '/v1/events', `{"type":"${TYPE}","customerId":"c","data":${data}${rest}}`, headers);
const textOf = async (path: string) => (await fetch(api.url + path, { headers: { 'x-api-key': key } })).text();

it('an event keeps its numbers as written, in data and user', async () => {
  const { status, body } = await post(SPACED, `,"user":${SPACED}`);
  expect(status).toBe(202);
  const shown = await textOf(`/v1/events/${body.id}`);
  expect(shown).toContain(`"data":${NUMBERS},"user":${NUMBERS},`);
  expect(await textOf(`/v1/events?limit=1`)).toContain(`"data":${NUMBERS},"user":${NUMBERS},`);
});

it('each event of a batch keeps its numbers, beside refused events', async () => {
  const event = (data: string) => `{"type":"${TYPE}","data":${data}}`;
  const raw = `{"events":[${event('{"n":1}')},7.50,${event(SPACED)},${event('{"n":2.0}')}]}`;
  const { body } = await send('POST', '/v1/events/batch', raw);
  expect(body.results.map(({ status }: { status: number }) => status)).toEqual([202, 422, 202, 202]);
  expect(await textOf(`/v1/events/${body.results[2].id}`)).toContain(`"data":${NUMBERS},`);
  expect(await textOf(`/v1/events/${body.results[3].id}`)).toContain('"data":{"n":2.0},');
});

it('the last value of a repeated name counts, and prototypes are not touched', async () => {
  const raw = `{"type":"${TYPE}","data":{"n":1.0},"data":{"n":2.0,"n":{"__proto__":{"polluted":3.0},"constructor":4.0}}}`;
  const { status, body } = await send('POST', '/v1/events', raw);
  expect(status).toBe(202);
  expect(await textOf(`/v1/events/${body.id}`)).toContain(
    '"data":{"n":{"__proto__":{"polluted":3.0},"constructor":4.0}},',
  );
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});

it('an event id identifies the same event if only the notation of numbers differs, not their values', async () => {
  const first = await post('{"a":125.50,"b":9007199254740993}', ',"id":"numbers-1"');
  expect(first.status).toBe(202);
  expect((await post('{"a":125.50,"b":9007199254740993}', ',"id":"numbers-1"')).body.duplicate).toBe(true);
  expect((await post('{"a":125.50,"b":9007199254740992}', ',"id":"numbers-1"')).body.code).toBe('event-id-conflict');
  expect((await post('{"a":125.50}', ',"id":"numbers-2"')).status).toBe(202);
  expect((await post('{"a":125.5}', ',"id":"numbers-2"')).body.duplicate).toBe(true);
  expect((await post('{"a":1.2550e2}', ',"id":"numbers-2"')).body.duplicate).toBe(true);
  expect((await post('{"a":125.51}', ',"id":"numbers-2"')).body.code).toBe('event-id-conflict');
});

it('an Idempotency-Key distinguishes numbers that a double cannot', async () => {
  const headers = { 'idempotency-key': 'numbers' };
  expect((await post('{"a":9007199254740993}', '', headers)).status).toBe(202);
  expect((await post('{"a":9007199254740993}', '', headers)).status).toBe(202);
  expect((await post('{"a":9007199254740992}', '', headers)).body.code).toBe('idempotency-key-conflict');
});

it('an event of a batch is limited to 256 KiB as written', async () => {
  const long = `{"type":"${TYPE}","data":{"n":1.${'0'.repeat(256 * 1024)}}}`;
  const { body } = await send('POST', '/v1/events/batch', `{"events":[${long}]}`);
  expect(body.results[0].status).toBe(413);
});

it.each(['[', '{"a":'])('refuses a body that is nested too deeply: %s', async (open) => {
  const nested = (depth: number) =>
    open.repeat(depth) + '"\\"["' + open.replace('{"a":', '}').replace('[', ']').repeat(depth);
  // The event and its data are two of the 500 levels.
  expect((await post(`{"a":${nested(498)}}`)).status).toBe(202);
  for (const depth of [499, 20_000])
    expect(await post(`{"a":${nested(depth)}}`)).toMatchObject({
      status: 422,
      body: {
        code: 'validation-failed',
        errors: [{ path: '', message: 'at most 500 levels of objects and arrays' }],
      },
    });
});

it('brackets in a string do not count towards the nesting depth', async () => {
  expect((await post(JSON.stringify({ a: `"\\${'['.repeat(5000)}` }))).status).toBe(202);
});

it('custom data keeps its numbers, also through a change of another field', async () => {
  const settings = `"customerId":"c","name":"numbers","url":"http://127.0.0.1:1/","eventTypes":["*"]`;
  const made = await send('POST', '/v1/subscriptions', `{${settings},"customData":${SPACED}}`);
  expect(made.status).toBe(201);
  const path = `/v1/subscriptions/${made.body.id}`;
  expect(await textOf(path)).toContain(`"customData":${NUMBERS},`);
  await send('PATCH', path, '{"description":"changed"}');
  expect(await textOf(path)).toContain(`"customData":${NUMBERS},`);
  await send('PATCH', path, '{"customData":{"n":1.10}}');
  expect(await textOf(path)).toContain('"customData":{"n":1.10},');
});

it('custom data keeps its numbers when all subscriptions are set up in one call', async () => {
  await api.must('POST', '/v1/customers', { id: 'd', name: 'D' }, key);
  const settings = (name: string) => `"name":"${name}","url":"http://127.0.0.1:1/","eventTypes":["*"]`;
  const put = (customData: string) =>
    send(
      'PUT',
      '/v1/customers/d/subscriptions',
      `{"subscriptions":[{${settings('a')}},{${settings('b')},"customData":${customData}}]}`,
    );
  for (const customData of ['{"n":1.0}', '{"n":2.50}']) {
    const { body } = await put(customData);
    expect(await textOf(`/v1/subscriptions/${body.items[1].id}`)).toContain(`"customData":${customData},`);
    expect(body.items[0].customData).toEqual({});
  }
});

it('a sample and given data keep their numbers when triggered', async () => {
  expect((await send('PUT', '/v1/event-types/numbers.sampled.v1', `{"sample":${SPACED}}`)).status).toBe(201);
  expect(await textOf('/v1/event-types/numbers.sampled.v1')).toContain(`"sample":${NUMBERS},`);
  const settings = `"customerId":"c","name":"sampled","url":"http://127.0.0.1:1/","eventTypes":["numbers.sampled.v1"]`;
  const { body: made } = await send('POST', '/v1/subscriptions', `{${settings}}`);
  for (const [raw, data] of [
    ['{}', NUMBERS],
    ['{"data": {"n": 3.50}}', '{"n":3.50}'],
  ]) {
    const { body } = await send('POST', `/v1/subscriptions/${made.id}/trigger`, raw!);
    expect(await textOf(`/v1/events/${body.eventId}`)).toContain(`"data":${data},`);
  }
});

it('the stored response of an Idempotency-Key keeps its numbers', async () => {
  const raw = `{"customerId":"c","name":"kept","url":"http://127.0.0.1:1/","eventTypes":["*"],"customData":{"n":1.50}}`;
  const call = async () =>
    (
      await fetch(`${api.url}/v1/subscriptions`, {
        method: 'POST',
        body: raw,
        headers: { 'x-api-key': key, 'content-type': 'application/json', 'idempotency-key': 'kept' },
      })
    ).text();
  const first = await call();
  expect(first).toContain('"customData":{"n":1.50}');
  expect(await call()).toBe(first);
});

it.each([
  ['1e400', '{"properties":{"a":{"maximum":1e400}}}', '/schema/properties/a/maximum'],
  ['an integer of 20 digits', '{"enum":[1,12345678901234567891]}', '/schema/enum/1'],
  [
    '2 to the power of 53, plus 1',
    '{"properties":{"a/b":{"minimum":9007199254740993}}}',
    '/schema/properties/a~1b/minimum',
  ],
  ['17 decimals', '{"default":{"n":0.10000000000000001}}', '/schema/default/n'],
])('a schema with a number that a double does not hold is refused: %s', async (_what, schema, path) => {
  const { status, body } = await send('PUT', '/v1/event-types/numbers.inexact.v1', `{"schema":${schema}}`);
  expect([status, body.code]).toEqual([422, 'invalid-schema']);
  expect(body.errors).toEqual([
    { path, message: 'has more digits than a double, and would be stored as another number' },
  ]);
  expect((await api.call('GET', '/v1/event-types/numbers.inexact.v1', { key })).status).toBe(404);
});

it('a schema may write the numbers of a double in any notation', async () => {
  const schema = '{"properties":{"a":{"multipleOf":0.010,"minimum":-0,"maximum":1e2,"enum":[1.50,1e21]}}}';
  expect((await send('PUT', '/v1/event-types/numbers.notation.v1', `{"schema":${schema}}`)).status).toBe(201);
});
