import { startTestApi, type TestApi } from '../../support/api';
import { startOpenIdProvider, type OpenIdProvider } from '../../support/openid-provider';
import { WebClient, type Visited } from '../../support/web-client';

/** Sign-in by OpenID Connect, at a real provider over loopback. */
let provider: OpenIdProvider;
let api: TestApi;

async function startWith(options: Parameters<typeof startOpenIdProvider>[0] = {}): Promise<void> {
  provider = await startOpenIdProvider(options);
  api = await startTestApi([], {}, { oidc: provider.config });
  await provider.leadsBackTo(api.url);
  await api.must('POST', '/v1/products', { id: 'payments', name: 'Payments', enabled: true });
}

async function stop(): Promise<void> {
  await api?.stop();
  await provider?.stop();
}
afterEach(() => jest.restoreAllMocks());

/** Goes from the service to the provider. @returns the URL there */
async function begin(browser: WebClient, query = ''): Promise<URL> {
  const { headers, status } = await browser.request(`${api.url}/v1/session/oidc${query}`);
  expect(status).toBe(303);
  return new URL(headers.get('location')!);
}

/** Signs in at the provider. @returns the URL of the service that the provider leads back to */
async function authorize(browser: WebClient, name: string, url: URL): Promise<string> {
  const page = await browser.visit(url.href, api.url);
  if (page.url.startsWith(api.url)) return page.url;
  const form = { method: 'POST', body: new URLSearchParams({ name }).toString() };
  return (await browser.visit(page.url, api.url, form)).url;
}

/** Signs in through both. @returns the response of the service */
async function signIn(name: string, query = '', browser = new WebClient()): Promise<Visited> {
  return browser.request(await authorize(browser, name, await begin(browser, query)));
}

const sessionOf = async (browser: WebClient) => {
  const { status, body } = await browser.request(`${api.url}/v1/session`);
  return { status, body: JSON.parse(body) };
};
const locationOf = ({ headers }: Visited) => headers.get('location');

describe('with claims in the ID token', () => {
  beforeAll(() => startWith());
  afterAll(stop);

  it('signs a person in: code, PKCE, state and nonce, with role and name from the claims', async () => {
    expect(await api.must('GET', '/v1/session/methods')).toEqual({ oidc: { name: 'Example ID' } });
    const browser = new WebClient();
    const url = await begin(browser, '?returnTo=/logs%3Fstatus%3Dfailed');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: 'signpost',
      response_type: 'code',
      scope: 'openid profile email groups',
      redirect_uri: `${api.url}/v1/session/oidc/callback`,
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    const back = await browser.request(await authorize(browser, 'ada', url));
    expect([back.status, locationOf(back)]).toEqual([303, '/logs?status=failed']);
    const { body: session } = await sessionOf(browser);
    expect(session).toMatchObject({
      method: 'oidc',
      principal: { name: 'Ada Lovelace (ada@people.example)', role: 'admin', productId: null, customerId: null },
    });
    expect(session.principal.id).toMatch(/^usr_/);
    expect([...browser.cookies.get(api.url)!.keys()]).toEqual(['signpost_session']);
  });

  it('a person appears by name in the audit log, with issuer and subject at the sign-in', async () => {
    const browser = new WebClient();
    await signIn('alan', '', browser);
    const { body: session } = await sessionOf(browser);
    const headers = { 'content-type': 'application/json', 'x-csrf-token': session.csrfToken as string };
    const body = JSON.stringify({ name: 'By a person' });
    const made = await browser.request(`${api.url}/v1/products`, { method: 'POST', body, headers });
    expect(made.status).toBe(201);
    const { items } = await api.must('GET', `/v1/audit?actor=${session.principal.id}`);
    const actor = { actorId: session.principal.id, actorName: 'Alan Turing (alan@people.example)' };
    expect(items).toMatchObject([
      { ...actor, action: 'product.create' },
      {
        ...actor,
        action: 'session.create',
        object: session.id,
        detail: { method: 'oidc', issuer: provider.issuer, subject: 'alan' },
        address: '127.0.0.1',
      },
    ]);
  });

  it('the claim of a group limits a person to its product', async () => {
    const browser = new WebClient();
    await signIn('grace', '', browser);
    expect((await sessionOf(browser)).body.principal).toMatchObject({ role: 'product', productId: 'payments' });
    expect((await browser.request(`${api.url}/v1/api-keys`)).status).toBe(403);
  });

  it('refuses a person whose claims map to no role, and who does not agree', async () => {
    for (const [name, reason] of [
      ['eve', 'no-role'],
      ['refuse', 'denied'],
    ] as const) {
      const browser = new WebClient();
      expect(locationOf(await signIn(name, '', browser))).toBe(`/sign-in?error=${reason}`);
      expect((await sessionOf(browser)).status).toBe(401);
    }
  });

  it('refuses a wrong state, and the answer to another browser', async () => {
    const [mine, other] = [new WebClient(), new WebClient()];
    const back = new URL(await authorize(mine, 'ada', await begin(mine)));
    const tampered = new URL(back);
    tampered.searchParams.set('state', 'x'.repeat(43));
    await begin(other);
    expect(locationOf(await other.request(back.href))).toBe('/sign-in?error=rejected');
    expect(locationOf(await mine.request(tampered.href))).toBe('/sign-in?error=rejected');
    for (const browser of [mine, other]) expect((await sessionOf(browser)).status).toBe(401);
  });

  it('refuses a changed cookie, so that nobody chooses the page or the session it replaces', async () => {
    const browser = new WebClient();
    const back = await authorize(browser, 'ada', await begin(browser));
    const jar = browser.cookies.get(api.url)!;
    const held = JSON.parse(Buffer.from(jar.get('signpost_sign_in')!, 'base64url').toString());
    const changed = JSON.stringify({ ...held, returnTo: 'https://evil.example/' });
    jar.set('signpost_sign_in', Buffer.from(changed).toString('base64url'));
    expect(locationOf(await browser.request(back))).toBe('/sign-in?error=rejected');
  });

  it('refuses an ID token with a wrong nonce', async () => {
    const browser = new WebClient();
    const url = await begin(browser);
    url.searchParams.set('nonce', 'n'.repeat(43));
    expect(locationOf(await browser.request(await authorize(browser, 'ada', url)))).toBe('/sign-in?error=rejected');
    expect((await sessionOf(browser)).status).toBe(401);
  });

  it('refuses a code with the verifier of another sign-in', async () => {
    const [mine, other] = [new WebClient(), new WebClient()];
    const stolen = new URL(await authorize(mine, 'ada', await begin(mine)));
    const own = new URL(await authorize(other, 'grace', await begin(other)));
    own.searchParams.set('code', stolen.searchParams.get('code')!);
    expect(locationOf(await other.request(own.href))).toBe('/sign-in?error=rejected');
    expect((await sessionOf(other)).status).toBe(401);
  });

  it('refuses a code that was used before, and an answer without a sign-in under way', async () => {
    const browser = new WebClient();
    const url = await begin(browser);
    const cookie = browser.cookies.get(api.url)!.get('signpost_sign_in')!;
    const back = await authorize(browser, 'ada', url);
    expect(locationOf(await browser.request(back))).toBe('/');
    expect(locationOf(await browser.request(back))).toBe('/sign-in?error=expired');
    const thief = new WebClient();
    thief.cookies.set(api.url, new Map([['signpost_sign_in', cookie]]));
    expect(locationOf(await thief.request(back))).toBe('/sign-in?error=rejected');
    expect((await sessionOf(thief)).status).toBe(401);
  });

  it('refuses a sign-in that took longer than ten minutes', async () => {
    const browser = new WebClient();
    const back = await authorize(browser, 'ada', await begin(browser));
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 601_000);
    expect(locationOf(await browser.request(back))).toBe('/sign-in?error=expired');
  });

  it('accepts ID tokens after the provider has replaced its keys', async () => {
    expect(locationOf(await signIn('ada'))).toBe('/');
    await provider.rotateKeys();
    expect(locationOf(await signIn('ada'))).toBe('/');
  });

  it('a new sign-in renews the session and ends the one before', async () => {
    const browser = new WebClient();
    await signIn('ada', '', browser);
    const before = browser.cookies.get(api.url)!.get('signpost_session')!;
    await signIn('ada', '', browser);
    expect(browser.cookies.get(api.url)!.get('signpost_session')).not.toBe(before);
    const headers = { cookie: `signpost_session=${before}` };
    expect((await api.call('GET', '/v1/products', { key: null, headers })).status).toBe(401);
    expect((await sessionOf(browser)).status).toBe(200);
  });

  it.each(['https://evil.example/', '//evil.example/', '/\\evil.example', '/.//evil.example', 'logs', '/a\nb'])(
    'leads only to pages of this service afterwards, not to %j',
    async (target) => {
      const answer = await api.call('GET', `/v1/session/oidc?returnTo=${encodeURIComponent(target)}`, { key: null });
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: 'query/returnTo' }] } });
    },
  );

  /** Seconds since the sign-in of each session, the newest first. */
  async function sessionAges(): Promise<number[]> {
    const { rows } = await api.database.db.query<{ age: number }>({
      text: 'select extract(epoch from now() - authenticated_at)::float as age from sessions order by 1',
    });
    return rows.map(({ age }) => age);
  }

  it('has a person sign in again for a recent sign-in', async () => {
    const { length: before } = await sessionAges();
    const browser = new WebClient();
    await signIn('ada', '', browser);
    const url = await begin(browser, '?reauthenticate=true&returnTo=/endpoints');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ prompt: 'login', max_age: '600' });
    // The provider shows its page although the person is signed in there.
    expect(await authorize(new WebClient(), 'ada', url)).toContain('code=');
    const again = await browser.visit(url.href, api.url);
    expect(again.url.startsWith(provider.issuer)).toBe(true);
    await browser.request(await authorize(browser, 'ada', url));
    const after = await sessionAges();
    expect(after).toHaveLength(before + 1);
    expect(after[0]).toBeLessThan(60);
  });

  it('refuses a recent sign-in that the provider does not vouch for', async () => {
    const browser = new WebClient();
    const url = await begin(browser, '?reauthenticate=true');
    // The provider is not asked, and so does not say when the person signed in.
    url.searchParams.delete('max_age');
    url.searchParams.delete('prompt');
    expect(locationOf(await browser.request(await authorize(browser, 'ada', url)))).toBe('/sign-in?error=rejected');
  });
});

/** Signs out at the page of the provider. @returns where the browser is afterwards */
async function signOut(browser: WebClient): Promise<string> {
  const { status, headers } = await browser.request(`${api.url}/v1/session/oidc/sign-out`);
  expect(status).toBe(303);
  const location = headers.get('location')!;
  if (!location.startsWith('http')) return location;
  const { body } = await browser.visit(location);
  const action = /action="([^"]+)"/.exec(body)![1]!;
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(body)![1]!;
  const form = { method: 'POST', body: new URLSearchParams({ xsrf, logout: 'yes' }).toString() };
  const type = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };
  return (await browser.visit(action, api.url, { ...form, ...type })).url;
}

describe('with a provider of its own', () => {
  afterEach(stop);

  it('a provider that is down stops neither the sessions of its people nor sign-in by API key', async () => {
    await startWith();
    const browser = new WebClient();
    await signIn('ada', '', browser);
    const back = await authorize(browser, 'ada', await begin(browser));
    await provider.stop();
    expect(locationOf(await browser.request(back))).toBe('/sign-in?error=provider-unavailable');
    expect((await sessionOf(browser)).status).toBe(200);
    const { key } = await api.must('POST', '/v1/api-keys', { name: 'k', role: 'viewer' });
    const answer = await api.call('POST', '/v1/session', { key: null, body: { credential: key } });
    expect(answer.status).toBe(200);
  });

  it('a person signs out at the provider too, and is asked who they are at the next sign-in', async () => {
    await startWith();
    const browser = new WebClient();
    await signIn('ada', '', browser);
    const atOnce = await browser.visit((await begin(browser)).href, api.url);
    expect(atOnce.url).toContain(`${api.url}/v1/session/oidc/callback`);
    expect(await signOut(browser)).toMatch(new RegExp(`^${api.url}/sign-in`));
    const asked = await browser.visit((await begin(browser)).href, api.url);
    expect(asked.url.startsWith(api.url)).toBe(false);
    expect(asked.body).toContain('People');
  });

  it('signing out at a provider that has no page for it, or is down, leads to the sign-in page', async () => {
    await startWith({ signOut: false });
    expect(await signOut(new WebClient())).toBe('/sign-in');
    await api.stop();
    await provider.stop();
    await startWith();
    provider.pause();
    expect(await signOut(new WebClient())).toBe('/sign-in?error=provider-unavailable');
    provider.resume();
  });

  it('a provider that was down at the first sign-in is asked again later', async () => {
    await startWith();
    provider.pause();
    // The provider does not answer, so this ends by the timeout of the service.
    const { headers } = await new WebClient().request(`${api.url}/v1/session/oidc`);
    expect(headers.get('location')).toBe('/sign-in?error=provider-unavailable');
    provider.resume();
    await new Promise((resolve) => setTimeout(resolve, 2100));
    expect(locationOf(await signIn('ada'))).toBe('/');
  });

  it('reads claims that are in the user info only', async () => {
    await startWith({ userInfo: true });
    const browser = new WebClient();
    await signIn('grace', '', browser);
    expect((await sessionOf(browser)).body.principal).toMatchObject({ name: 'Grace Hopper', productId: 'payments' });
  });

  it('refuses a code that has expired', async () => {
    await startWith({ codeSeconds: 1 });
    const browser = new WebClient();
    const back = await authorize(browser, 'ada', await begin(browser));
    await new Promise((resolve) => setTimeout(resolve, 2100));
    expect(locationOf(await browser.request(back))).toBe('/sign-in?error=rejected');
  });

  it('returns 404 without a provider', async () => {
    api = await startTestApi();
    expect(await api.must('GET', '/v1/session/methods')).toEqual({ oidc: null });
    for (const path of ['/v1/session/oidc', '/v1/session/oidc/callback?code=x', '/v1/session/oidc/sign-out'])
      expect((await api.call('GET', path, { key: null })).status).toBe(404);
  });
});
