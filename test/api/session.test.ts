import type { Response } from 'express';
import { setSessionCookie, type CookieRules, type SessionKind } from '../../src/api/auth/session-cookie';
import { startTestApi, ADMIN_KEY, type Answer, type TestApi } from '../support/api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

interface SignedIn {
  cookie: string;
  csrf: string;
  answer: Answer;
}

async function signIn(credential: string): Promise<SignedIn> {
  const answer = await api.call('POST', '/v1/session', { key: null, body: { credential } });
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0]!;
  return { cookie, csrf: answer.body.csrfToken, answer };
}

const as = ({ cookie, csrf }: SignedIn) => ({ key: null, headers: { cookie, 'x-csrf-token': csrf } });
const lifeSeconds = ({ answer }: SignedIn) => (Date.parse(answer.body.expiresAt) - Date.now()) / 1000;

it('a session cookie is HttpOnly and SameSite=Strict', async () => {
  const session = await signIn(ADMIN_KEY);
  expect(session.answer.status).toBe(200);
  expect(session.answer.body).toMatchObject({
    principal: { id: 'bootstrap', role: 'admin', productId: null, customerId: null },
    temporalUiUrl: 'http://temporal.example',
    publicUrl: api.url,
  });
  const cookie = session.answer.headers.get('set-cookie')!;
  expect(cookie).toMatch(
    /^signpost_session=[\w-]{43}; Max-Age=\d+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
  );
  expect(session.answer.headers.get('cache-control')).toBe('no-store');
  expect(JSON.stringify(session.answer.body)).not.toContain(ADMIN_KEY);
  expect(Math.round(lifeSeconds(session) / 60)).toBe(12 * 60);
});

it('a session reads with the cookie alone, and changes only with the CSRF token', async () => {
  const session = await signIn(ADMIN_KEY);
  const { cookie } = session;
  expect((await api.call('GET', '/v1/products', { key: null, headers: { cookie } })).status).toBe(200);
  const body = { name: 'By a browser' };
  const without = await api.call('POST', '/v1/products', { key: null, headers: { cookie }, body });
  expect(without).toMatchObject({ status: 403, body: { code: 'csrf-token' } });
  const wrong = { cookie, 'x-csrf-token': 'x'.repeat(43) };
  expect((await api.call('POST', '/v1/products', { key: null, headers: wrong, body })).status).toBe(403);
  expect((await api.call('POST', '/v1/products', { ...as(session), body })).status).toBe(201);
});

it('a call with a credential in a header needs no CSRF token', async () => {
  const { cookie } = await signIn(ADMIN_KEY);
  const answer = await api.call('POST', '/v1/products', { headers: { cookie }, body: { name: 'By a header' } });
  expect(answer.status).toBe(201);
});

it('a session shows who is signed in, and ends for every copy of the cookie after signing out', async () => {
  const session = await signIn(ADMIN_KEY);
  const here = await api.call('GET', '/v1/session', as(session));
  expect(here).toMatchObject({ status: 200, body: { csrfToken: session.csrf } });
  const { cookie } = session;
  expect((await api.call('DELETE', '/v1/session', { key: null, headers: { cookie } })).body.code).toBe('csrf-token');
  expect((await api.call('GET', '/v1/products', as(session))).status).toBe(200);
  const out = await api.call('DELETE', '/v1/session', as(session));
  expect(out.status).toBe(204);
  expect(out.headers.get('set-cookie')).toMatch(/^signpost_session=; Max-Age=0/);
  expect((await api.call('GET', '/v1/session', as(session))).status).toBe(401);
  expect((await api.call('GET', '/v1/products', as(session))).status).toBe(401);
  expect((await api.call('DELETE', '/v1/session', { key: null })).status).toBe(204);
});

it('a session ends with the API key that signed in', async () => {
  const { id, key } = await api.must('POST', '/v1/api-keys', { name: 'short-lived', role: 'viewer' });
  const session = await signIn(key);
  expect(session.answer.body.principal).toMatchObject({ id, role: 'viewer' });
  await api.must('DELETE', `/v1/api-keys/${id}`);
  expect((await api.call('GET', '/v1/products', as(session))).status).toBe(401);
  expect((await api.call('GET', '/v1/session', as(session))).status).toBe(401);
});

it('a portal session in a browser ends with its token and is limited to the customer', async () => {
  const customer = await api.must('POST', '/v1/customers', { name: 'Portal customer' });
  const body = { customerId: customer.id, expiresInSeconds: 600 };
  const { token } = await api.must('POST', '/v1/portal-sessions', body);
  const session = await signIn(token);
  expect(session.answer.body).toMatchObject({
    principal: { role: 'customer', customerId: customer.id },
    temporalUiUrl: null,
  });
  expect(lifeSeconds(session)).toBeLessThanOrEqual(600);
  expect((await api.call('GET', '/v1/products', as(session))).status).toBe(403);
  expect((await api.call('GET', '/v1/subscriptions', as(session))).status).toBe(200);
});

it('signs in with OAuth access tokens', async () => {
  const { productId } = await api.tenant('Tokens');
  const client = await api.must('POST', '/v1/oauth-clients', { name: 'c', role: 'product', productId });
  const token = await api.must('POST', '/oauth/token', {
    grant_type: 'client_credentials',
    client_id: client.clientId,
    client_secret: client.clientSecret,
  });
  const session = await signIn(token.access_token);
  expect(session.answer.body.principal).toMatchObject({ role: 'product', productId });
});

it.each(['signpost_session=nonsense', `signpost_session=${'x'.repeat(43)}`, 'signpost_session', 'other=1'])(
  'refuses the session cookie %s',
  async (cookie) => {
    const answer = await api.call('GET', '/v1/products', { key: null, headers: { cookie } });
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  },
);

it('the database holds only hashes and sealed text of a session', async () => {
  const { cookie } = await signIn(ADMIN_KEY);
  const { rows } = await api.database.db.query<{ row: string }>({ text: 'select s::text as row from sessions s' });
  const kept = JSON.stringify(rows);
  const hex = (text: string) => Buffer.from(text).toString('hex');
  for (const secret of [ADMIN_KEY, cookie.split('=')[1]!]) {
    expect(kept).not.toContain(secret);
    expect(kept).not.toContain(hex(secret));
  }
});

it.each<[SessionKind, CookieRules]>([
  ['portal', { secure: false, portalIsFramed: true }],
  ['portal', { secure: true, portalIsFramed: false }],
  ['staff', { secure: true, portalIsFramed: true }],
])('the cookie of a %s session is SameSite=Strict and not partitioned with %j', (kind, rules) => {
  const cookie = jest.fn();
  setSessionCookie({ cookie } as unknown as Response, kind, 'token', 60, rules);
  expect(cookie.mock.calls[0][2]).toMatchObject({ sameSite: 'strict', partitioned: false, secure: rules.secure });
});

it('a portal shows the name of its customer and the branding of its product, and operators have neither', async () => {
  const branding = { name: 'Acme Pay', logoUrl: 'https://acme.example/logo.svg', accentColor: '#0a5c3b' };
  await api.must('POST', '/v1/products', { id: 'acme-pay', name: 'P', branding });
  await api.must('POST', '/v1/customers', { id: 'shop-1', name: 'Corner Shop', productId: 'acme-pay' });
  const { token } = await api.must('POST', '/v1/portal-sessions', { customerId: 'shop-1' });
  const portal = await signIn(token);
  const shown = { customerName: 'Corner Shop', branding };
  expect(portal.answer.body).toMatchObject(shown);
  expect((await api.call('GET', '/v1/session', as(portal))).body).toMatchObject(shown);
  expect((await signIn(ADMIN_KEY)).answer.body).toMatchObject({ customerName: null, branding: null });
});

describe('behind https', () => {
  let secure: TestApi;
  beforeAll(async () => {
    secure = await startTestApi([], {}, { publicUrl: 'https://signpost.example', portalIsFramed: true });
  });
  afterAll(() => secure.stop());

  it('the session cookie is bound to the host and to https, and another name is not accepted', async () => {
    const { headers } = await secure.call('POST', '/v1/session', { key: null, body: { credential: ADMIN_KEY } });
    const [cookie, ...attributes] = headers.get('set-cookie')!.split('; ');
    expect(cookie).toMatch(/^__Host-signpost_session=[\w-]{43}$/);
    expect(attributes).toEqual(expect.arrayContaining(['Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict']));
    const read = (sent: string) => secure.call('GET', '/v1/session', { key: null, headers: { cookie: sent } });
    expect((await read(cookie!)).status).toBe(200);
    expect((await read(cookie!.replace('__Host-', ''))).status).toBe(401);
  });

  it('the cookie of a portal that may be framed is sent in frames of other sites, and partitioned by them', async () => {
    await secure.must('POST', '/v1/customers', { id: 'framed', name: 'Framed Ltd' });
    const { token } = await secure.must('POST', '/v1/portal-sessions', { customerId: 'framed' });
    const { headers, body } = await secure.call('POST', '/v1/session', { key: null, body: { credential: token } });
    const [cookie, ...attributes] = headers.get('set-cookie')!.split('; ');
    expect(cookie).toMatch(/^__Host-signpost_portal=[\w-]{43}$/);
    expect(attributes).toEqual(
      expect.arrayContaining(['Path=/', 'HttpOnly', 'Secure', 'Partitioned', 'SameSite=None']),
    );
    expect(body).toMatchObject({ customerName: 'Framed Ltd', branding: null });
    const ended = await secure.call('DELETE', '/v1/session', {
      key: null,
      headers: { cookie: cookie!, 'x-csrf-token': body.csrfToken },
    });
    expect(ended.headers.get('set-cookie')).toMatch(/Max-Age=0.*Partitioned; SameSite=None/);
  });

  it.each(['/v1/session', '/healthz', '/docs', '/nowhere'])('%s keeps browsers on https', async (path) => {
    const header = async ({ url }: TestApi) => (await fetch(url + path)).headers.get('strict-transport-security');
    expect(await header(secure)).toBe('max-age=63072000');
    expect(await header(api)).toBeNull();
  });
});
