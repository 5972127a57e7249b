import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings } from '../../support/tenant';

/** What a product learns of another one's event types and allow-list entries. */
let api: TestApi;
let a: Awaited<ReturnType<typeof makeTenant>>;
let b: Awaited<ReturnType<typeof makeTenant>>;
const SECRET_TYPE = 'secret.payment.v1';

beforeAll(async () => {
  api = await startTestApi();
  a = await makeTenant(api);
  b = await makeTenant(api);
  const schema = { type: 'object', required: ['iban'], properties: { iban: { type: 'string' } } };
  await api.must('PUT', `/v1/event-types/${SECRET_TYPE}`, { schema }, a.key);
});
afterAll(() => api.stop());

describe("an event of another product's type", () => {
  const withoutPath = ({ status, body }: { status: number; body: { instance?: string } }) => ({
    status,
    body: { ...body, instance: undefined },
  });

  it('gets the same answer as one of an unknown type, whatever its data', async () => {
    // The owner's schema is in the cache then, as in a busy service.
    await api.must('POST', '/v1/events', { type: SECRET_TYPE, data: { iban: 'x' } }, a.key);
    const post = async (type: string, data: object) =>
      withoutPath(await api.call('POST', '/v1/events', { key: b.key, body: { type, data } }));
    const unknown = await post('no.such.v1', {});
    expect(unknown).toMatchObject({ status: 422, body: { code: 'unknown-event-type' } });
    for (const data of [{}, { iban: 1 }, { iban: 'x' }]) expect(await post(SECRET_TYPE, data)).toEqual(unknown);
  });

  it('gets that answer in a batch, too', async () => {
    const events = [SECRET_TYPE, 'no.such.v1'].map((type) => ({ type, data: {} }));
    const { results } = await api.must('POST', '/v1/events/batch', { events }, b.key);
    expect(results[0]).toEqual(results[1]);
  });

  it('still shows its own product the faults', async () => {
    for (const key of [a.key, undefined]) {
      const { body } = await api.call('POST', '/v1/events', { key, body: { type: SECRET_TYPE, data: {} } });
      expect(body).toMatchObject({ code: 'data-breaks-schema', errors: [{ path: '/data/iban' }] });
    }
  });
});

describe('the allow-list', () => {
  interface Entry {
    pattern: string;
    requestedBy: string | null;
    decidedBy: string | null;
  }
  const list = async (key?: string): Promise<Entry[]> =>
    (await api.must('GET', '/v1/url-allowlist', undefined, key)).items;
  const add = (pattern: string, customerId?: string, key?: string) =>
    api.must('POST', '/v1/url-allowlist', { pattern, customerId }, key);
  let viewerOfB: string;

  beforeAll(async () => {
    await api.must('POST', '/v1/customers', { id: 'shared', name: 'S' });
    await add('https://all.example');
    await add('https://shared.example', 'shared');
    await add('https://a.example', a.customerId);
    await add('https://b.example', b.customerId);
    await add('https://requested-by-a.example', undefined, a.key);
    const { id } = await add('https://requested-by-b.example', undefined, b.key);
    await api.must('PATCH', `/v1/url-allowlist/${id}`, { status: 'approved' });
    const viewer = { name: 'v', role: 'viewer', productId: b.productId };
    viewerOfB = (await api.must('POST', '/v1/api-keys', viewer)).key;
  });

  it('shows a product its own requests, and entries for all customers or one that it sees', async () => {
    for (const key of [b.key, viewerOfB]) {
      expect((await list(key)).map(({ pattern }) => pattern)).toEqual([
        'https://requested-by-b.example',
        'https://b.example',
        'https://shared.example',
        'https://all.example',
      ]);
    }
    expect(await list()).toHaveLength(6);
  });

  it('shows a product no names of others', async () => {
    const admins = (await list()).map(({ decidedBy }) => decidedBy).filter((name) => name !== null);
    expect(admins).toHaveLength(5);
    const [own, ...others] = await list(b.key);
    expect(own).toMatchObject({ requestedBy: expect.any(String), decidedBy: null });
    for (const entry of others) expect(entry).toMatchObject({ requestedBy: null, decidedBy: null });
  });
});

describe('a challenge', () => {
  const challenge = (id: string, key?: string) =>
    api.call('POST', `/v1/subscriptions/${id}/challenge`, { key, body: {} });
  const make = async (overrides: object) =>
    (await api.must('POST', '/v1/subscriptions', settings({ customerId: a.customerId, ...overrides }), a.key)).id;

  it.each([
    ['an enabled subscription', {}],
    ['a disabled subscription', { enabled: false }],
  ])('is not sent to a URL that is not approved, of %s, whoever asks', async (_, overrides) => {
    const id = await make({ url: 'https://1.1.1.1:6443/', ...overrides });
    const portal = await api.must('POST', '/v1/portal-sessions', { customerId: a.customerId });
    for (const key of [a.key, portal.token, undefined]) {
      const { status, body } = await challenge(id, key);
      expect([status, body.code]).toEqual([409, 'url-not-approved']);
    }
    expect((await api.must('GET', `/v1/subscriptions/${id}/challenges`)).items).toEqual([]);
    expect(await api.must('GET', `/v1/subscriptions/${id}`)).toMatchObject({ verification: { status: 'unverified' } });
  });

  it('is sent to an approved URL, also of a disabled subscription', async () => {
    expect((await challenge(await make({ enabled: false }))).status).toBe(200);
  });

  it('is not sent any more once the approval is withdrawn', async () => {
    const { id: entry } = await api.must('POST', '/v1/url-allowlist', { pattern: 'https://withdrawn.invalid' });
    const id = await make({ url: 'https://withdrawn.invalid/' });
    expect((await challenge(id)).status).toBe(200);
    await api.must('DELETE', `/v1/url-allowlist/${entry}`);
    expect((await challenge(id)).status).toBe(409);
  });
});
