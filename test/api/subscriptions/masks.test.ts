import { decodeId } from '../../../src/domain/ids';
import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings } from '../../support/tenant';

/** Masks of the URL and the custom data that a caller sends back. */
let api: TestApi;
let key: string;
let customerId: string;
let viewer: string;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());
beforeEach(async () => {
  const tenant = await makeTenant(api);
  ({ key, customerId } = tenant);
  viewer = (await api.must('POST', '/v1/api-keys', { name: 'v', role: 'viewer', productId: tenant.productId })).key;
});

const HOOK = 'http://127.0.0.1:1/hook';
const URL_STORED = `${HOOK}?token=canary&token=second&q=a%20b&bare`;
const CUSTOM = { token: 'canary', count: 1, nested: { a: ['b'] } };

const create = (fields: object) => api.must('POST', '/v1/subscriptions', settings({ customerId, ...fields }), key);
const read = (id: string, by = key) => api.must('GET', `/v1/subscriptions/${id}`, undefined, by);
const patch = (id: string, body: object) => api.call('PATCH', `/v1/subscriptions/${id}`, { key, body });
const put = (...subscriptions: object[]) =>
  api.call('PUT', `/v1/customers/${customerId}/subscriptions`, { key, body: { subscriptions } });
const hook = (body: object) => api.call('PUT', '/v1/webhooks', { key, body: { events: ['*'], customerId, ...body } });
const errorsOf = ({ status, body }: { status: number; body: { errors?: { path: string }[] } }) => [
  status,
  body.errors?.map(({ path }) => path),
];

it('a PATCH that sends back what a viewer sees keeps the URL and the custom data', async () => {
  const { id } = await create({ url: URL_STORED, customData: CUSTOM });
  const { url, customData } = await read(id, viewer);
  expect(url).toBe(`${HOOK}?token=***&token=***&q=***&***`);
  expect(await patch(id, { url, customData })).toMatchObject({ status: 200 });
  expect(await read(id)).toMatchObject({ url: URL_STORED, customData: CUSTOM, verification: { status: 'unverified' } });
});

it('a mask keeps its value while the rest changes', async () => {
  const { id } = await create({ url: URL_STORED, customData: CUSTOM });
  const url = 'http://127.0.0.1:2/other?new=1&token=***';
  const change = { url, customData: { nested: '***', count: 2 } };
  expect(await patch(id, change)).toMatchObject({ status: 200 });
  expect(await read(id)).toMatchObject({ url: url.replace('***', 'canary') });
  expect((await read(id)).customData).toEqual({ nested: CUSTOM.nested, count: 2 });
});

it('a kept number of the custom data has all its digits', async () => {
  const raw = JSON.stringify(settings({ customerId, customData: { amount: 0, token: 'a' } })).replace(':0', ':125.50');
  const { id } = (await api.call('POST', '/v1/subscriptions', { key, raw })).body;
  await patch(id, { customData: { amount: '***', token: 'b' } });
  const { rows } = await api.database.db.query({
    text: 'select custom_data::text as text from subscriptions where id = $1',
    values: [decodeId('sub', id)],
  });
  expect(rows).toEqual([{ text: '{"amount":125.50,"token":"b"}' }]);
});

it('a percent-encoded mask is a mask', async () => {
  const { id } = await create({ url: `${HOOK}?token=canary` });
  expect(await patch(id, { url: `${HOOK}?token=%2A%2a*` })).toMatchObject({ status: 200 });
  expect((await read(id)).url).toBe(`${HOOK}?token=canary`);
});

it.each([
  ['a parameter that is not stored', { url: `${HOOK}?other=***` }, '/url'],
  ['a further value of a parameter', { url: `${HOOK}?token=***&token=***&token=***` }, '/url'],
  ['a further part without a name', { url: `${HOOK}?***&***` }, '/url'],
  ['a member that is not stored', { customData: { 'a/b': '***' } }, '/customData/a~1b'],
])('a mask for %s is refused', async (_, change, path) => {
  const { id } = await create({ url: URL_STORED, customData: CUSTOM });
  expect(errorsOf(await patch(id, change))).toEqual([422, [path]]);
  expect(await read(id)).toMatchObject({ url: URL_STORED, customData: CUSTOM });
  const body = settings({ customerId, ...change });
  expect(errorsOf(await api.call('POST', '/v1/subscriptions', { key, body }))).toEqual([422, [path]]);
});

it('a set-up that sends masks back keeps the values, and refuses those of a new subscription', async () => {
  await create({ name: 'kept', url: URL_STORED, customData: CUSTOM });
  const masked = { url: `${HOOK}?token=***&token=***&q=***&***`, customData: { token: '***', count: '***' } };
  const kept = settings({ name: 'kept', ...masked });
  expect(errorsOf(await put(kept, settings({ name: 'new', ...masked })))).toEqual([
    422,
    ['/subscriptions/1/url', '/subscriptions/1/customData/token', '/subscriptions/1/customData/count'],
  ]);
  expect(await put(kept)).toMatchObject({
    status: 200,
    body: { items: [{ url: URL_STORED, customData: { token: 'canary', count: 1 } }] },
  });
});

it('a webhook is found by its masked URL if that names one, and is not registered otherwise', async () => {
  const list = async () => (await api.must('GET', '/v1/webhooks', undefined, key)).webHooks;
  await hook({ url: `${HOOK}?token=one`, events: ['a.*'] });
  expect(await hook({ url: `${HOOK}?token=***`, events: ['b.*'] })).toMatchObject({ status: 201 });
  const one = { url: `${HOOK}?token=one`, events: ['a.*', 'b.*'] };
  expect(await list()).toMatchObject([one]);
  const two = { url: `${HOOK}?token=two`, events: ['a.*'] };
  await hook(two);
  expect(errorsOf(await hook({ url: `${HOOK}?token=***`, events: ['c.*'] }))).toEqual([422, ['/url']]);
  expect(await list()).toMatchObject([one, two]);
});

it('a masked token URL keeps its query, and a mask for nothing is refused', async () => {
  const auth = { type: 'oauth2', tokenUrl: `${HOOK}?tenant=canary`, clientId: 'c', clientSecret: 'secret' };
  const { id } = await create({ auth });
  const seen = (await read(id, viewer)).auth;
  expect(seen).toMatchObject({ tokenUrl: `${HOOK}?tenant=***`, clientSecret: '***' });
  expect(await patch(id, { auth: { ...seen, clientId: 'd' } })).toMatchObject({ status: 200 });
  expect((await read(id)).auth).toEqual({ ...auth, clientId: 'd', clientSecret: '***' });
  const unfounded = { ...auth, tokenUrl: `${HOOK}?other=***` };
  expect(errorsOf(await patch(id, { auth: unfounded }))).toEqual([422, ['/auth/tokenUrl']]);
});

it('a mask is no signing secret, wherever one can be sent', async () => {
  const { id } = await create({});
  const secret = async () => (await api.must('GET', `/v1/subscriptions/${id}/secret`, undefined, key)).secret;
  const before = await secret();
  const listed = settings({ secret: '***' });
  const body = { ...listed, customerId };
  for (const [answer, path] of [
    [await api.call('POST', '/v1/subscriptions', { key, body }), '/secret'],
    [await put(listed), '/subscriptions/0/secret'],
    [await hook({ url: HOOK, secret: '***' }), '/secret'],
    [await api.call('POST', `/v1/subscriptions/${id}/secret/rotate`, { key, body: { secret: '***' } }), '/secret'],
  ] as const)
    expect(errorsOf(answer)).toEqual([422, [path]]);
  expect(await secret()).toBe(before);
});
