import { problem, scriptedFetch, type ScriptedFetch } from './scripted-fetch';

let api: ScriptedFetch;
beforeEach(() => {
  api = scriptedFetch();
});
afterEach(() => jest.restoreAllMocks());

describe('OAuth', () => {
  const NOW = 1_700_000_000_000;
  const oauth = { clientId: 'id:1', clientSecret: 'a secret/ë' };
  const token = (name: string, expiresIn?: number) => Response.json({ access_token: name, expires_in: expiresIn });
  const tokenRequests = () => api.requests.filter(({ url }) => url.endsWith('/token'));
  const withOAuth = (options = {}) => api.client({ apiKey: undefined, oauth: { ...oauth, ...options } });

  it('a token is requested with client credentials, form-encoded before Base64 (RFC 6749 §2.3.1)', async () => {
    api.responses = [token('t1', 3600)];
    await withOAuth().customers.get('c');
    const basic = Buffer.from('id%3A1:a%20secret%2F%C3%AB').toString('base64');
    expect(api.requests[0]).toEqual({
      url: 'https://signpost.example/oauth/token',
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials',
    });
    expect(api.requests[1]!.headers).toEqual({ accept: 'application/json', authorization: 'Bearer t1' });
  });

  it('tokenUrl replaces the token endpoint', async () => {
    api.responses = [token('t1', 3600)];
    await withOAuth({ tokenUrl: 'https://login.example/token' }).customers.get('c');
    expect(api.requests[0]!.url).toBe('https://login.example/token');
  });

  it('a token is used until 30 s before it expires', async () => {
    const clock = jest.spyOn(Date, 'now').mockReturnValue(NOW);
    const signpost = withOAuth();
    api.responses = [token('t1', 3600)];
    await signpost.customers.get('c');
    clock.mockReturnValue(NOW + 3_569_999);
    await signpost.customers.get('c');
    expect(tokenRequests()).toHaveLength(1);
    clock.mockReturnValue(NOW + 3_570_000);
    api.responses = [token('t2', 3600)];
    await signpost.customers.get('c');
    expect(tokenRequests()).toHaveLength(2);
    expect(api.requests.at(-1)!.headers.authorization).toBe('Bearer t2');
  });

  it('a token without expires_in is used for one call', async () => {
    const signpost = withOAuth();
    for (const name of ['t1', 't2']) {
      api.responses = [token(name)];
      await signpost.customers.get('c');
      expect(api.requests.at(-1)!.headers.authorization).toBe(`Bearer ${name}`);
    }
  });

  it('concurrent calls whose token is refused fetch one new token', async () => {
    const valid = { token: 't1' };
    let issued = 0;
    const answer = async (url: string | URL | Request, init?: RequestInit) => {
      if (String(url).endsWith('/token')) return token(`t${++issued}`, 3600);
      const { authorization } = init!.headers as Record<string, string>;
      return authorization === `Bearer ${valid.token}` ? Response.json({}) : problem(401, 'unauthorized');
    };
    const signpost = api.client({ apiKey: undefined, oauth, fetch: answer as typeof fetch });
    await signpost.customers.get('c');
    valid.token = 't2';
    await Promise.all(Array.from({ length: 5 }, () => signpost.customers.get('c')));
    expect(issued).toBe(2);
  });

  it('a refusal of the old token that arrives late does not discard the new one', async () => {
    let issued = 0;
    let refuseLate!: () => void;
    const late = new Promise<void>((resolve) => (refuseLate = resolve));
    const answer = async (url: string | URL | Request, init?: RequestInit) => {
      if (String(url).endsWith('/token')) return token(`t${++issued}`, 3600);
      const { authorization } = init!.headers as Record<string, string>;
      if (authorization !== 'Bearer t1') return Response.json({});
      if (String(url).endsWith('/late')) await late;
      return problem(401, 'unauthorized');
    };
    const signpost = api.client({ apiKey: undefined, oauth, fetch: answer as typeof fetch });
    const lateCall = signpost.customers.get('late');
    await signpost.customers.get('c');
    expect(issued).toBe(2);
    refuseLate();
    await lateCall;
    expect(issued).toBe(2);
  });

  it.each([
    [
      'the error of the token endpoint',
      { error: 'invalid_client', error_description: 'who?' },
      401,
      'invalid_client',
      'who?',
    ],
    ['unknown without an error', {}, 400, 'unknown', 'returned no access_token'],
    ['unknown if the response has no token', { token_type: 'bearer' }, 200, 'unknown', 'returned no access_token'],
  ])('the code of a refused token request is %s', async (_, body, status, code, detail) => {
    api.responses = [Response.json(body, { status })];
    const call = withOAuth().customers.get('c');
    await expect(call).rejects.toMatchObject({ status, code, detail: expect.stringContaining(detail) });
    expect(api.requests).toHaveLength(1);
  });

  it('an API key takes precedence, and is not renewed after 401', async () => {
    api.responses = [problem(401, 'unauthorized')];
    await expect(api.client({ oauth }).customers.get('c')).rejects.toMatchObject({ status: 401 });
    expect(api.requests).toHaveLength(1);
    expect(api.requests[0]!.headers['x-api-key']).toBe('the-key');
  });
});
