import { decodeId } from '../../../src/domain/ids';
import { challengeResponse } from '../../../src/domain/signing';
import { startTestApi, type TestApi } from '../../support/api';
import { useReceiver } from '../../support/receiver';
import { makeTenant, settings } from '../../support/tenant';

/** Headers and credentials of deliveries: who may see them, and how they are kept and changed. */
let api: TestApi;
let key: string;
let customerId: string;
let eventType: string;
let viewer: string;
let portal: string;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());
beforeEach(async () => {
  const tenant = await makeTenant(api);
  ({ key, customerId, eventType } = tenant);
  const { productId } = tenant;
  viewer = (await api.must('POST', '/v1/api-keys', { name: 'v', role: 'viewer', productId })).key;
  portal = (await api.must('POST', '/v1/api-keys', { name: 'c', role: 'customer', customerId })).key;
});

const receiver = useReceiver();
const create = (fields: object) => api.must('POST', '/v1/subscriptions', settings({ customerId, ...fields }), key);
const read = (id: string, by = key) => api.must('GET', `/v1/subscriptions/${id}`, undefined, by);
const patch = (id: string, body: object) => api.call('PATCH', `/v1/subscriptions/${id}`, { key, body });
const errorsOf = async (call: Promise<{ status: number; body: { errors?: { path: string }[] } }>) => {
  const { status, body } = await call;
  return [status, body.errors?.map(({ path }) => path)];
};
async function row(id: string): Promise<Record<string, unknown>> {
  const { rows } = await api.database.db.query<Record<string, unknown>>({
    text: 'select *, headers::text as headers, custom_data::text as custom_data from subscriptions where id = $1',
    values: [decodeId('sub', id)],
  });
  return rows[0]!;
}
const audits = async (id: string) => (await api.must('GET', `/v1/audit?object=${id}`)).items.length as number;

const HEADERS = { Authorization: 'Bearer canary-header', 'X-Team': 'canary-team' };
const MASKED = { Authorization: '***', 'X-Team': '***' };
const BASIC = { type: 'basic', username: 'ada', password: 'canary-password' };
const BEARER = { type: 'bearer', token: 'canary-token' };

describe('header values', () => {
  it('are shown to those who may change the subscription, and masked for viewers, alone and in lists', async () => {
    const { id } = await create({ headers: HEADERS });
    for (const by of [key, portal]) expect((await read(id, by)).headers).toEqual(HEADERS);
    expect((await read(id, viewer)).headers).toEqual(MASKED);
    const { items } = await api.must('GET', `/v1/subscriptions?customerId=${customerId}`, undefined, viewer);
    expect(items).toEqual([expect.objectContaining({ id, headers: MASKED })]);
  });

  it('are stored sealed only', async () => {
    const { id } = await create({ headers: HEADERS });
    const stored = await row(id);
    expect(stored.headers).toBe('{}');
    expect((stored.private_settings as Buffer).toString('latin1')).not.toContain('canary');
  });

  it('are kept where a change sends the mask back, whatever the case of the name', async () => {
    const { id } = await create({ headers: HEADERS });
    const answer = await patch(id, { headers: { authorization: '***', 'X-Other': 'x' } });
    expect(answer.body.headers).toEqual({ authorization: 'Bearer canary-header', 'X-Other': 'x' });
  });

  it('are refused where a mask stands for no stored value', async () => {
    const { id } = await create({ headers: HEADERS });
    expect(await errorsOf(patch(id, { headers: { 'X-New': '***' } }))).toEqual([422, ['/headers/X-New']]);
    const body = settings({ customerId, headers: { 'X-New': '***' } });
    expect(await errorsOf(api.call('POST', '/v1/subscriptions', { key, body }))).toEqual([422, ['/headers/X-New']]);
    const all = { subscriptions: [settings({ headers: { 'X-New': '***' } })] };
    const path = `/v1/customers/${customerId}/subscriptions`;
    expect(await errorsOf(api.call('PUT', path, { key, body: all }))).toEqual([
      422,
      ['/subscriptions/0/headers/X-New'],
    ]);
  });

  it.each([
    'Content-Encoding',
    'content-range',
    'Content-MD5',
    'Digest',
    'Date',
    'Accept-Encoding',
    'Transfer-Encoding',
    'webhook-id',
  ])('cannot be set for %s', async (name) => {
    const body = settings({ customerId, headers: { [name]: 'gzip' } });
    expect(await errorsOf(api.call('POST', '/v1/subscriptions', { key, body }))).toEqual([422, [`/headers/${name}`]]);
  });

  it('are not dropped silently for the name __proto__', async () => {
    const raw = JSON.stringify(settings({ customerId, headers: 'HEADERS' }));
    const withProto = raw.replace('"HEADERS"', '{"__proto__":"x","X-B":"y"}');
    const call = api.call('POST', '/v1/subscriptions', { key, raw: withProto });
    expect(await errorsOf(call)).toEqual([422, ['/headers/__proto__']]);
  });

  it('may be set for Content-Type and User-Agent', async () => {
    const headers = { 'Content-Type': 'application/vnd.acme+json', 'User-Agent': 'Acme/1' };
    expect((await create({ headers })).headers).toEqual(headers);
  });
});

describe('receiver authentication', () => {
  it.each([
    [BASIC, { ...BASIC, password: '***' }],
    [BEARER, { ...BEARER, token: '***' }],
  ])('masks the secret of %o for everybody', async (auth, masked) => {
    const created = await create({ auth });
    expect(created.auth).toEqual(masked);
    for (const by of [key, portal, viewer]) expect((await read(created.id, by)).auth).toEqual(masked);
  });

  it('keeps the secret where a change sends the mask back with other fields changed', async () => {
    const { id } = await create({ auth: BASIC, url: receiver.url() });
    expect((await patch(id, { auth: { ...BASIC, username: 'bob', password: '***' } })).status).toBe(200);
    await api.must('POST', `/v1/subscriptions/${id}/challenge`, {}, key);
    const authorization = `Basic ${Buffer.from('bob:canary-password').toString('base64')}`;
    expect(receiver.requests[0]!.headers).toMatchObject({ authorization });
  });

  it('keeps no secret of another type', async () => {
    const { id } = await create({ auth: BASIC });
    expect(await errorsOf(patch(id, { auth: { type: 'bearer', token: '***' } }))).toEqual([422, ['/auth/token']]);
    await patch(id, { auth: { type: 'none' } });
    expect(await errorsOf(patch(id, { auth: { ...BASIC, password: '***' } }))).toEqual([422, ['/auth/password']]);
  });

  it.each([
    [{ type: 'basic', username: 'a:b', password: 'x' }, '/auth/username'],
    [{ type: 'basic', username: 'a', password: 'x\n' }, '/auth/password'],
    [{ type: 'basic', username: 'a' }, '/auth/password'],
    [{ type: 'bearer', token: 'a b' }, '/auth/token'],
    [{ type: 'bearer', token: '' }, '/auth/token'],
    [{ type: 'bearer', token: 'x', username: 'a' }, '/auth/username'],
    [{ type: 'digest' }, '/auth/type'],
  ])('refuses %o', async (auth, path) => {
    const body = settings({ customerId, auth });
    expect(await errorsOf(api.call('POST', '/v1/subscriptions', { key, body }))).toEqual([422, [path]]);
  });

  it('refuses the header Authorization beside it', async () => {
    const headers = { authorization: 'x' };
    const body = settings({ customerId, headers, auth: BEARER });
    const pointer = [422, ['/headers/authorization']];
    expect(await errorsOf(api.call('POST', '/v1/subscriptions', { key, body }))).toEqual(pointer);
    const { id } = await create({ auth: BEARER });
    expect(await errorsOf(patch(id, { headers }))).toEqual(pointer);
    expect((await patch(id, { headers, auth: { type: 'none' } })).status).toBe(200);
  });

  it('refuses format trigger, which sends a token of its own', async () => {
    const body = settings({ customerId, format: 'trigger', eventTypes: [eventType], auth: BEARER });
    expect(await errorsOf(api.call('POST', '/v1/subscriptions', { key, body }))).toEqual([422, ['/auth']]);
    const { id } = await create({ format: 'trigger', eventTypes: [eventType] });
    expect(await errorsOf(patch(id, { auth: BEARER }))).toEqual([422, ['/auth']]);
  });
});

describe('a challenge', () => {
  it('carries headers and credentials, so that a receiver that requires them can pass it', async () => {
    const { id, secret } = await create({ headers: { 'X-Api-Key': 'k' }, auth: BEARER, url: receiver.url() });
    receiver.answerRaw((request, response) => {
      const { 'x-api-key': apiKey, authorization } = request.headers;
      const token = new URL(request.url!, 'http://receiver').searchParams.get('crc_token')!;
      const allowed = apiKey === 'k' && authorization === 'Bearer canary-token';
      response.writeHead(allowed ? 200 : 401).end(JSON.stringify({ response_token: challengeResponse(secret, token) }));
    });
    expect(await api.must('POST', `/v1/subscriptions/${id}/challenge`, {}, key)).toMatchObject({ status: 'verified' });
  });
});

describe('a subscription', () => {
  it('does not change by a write that changes nothing', async () => {
    const given = { headers: HEADERS, customData: { a: 1.5, b: [1] }, channels: ['x'], retrySchedule: [1, 2] };
    const created = await create(given);
    const { modified_at: modifiedAt, revision } = await row(created.id);
    const before = await audits(created.id);
    const { body } = await patch(created.id, {
      ...given,
      headers: { ...HEADERS, 'X-Team': '***' },
      name: created.name,
    });
    const { secret: _, ...same } = created;
    expect(body).toEqual(same);
    expect(await row(created.id)).toMatchObject({ modified_at: modifiedAt, revision });
    expect(await audits(created.id)).toBe(before);
    expect(api.settled).not.toContain(created.id);
  });

  it('names only what changed in the audit', async () => {
    const { id, name } = await create({ auth: BASIC });
    await patch(id, { name, auth: BEARER });
    const { items } = await api.must('GET', `/v1/audit?object=${id}`);
    expect(items[0]).toMatchObject({ action: 'subscription.change', changes: { auth: { to: '***' } } });
    expect(Object.keys(items[0].changes)).toEqual(['auth']);
    expect(JSON.stringify(items)).not.toContain('canary');
  });

  it('keeps nothing that may hold a credential once it is deleted', async () => {
    const transform = { language: 'jsonata', expression: '{"a": "canary"}' };
    const { id } = await create({ headers: { 'X-Team': 'a' }, auth: BASIC, customData: { a: 'canary' }, transform });
    expect((await api.call('DELETE', `/v1/subscriptions/${id}`, { key })).status).toBe(204);
    expect(await row(id)).toMatchObject({
      headers: '{}',
      private_settings: null,
      private_settings_sealed_by: null,
      custom_data: '{}',
      transform: null,
    });
  });

  it('is set up with its credentials by the call for all of a customer, twice without a change', async () => {
    const path = `/v1/customers/${customerId}/subscriptions`;
    const body = { subscriptions: [settings({ headers: HEADERS }), settings({ name: 'b', auth: BASIC })] };
    const first = await api.must('PUT', path, body, key);
    expect(first.items.map(({ auth }: { auth: unknown }) => auth)).toEqual([
      { type: 'none' },
      { ...BASIC, password: '***' },
    ]);
    const second = await api.must('PUT', path, body, key);
    const times = ({ items }: { items: { modifiedAt: string }[] }) => items.map(({ modifiedAt }) => modifiedAt);
    expect(times(second)).toEqual(times(first));
  });
});

describe('the query of a URL', () => {
  const url = 'https://x.allowed.example/hook?token=canary&flag&a=1';
  const masked = 'https://x.allowed.example/hook?token=***&***&a=***';

  it('is masked for viewers', async () => {
    const { id } = await create({ url });
    for (const by of [key, portal]) expect((await read(id, by)).url).toBe(url);
    expect((await read(id, viewer)).url).toBe(masked);
  });

  it('is masked for viewers in the list of webhooks', async () => {
    await create({ url, format: 'flat' });
    const list = await api.must('GET', `/v1/webhooks?customerId=${customerId}`, undefined, viewer);
    expect(list.webHooks).toEqual([expect.objectContaining({ url: masked })]);
  });

  it('is not searched for viewers, who could guess it part by part', async () => {
    await create({ url });
    const found = async (q: string, by: string) =>
      (await api.must('GET', `/v1/subscriptions?customerId=${customerId}&q=${encodeURIComponent(q)}`, undefined, by))
        .items.length;
    expect([await found('token=canary', key), await found('token=canary', viewer)]).toEqual([1, 0]);
    expect(await found('example/hook', viewer)).toBe(1);
  });
});

describe('custom data', () => {
  const customData = { apiToken: 'canary-custom', deep: { list: ['canary-custom'] }, amount: 1.5 };

  it('is shown to those who may change the subscription, and its values masked for viewers', async () => {
    const { id } = await create({ format: 'trigger', eventTypes: [eventType], customData });
    for (const by of [key, portal]) expect((await read(id, by)).customData).toEqual(customData);
    const masked = { apiToken: '***', deep: '***', amount: '***' };
    expect((await read(id, viewer)).customData).toEqual(masked);
    const { items } = await api.must('GET', `/v1/subscriptions?customerId=${customerId}`, undefined, viewer);
    expect(items).toEqual([expect.objectContaining({ id, customData: masked })]);
  });
});
