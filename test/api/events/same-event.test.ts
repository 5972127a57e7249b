import { gzipSync } from 'node:zlib';
import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings, unique } from '../../support/tenant';

/** When a posted event is the same as one before, and what is kept of it. */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
beforeAll(async () => {
  api = await startTestApi();
  tenant = await makeTenant(api);
});
afterAll(() => api?.stop());

/** Posts an event with these members, as JSON text. */
const post = (id: string, members: string) =>
  api.call('POST', '/v1/events', { key: tenant.key, raw: `{"id":"${id}","type":"${tenant.eventType}",${members}}` });

const LARGE = `"large":"${'x'.repeat(20_000)}"`;

describe.each(['', LARGE])('an event with the same id', (padding) => {
  const data = (members: string) => `"data":{${[members, padding].filter(Boolean).join(',')}}`;
  it.each([
    ['white space', data('"a":1'), ` ${data('"a": 1')} `],
    ['the order of names', data('"a":1,"b":{"c":2,"d":3}'), data('"b":{"d":3,"c":2},"a":1')],
    ['the form of numbers', data('"a":[1,100,1.5,0]'), data('"a":[1.0,1e2,15e-1,-0.0]')],
    ['large numbers', data('"a":1e400'), data('"a":10e399')],
    ['escapes', data('"a":"A/"'), data('"a":"\\u0041\\/"')],
    ['no channels', `${data('"a":1')}`, `"channels":[],${data('"a":1')}`],
    [
      'the offset of the time',
      `"timestamp":"2026-01-31T12:00:00Z",${data('')}`,
      `"timestamp":"2026-01-31t13:00:00.000+01:00",${data('')}`,
    ],
    [
      'the digits of the time that change nothing',
      `"timestamp":"2026-01-31T12:00:00Z",${data('')}`,
      `"timestamp":"2026-01-31T13:00:00.000000+01:00",${data('')}`,
    ],
    [
      'zeros after the digits of the time',
      `"timestamp":"2026-01-31T12:00:00.120000Z",${data('')}`,
      `"timestamp":"2026-01-31T12:00:00.12Z",${data('')}`,
    ],
    [
      'the order of members',
      `"channels":["x"],"user":{"u":1,"v":2},${data('')}`,
      `${data('')},"user":{"v":2,"u":1},"channels":["x"]`,
    ],
  ])('is a repost, whatever %s', async (_, first, second) => {
    const id = unique('same');
    expect((await post(id, first)).status).toBe(202);
    expect(await post(id, second)).toMatchObject({ status: 200, body: { id, duplicate: true } });
  });

  it.each([
    ['a number that no double holds and null', data('"v":1e400'), data('"v":null')],
    ['two numbers that no double holds', data('"v":1e400'), data('"v":1e500')],
    ['their signs', data('"v":1e400'), data('"v":-1e400')],
    ['a number that is too small and 0', data('"v":1e-400'), data('"v":0')],
    ['two numbers that are too small', data('"v":1e-400'), data('"v":5e-400')],
    ['long integers', data('"v":9007199254740993'), data('"v":9007199254740992')],
    ['a number and its text', data('"v":1'), data('"v":"1"')],
    ['the order of a list', data('"v":[1,2]'), data('"v":[2,1]')],
    ['`__proto__`', data('"__proto__":{"a":1}'), data('"b":1')],
    ['channels', `"channels":["a"],${data('')}`, data('')],
    [
      'digits of the time',
      `"timestamp":"2026-01-31T12:00:00.123456Z",${data('')}`,
      `"timestamp":"2026-01-31T12:00:00.123999Z",${data('')}`,
    ],
    [
      'a leap second',
      `"timestamp":"2016-12-31T23:59:60Z",${data('')}`,
      `"timestamp":"2016-12-31T23:59:59.999Z",${data('')}`,
    ],
    ['user and data', `"user":{},${data('')}`, data('')],
  ])('is another one if it differs in %s', async (_, first, second) => {
    const id = unique('other');
    expect((await post(id, first)).status).toBe(202);
    expect(await post(id, second)).toMatchObject({ status: 409, body: { code: 'event-id-conflict' } });
    expect(await post(id, first)).toMatchObject({ status: 200 });
  });
});

describe('the time of an event', () => {
  it.each([
    ['2026-01-31T12:00:00.123456789Z', '2026-01-31T12:00:00.123456789Z'],
    ['2026-01-31T12:00:00.120000Z', '2026-01-31T12:00:00.120000Z'],
    ['2026-01-31t12:00:00z', '2026-01-31T12:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:60.000Z'],
    ['0001-01-01T00:00:00.5Z', '0001-01-01T00:00:00.500Z'],
    ['9999-12-31T23:59:59.9999Z', '9999-12-31T23:59:59.9999Z'],
  ])('%s is answered as %s, alone and in lists', async (timestamp, shown) => {
    const id = unique('timed');
    expect((await post(id, `"timestamp":"${timestamp}","data":{}`)).status).toBe(202);
    expect(await api.must('GET', `/v1/events/${id}`)).toMatchObject({ timestamp: shown });
    const [newest] = (await api.must('GET', '/v1/events?limit=1', undefined, tenant.key)).items;
    expect(newest).toMatchObject({ id, timestamp: shown });
  });

  it.each([
    '9999-12-31T23:59:59.999-12:00',
    '0000-01-01T00:00:00+12:00',
    '2026-02-30T00:00:00Z',
    '2026-01-31T12:00:60Z',
  ])('%s is refused', async (timestamp) => {
    expect(await post(unique('refused'), `"timestamp":"${timestamp}","data":{}`)).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/timestamp' }] },
    });
  });
});

it.each([
  ['an event', '/v1/events', (text: Buffer) => text],
  ['a large event', '/v1/events', (text: Buffer) => Buffer.concat([text, Buffer.alloc(20_000, ' ')])],
  [
    'a batch',
    '/v1/events/batch',
    (text: Buffer) => Buffer.concat([Buffer.from('{"events":['), text, Buffer.from(']}')]),
  ],
  ['another object', '/v1/customers', () => invalid('{"name":"?"}')],
])('%s that is not UTF-8 is malformed JSON', async (_, path, wrap) => {
  const raw = wrap(invalid(`{"type":"${tenant.eventType}","data":{"a":"?"}}`));
  const answer = { status: 400, body: { code: 'malformed-json' } };
  expect(await api.call('POST', path, { raw })).toMatchObject(answer);
  const headers = { 'content-encoding': 'gzip' };
  expect(await api.call('POST', path, { raw: gzipSync(raw), headers })).toMatchObject(answer);
});

/** Replaces each `?` by bytes that are not UTF-8. */
function invalid(text: string): Buffer {
  const parts = text.split('?').map((part) => Buffer.from(part));
  return Buffer.concat(
    parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from([0xff, 0xfe, 0xc3, 0x28]), part])),
  );
}

it('a body with a byte order mark is read', async () => {
  const raw = `\ufeff{"type":"${tenant.eventType}","data":{"a":1.50}}`;
  expect(await api.call('POST', '/v1/events', { key: tenant.key, raw })).toMatchObject({ status: 202 });
});

describe('a member called `__proto__`', () => {
  it('is kept in the data and the user of an event', async () => {
    const id = unique('proto');
    await post(id, '"data":{"__proto__":{"a":1.50},"b":2},"user":{"__proto__":1}');
    const response = await fetch(`${api.url}/v1/events/${id}`, { headers: { 'x-api-key': tenant.key } });
    const text = await response.text();
    expect(text).toContain('"data":{"__proto__":{"a":1.50},"b":2}');
    expect(text).toContain('"user":{"__proto__":1}');
  });

  const objects = () => settings({ customerId: tenant.customerId });
  const text = async (path: string) =>
    (await fetch(`${api.url}${path}`, { headers: { 'x-api-key': tenant.key } })).text();

  it.each(['{"__proto__":{"a":1},"b":2}', '{"__proto__":{"a":1},"n":1.50}', '{"deep":{"__proto__":1}}'])(
    'is kept in the custom data %s',
    async (customData) => {
      const raw = `${JSON.stringify(objects()).slice(0, -1)},"customData":${customData}}`;
      const { status, body } = await api.call('POST', '/v1/subscriptions', { key: tenant.key, raw });
      expect(status).toBe(201);
      expect(await text(`/v1/subscriptions/${body.id}`)).toContain(`"customData":${customData}`);
      const patch = `{"customData":{"__proto__":7}}`;
      await api.call('PATCH', `/v1/subscriptions/${body.id}`, { key: tenant.key, raw: patch });
      expect(await text(`/v1/subscriptions/${body.id}`)).toContain('"customData":{"__proto__":7}');
    },
  );

  it('is kept in a sample and a schema', async () => {
    const name = unique('proto.v');
    const raw =
      '{"sample":{"__proto__":{"a":1},"b":2},"schema":{"type":"object","description":"D","x-extra":{"__proto__":1}}}';
    expect((await api.call('PUT', `/v1/event-types/${name}`, { key: tenant.key, raw })).status).toBe(201);
    const shown = await text(`/v1/event-types/${name}`);
    expect(shown).toContain('"sample":{"__proto__":{"a":1},"b":2}');
    expect(shown).toContain('"x-extra":{"__proto__":1}');
  });

  it.each([
    '{"properties":{"__proto__":{"type":"string"}}}',
    '{"required":["__proto__"]}',
    '{"properties":{"a":{"items":{"dependentRequired":{"__proto__":["b"]}}}}}',
  ])('makes the schema %s invalid, because no validator would enforce it', async (schema) => {
    const raw = `{"schema":${schema}}`;
    expect(await api.call('PUT', `/v1/event-types/${unique('proto.v')}`, { key: tenant.key, raw })).toMatchObject({
      status: 422,
      body: { code: 'invalid-schema' },
    });
  });

  it.each([
    [
      'POST',
      '/v1/subscriptions',
      () => `${JSON.stringify(objects()).slice(0, -1)},"headers":{"__proto__":"x"}}`,
      '/headers/__proto__',
    ],
    ['POST', '/v1/subscriptions', () => `${JSON.stringify(objects()).slice(0, -1)},"__proto__":"x"}`, '/__proto__'],
    ['POST', '/v1/customers', () => '{"name":"C","__proto__":{"name":"D"}}', '/__proto__'],
    ['POST', '/v1/events', () => `{"type":"${tenant.eventType}","data":{},"__proto__":1}`, '/__proto__'],
  ])('is refused where names are fixed, or names of headers: %s %s', async (method, path, raw, pointer) => {
    expect(await api.call(method, path, { key: tenant.key, raw: raw() })).toMatchObject({
      status: 422,
      body: { errors: [{ path: pointer }] },
    });
  });
});

describe('names that cannot be stored', () => {
  const NAMES = ['n\\ud800', 'n\\udc00x', 'n\\u0000'];
  const calls: [string, string, (name: string) => string][] = [
    ['POST', '/v1/products', (name) => `{"name":"${name}"}`],
    ['POST', '/v1/customers', (name) => `{"name":"${name}"}`],
    ['POST', '/v1/api-keys', (name) => `{"name":"${name}","role":"admin"}`],
    ['POST', '/v1/oauth-clients', (name) => `{"name":"${name}","role":"admin"}`],
    ['PUT', '/v1/event-types/named.v1', (name) => `{"productId":"${tenant.productId}","description":"${name}"}`],
    [
      'POST',
      '/v1/subscriptions',
      (name) => JSON.stringify({ ...settings({ customerId: tenant.customerId }), name: '?' }).replace('?', name),
    ],
    [
      'POST',
      '/v1/subscriptions',
      (name) => JSON.stringify({ ...settings({ customerId: tenant.customerId }), description: '?' }).replace('?', name),
    ],
    [
      'POST',
      '/v1/subscriptions',
      (name) => JSON.stringify({ ...settings({ customerId: tenant.customerId }), channels: ['?'] }).replace('?', name),
    ],
    [
      'POST',
      '/v1/subscriptions',
      (name) => JSON.stringify({ ...settings({ customerId: tenant.customerId }), secret: '?' }).replace('?', name),
    ],
    [
      'POST',
      '/v1/subscriptions',
      (name) =>
        JSON.stringify({ ...settings({ customerId: tenant.customerId }), url: 'https://a.example/?' }).replace(
          '?',
          name,
        ),
    ],
  ];
  it.each(calls)('are refused with a pointer: %s %s', async (method, path, body) => {
    for (const name of NAMES)
      expect(await api.call(method, path, { raw: body(name) })).toMatchObject({
        status: 422,
        body: { code: 'validation-failed', errors: [{ path: expect.stringMatching(/^\/\w/) }] },
      });
  });

  it('are refused in the list of a customer’s subscriptions', async () => {
    const raw = JSON.stringify({ subscriptions: [{ ...settings(), name: '?' }] }).replace('?', NAMES[0]!);
    const path = `/v1/customers/${tenant.customerId}/subscriptions`;
    expect(await api.call('PUT', path, { key: tenant.key, raw })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/subscriptions/0/name' }] },
    });
  });
});
