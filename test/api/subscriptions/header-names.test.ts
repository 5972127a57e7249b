import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings } from '../../support/tenant';

/** Names of custom headers: their case does not matter, and some belong to Signpost or to HTTP. */
let api: TestApi;
let key: string;
let customerId: string;
beforeAll(async () => {
  api = await startTestApi();
  ({ key, customerId } = await makeTenant(api));
});
afterAll(() => api?.stop());

const create = (headers: object, more: object = {}) =>
  api.call('POST', '/v1/subscriptions', { key, body: settings({ customerId, headers, ...more }) });
const refusedAt = (path: string) => ({ status: 422, body: { errors: [{ path }] } });

const RESERVED = [
  'accept-encoding',
  'connection',
  'content-digest',
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
  'content-transfer-encoding',
  'date',
  'digest',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'repr-digest',
  'signpost-attempt',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
  'webhook-anything',
  'webhook-id',
];

it.each(RESERVED)('the header %s is refused in any case, wherever headers are written', async (name) => {
  const { id } = await api.must('POST', '/v1/subscriptions', settings({ customerId }), key);
  const cases = [name, name.toUpperCase(), name[0]!.toUpperCase() + name.slice(1)];
  for (const written of cases) {
    const headers = { [written]: 'x' };
    const list = { subscriptions: [settings({ headers })] };
    expect(await create(headers)).toMatchObject(refusedAt(`/headers/${written}`));
    expect(await api.call('PATCH', `/v1/subscriptions/${id}`, { key, body: { headers } })).toMatchObject(
      refusedAt(`/headers/${written}`),
    );
    expect(await api.call('PUT', `/v1/customers/${customerId}/subscriptions`, { key, body: list })).toMatchObject(
      refusedAt(`/subscriptions/0/headers/${written}`),
    );
  }
});

it('names that differ only by their case are refused', async () => {
  expect(await create({ 'X-Key': 'a', 'x-key': 'a' })).toMatchObject(refusedAt('/headers'));
  expect(await create({ 'Content-Type': 'text/plain', 'content-type': 'text/html' })).toMatchObject(
    refusedAt('/headers'),
  );
});

it.each(['Authorization', 'authorization', 'AUTHORIZATION'])('%s cannot be set beside auth', async (name) => {
  const auth = { type: 'bearer', token: 't' };
  expect(await create({ [name]: 'x' }, { auth })).toMatchObject(refusedAt(`/headers/${name}`));
});

it('a mask keeps the value of a header whose name is written in another case', async () => {
  const { id } = await api.must('POST', '/v1/subscriptions', settings({ customerId, headers: { 'X-Key': 'k' } }), key);
  const changed = await api.must('PATCH', `/v1/subscriptions/${id}`, { headers: { 'x-key': '***' } }, key);
  expect(changed.headers).toEqual({ 'x-key': 'k' });
});

it.each([
  ['an empty name', '', 'x'],
  ['a blank in the name', 'x y', 'x'],
  ['a colon in the name', ':authority', 'x'],
  ['a control character in the name', 'x\ny', 'x'],
  ['a letter beyond ASCII in the name', 'x-é', 'x'],
  ['a line break in the value', 'x-a', 'a\r\nb: c'],
  ['a character beyond Latin-1 in the value', 'x-a', '€'],
  ['a blank before the value', 'x-a', ' a'],
  ['a blank after the value', 'x-a', 'a\t'],
])('a header with %s is refused', async (_, name, value) => {
  expect(await create({ [name]: value })).toMatchObject(refusedAt(`/headers/${name}`));
});

it.each(['', 'a', 'a b', '\u00e9', 'a\tb'])('the value %j is kept', async (value) => {
  expect(await create({ 'x-a': value })).toMatchObject({ status: 201, body: { headers: { 'x-a': value } } });
});
