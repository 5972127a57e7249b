import { ADMIN_KEY, startTestApi, type TestApi } from '../../support/api';
import { WebClient } from '../../support/web-client';
import { makeTenant, settings } from '../../support/tenant';
import { until } from '../../support/until';

/** Sessions of browsers: listed, ended, renewed, and recent enough to reveal a secret. */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await makeTenant(api);
});
afterAll(() => api?.stop());
beforeEach(() => api.database.db.query({ text: 'delete from sessions' }));

const headersOf = (csrfToken: string) => ({ 'content-type': 'application/json', 'x-csrf-token': csrfToken });

/** Signs a browser in. @returns how it calls the API */
async function signIn(credential: string, browser = new WebClient(), headers: Record<string, string> = {}) {
  const response = await browser.request(`${api.url}/v1/session`, {
    method: 'POST',
    body: JSON.stringify({ credential }),
    headers: { 'content-type': 'application/json', 'user-agent': 'Test browser', ...headers },
  });
  if (response.status !== 200) throw new Error(`${response.status} ${response.body}`);
  const session = JSON.parse(response.body);
  return {
    session,
    browser,
    cookies: () => [...(browser.cookies.get(api.url)?.keys() ?? [])],
    async call(method: string, path: string, more: Record<string, string> = {}, body?: object) {
      const all = { ...headersOf(session.csrfToken), ...more };
      const text = body && JSON.stringify(body);
      const answer = await browser.request(api.url + path, { method, headers: all, body: text });
      return { status: answer.status, body: answer.body === '' ? undefined : JSON.parse(answer.body) };
    },
  };
}

const newKey = async (role = 'viewer') =>
  (await api.must('POST', '/v1/api-keys', { name: `key of a ${role}`, role })) as { id: string; key: string };
const update = (text: string) => api.database.db.query({ text });
const portalOf = (body: object = {}) =>
  api.must('POST', '/v1/portal-sessions', { customerId: tenant.customerId, ...body }, tenant.key);

it('lists the own sessions with address, browser and times, and marks the current one', async () => {
  const { id, key } = await newKey();
  const [first, second] = [await signIn(key), await signIn(key)];
  await signIn(ADMIN_KEY);
  const { body } = await first.call('GET', '/v1/sessions');
  const common = {
    principalId: id,
    principalName: 'key of a viewer',
    role: 'viewer',
    method: 'credential',
    address: '127.0.0.1',
    userAgent: 'Test browser',
  };
  expect(body.items).toMatchObject([
    { ...common, id: second.session.id, current: false },
    { ...common, id: first.session.id, current: true },
  ]);
  expect((await first.call('GET', '/v1/sessions?of=everyone')).status).toBe(403);
  const all = await api.must('GET', '/v1/sessions?of=everyone&limit=2');
  expect(all.items).toHaveLength(2);
  const rest = await api.must('GET', `/v1/sessions?of=everyone&limit=2&cursor=${all.nextCursor}`);
  expect(rest).toMatchObject({ items: [{ id: first.session.id }], nextCursor: null });
});

it('keeps the first 300 characters of what a browser calls itself', async () => {
  const { key } = await newKey();
  const mine = await signIn(key, undefined, { 'user-agent': 'x'.repeat(2000) });
  const { body } = await mine.call('GET', '/v1/sessions');
  expect(body.items).toMatchObject([{ userAgent: 'x'.repeat(300) }]);
});

it('ends one own session, and never one of somebody else', async () => {
  const { key } = await newKey();
  const [mine, other, foreign] = [await signIn(key), await signIn(key), await signIn((await newKey()).key)];
  expect((await mine.call('DELETE', `/v1/sessions/${foreign.session.id}`)).status).toBe(404);
  expect((await mine.call('DELETE', `/v1/sessions/${other.session.id}`)).status).toBe(204);
  expect((await mine.call('DELETE', `/v1/sessions/${other.session.id}`)).status).toBe(404);
  expect((await other.call('GET', '/v1/products')).status).toBe(401);
  for (const { call } of [mine, foreign]) expect((await call('GET', '/v1/products')).status).toBe(200);
});

it('an admin ends the session of anybody, and the audit log says whose', async () => {
  const { id, key } = await newKey();
  const theirs = await signIn(key);
  const admin = await signIn(ADMIN_KEY);
  expect((await admin.call('DELETE', `/v1/sessions/${theirs.session.id}`)).status).toBe(204);
  expect((await theirs.call('GET', '/v1/products')).status).toBe(401);
  const { items } = await api.must('GET', `/v1/audit?object=${theirs.session.id}`);
  expect(items).toMatchObject([
    { action: 'session.end', actorId: 'bootstrap', detail: { principalId: id } },
    { action: 'session.create', actorId: id, detail: { method: 'credential' }, address: '127.0.0.1' },
  ]);
});

it('signing out everywhere ends all own sessions, and leaves the key and others', async () => {
  const { key } = await newKey();
  const mine = [await signIn(key), await signIn(key)];
  const other = await signIn(ADMIN_KEY);
  expect((await mine[0]!.call('DELETE', '/v1/sessions')).status).toBe(204);
  for (const { call } of mine) expect((await call('GET', '/v1/products')).status).toBe(401);
  expect((await other.call('GET', '/v1/products')).status).toBe(200);
  expect((await api.call('GET', '/v1/products', { key })).status).toBe(200);
});

it('a session that changes something by cookie needs the CSRF token to end sessions', async () => {
  const mine = await signIn(ADMIN_KEY);
  for (const path of ['/v1/sessions', `/v1/sessions/${mine.session.id}`])
    expect((await mine.call('DELETE', path, { 'x-csrf-token': '' })).status).toBe(403);
});

it('a sign-in in the same browser renews the session and ends the one before', async () => {
  const first = await signIn(ADMIN_KEY);
  const before = first.browser.cookies.get(api.url)!.get('signpost_session')!;
  const second = await signIn(ADMIN_KEY, first.browser);
  expect(second.session.id).not.toBe(first.session.id);
  expect(second.session.csrfToken).not.toBe(first.session.csrfToken);
  const headers = { cookie: `signpost_session=${before}` };
  expect((await api.call('GET', '/v1/products', { key: null, headers })).status).toBe(401);
  expect((await second.call('GET', '/v1/products')).status).toBe(200);
});

it('a session ends when nobody uses it, and use keeps it', async () => {
  const { key } = await newKey();
  const [used, unattended] = [await signIn(key), await signIn(key)];
  await update("update sessions set last_used_at = now() - interval '29 minutes'");
  expect((await used.call('GET', '/v1/products')).status).toBe(200);
  // The page refreshes itself, but nobody touches it.
  expect((await unattended.call('GET', '/v1/products', { 'x-signpost-unattended': 'true' })).status).toBe(200);
  await api.writeLastUse();
  await update("update sessions set last_used_at = last_used_at - interval '2 minutes'");
  await until(
    async () => (await unattended.call('GET', '/v1/products', { 'x-signpost-unattended': 'true' })).status,
    (status) => status === 401,
  );
  expect((await unattended.call('GET', '/v1/products')).status).toBe(401);
  expect((await used.call('GET', '/v1/products')).status).toBe(200);
  expect((await used.call('GET', '/v1/sessions')).body.items).toHaveLength(1);
});

describe('calls that return a secret', () => {
  let path: string;
  beforeAll(async () => {
    const { id } = await api.must('POST', '/v1/subscriptions', settings({ customerId: tenant.customerId }), tenant.key);
    path = `/v1/subscriptions/${id}/secret`;
  });
  const forget = () => update("update sessions set authenticated_at = now() - interval '601 seconds'");

  it('need a recent sign-in in a browser, and work after another sign-in', async () => {
    const before = await signIn(ADMIN_KEY);
    expect((await before.call('GET', path)).status).toBe(200);
    await forget();
    await until(
      async () => (await before.call('GET', path)).status,
      (status) => status === 403,
    );
    const calls: [string, string, object?][] = [
      ['GET', path],
      ['POST', `${path}/rotate`, {}],
      ['POST', `${path}/link`, {}],
      ['POST', '/v1/api-keys', { name: 'k', role: 'viewer' }],
      ['POST', '/v1/oauth-clients', { name: 'k', role: 'viewer' }],
      ['POST', `/v1/api-keys/${(await newKey()).id}/rotate`, {}],
      ['POST', '/v1/portal-sessions', { customerId: tenant.customerId }],
      ['PUT', '/v1/webhooks', { events: ['a.b'], url: 'http://127.0.0.1:1/', secret: 'another' }],
    ];
    for (const [method, route, body] of calls)
      expect([route, await before.call(method, route, {}, body)]).toMatchObject([
        route,
        { status: 403, body: { code: 'reauthentication-required' } },
      ]);
    expect((await before.call('GET', path.replace('/secret', ''))).status).toBe(200);
    const again = await signIn(ADMIN_KEY, before.browser);
    expect((await again.call('GET', path)).status).toBe(200);
  });

  it('need none with a key in the header, nor in a portal, which lives for a short time', async () => {
    const portal = await signIn((await portalOf()).token);
    await forget();
    expect((await portal.call('GET', path)).status).toBe(200);
    expect((await api.call('GET', path, { key: tenant.key })).status).toBe(200);
  });

  it('are not opened by sending the token of an operator as that of a portal', async () => {
    const mine = await signIn(ADMIN_KEY);
    await forget();
    const cookie = `signpost_portal=${mine.browser.cookies.get(api.url)!.get('signpost_session')}`;
    const headers = { cookie, 'x-signpost-portal': 'true' };
    expect((await api.call('GET', path, { key: null, headers })).body.code).toBe('reauthentication-required');
  });
});

describe('a portal', () => {
  const inPortal = { 'x-signpost-portal': 'true' };

  it('is beside the session of an operator in the same browser, and ends alone', async () => {
    const staff = await signIn(ADMIN_KEY);
    const portal = await signIn((await portalOf()).token, staff.browser, inPortal);
    expect(staff.cookies()).toEqual(['signpost_session', 'signpost_portal']);
    expect((await staff.call('GET', '/v1/session')).body.principal.role).toBe('admin');
    expect((await portal.call('GET', '/v1/session', inPortal)).body.principal.role).toBe('customer');
    expect((await staff.call('GET', '/v1/products')).status).toBe(200);
    expect((await portal.call('GET', '/v1/products', inPortal)).status).toBe(403);
    expect((await portal.call('DELETE', '/v1/session', inPortal)).status).toBe(204);
    expect(staff.cookies()).toEqual(['signpost_session']);
    expect((await staff.call('GET', '/v1/session')).body.principal.role).toBe('admin');
    expect((await portal.call('GET', '/v1/session', inPortal)).status).toBe(401);
  });

  it.each([
    ['malformed', 'x'],
    ['unknown', 'a'.repeat(43)],
    ['empty', ''],
  ])('is not disturbed by a cookie of operators that is %s', async (_kind, value) => {
    const portal = await signIn((await portalOf()).token, undefined, inPortal);
    portal.browser.cookies.get(api.url)!.set('signpost_session', value);
    expect((await portal.call('GET', '/v1/session', inPortal)).body.principal.role).toBe('customer');
    expect((await portal.call('GET', '/v1/subscriptions', inPortal)).status).toBe(200);
    expect((await portal.call('DELETE', '/v1/session', inPortal)).status).toBe(204);
  });

  it('is not disturbed by a session of operators that has ended, which its own pages report', async () => {
    const staff = await signIn(ADMIN_KEY);
    const portal = await signIn((await portalOf()).token, staff.browser, inPortal);
    await update(`delete from sessions where role = 'admin'`);
    expect((await portal.call('GET', '/v1/session', inPortal)).status).toBe(200);
    expect((await portal.call('GET', '/v1/subscriptions', inPortal)).status).toBe(200);
    expect((await staff.call('GET', '/v1/session')).status).toBe(401);
  });

  it('is used by calls that name no portal, if the cookie of operators is malformed', async () => {
    const portal = await signIn((await portalOf()).token);
    portal.browser.cookies.get(api.url)!.set('signpost_session', 'x');
    expect((await portal.call('GET', '/v1/session')).body.principal.role).toBe('customer');
  });

  it('is not replaced by the session of an operator', async () => {
    const portal = await signIn((await portalOf()).token, undefined, inPortal);
    await signIn(ADMIN_KEY, portal.browser);
    expect((await portal.call('GET', '/v1/session', inPortal)).body.principal.role).toBe('customer');
  });

  it('opens its activity stream by a query parameter, which browsers can send', async () => {
    const staff = await signIn(ADMIN_KEY);
    const portal = await signIn((await portalOf()).token, staff.browser, inPortal);
    await portal.call('DELETE', '/v1/session', inPortal);
    const head = (query: string) => staff.browser.request(`${api.url}/v1/activity${query}`, { method: 'HEAD' });
    expect((await head('')).status).toBe(200);
    expect((await head('?portal=true')).status).toBe(401);
  });

  it('opens once from a link that says so, whose token is no other credential', async () => {
    const { id, token } = await portalOf({ once: true });
    expect((await api.call('GET', '/v1/subscriptions', { key: token })).status).toBe(401);
    const [first, ...others] = await Promise.allSettled([signIn(token), signIn(token), signIn(token)]).then((all) =>
      all.sort((a, b) => a.status.localeCompare(b.status)),
    );
    expect(others.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const opened = (first as PromiseFulfilledResult<Awaited<ReturnType<typeof signIn>>>).value;
    expect((await opened.call('GET', '/v1/subscriptions')).status).toBe(200);
    expect((await api.call('GET', '/v1/subscriptions', { key: token })).status).toBe(401);
    const { items } = await api.must('GET', '/v1/portal-sessions', undefined, tenant.key);
    expect(items.find((item: { id: string }) => item.id === id)).toMatchObject({ once: true });
    expect(items.find((item: { id: string }) => item.id === id).usedAt).not.toBeNull();
  });

  it('shows where it leads back to', async () => {
    const returnUrl = 'https://shop.example/account?tab=webhooks';
    const portal = await signIn((await portalOf({ returnUrl })).token);
    expect(portal.session.returnUrl).toBe(returnUrl);
    expect((await portal.call('GET', '/v1/session')).body.returnUrl).toBe(returnUrl);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', '/relative', 'https://user:password@shop.example/'])(
    'leads back to no %s',
    async (returnUrl) => {
      const body = { customerId: tenant.customerId, returnUrl };
      const answer = await api.call('POST', '/v1/portal-sessions', { key: tenant.key, body });
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: '/returnUrl' }] } });
    },
  );
});
