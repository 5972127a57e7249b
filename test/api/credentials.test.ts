import { createHmac } from 'node:crypto';
import { startTestApi, type Answer, type TestApi } from '../support/api';

/**
 * OAuth clients and their tokens, webhooks by URL, portal sessions, and the scope of a customer's
 * credential.
 */
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const TYPE = 'ledgerpayment';

async function tenant(name: string) {
  const { productId, key } = await api.tenant(name);
  const tag = productId.slice(-6).toLowerCase();
  const type = `${TYPE}-${tag}`;
  await api.must('PUT', `/v1/event-types/${type}`, { productId }, key);
  const customer = await api.must('POST', '/v1/customers', { name: 'C' }, key);
  return { productId, key, type, customerId: customer.id as string };
}

const clientOf = async (body: object) => api.must('POST', '/v1/oauth-clients', { name: 'client', ...body });
const form = (fields: Record<string, string>, headers: Record<string, string> = {}, path = '/oauth/token') =>
  api.call('POST', path, {
    key: null,
    raw: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });
const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});
const bearer = (token: string) => ({ key: null, headers: { authorization: `Bearer ${token}` } });

describe('access tokens', () => {
  const grant = { grant_type: 'client_credentials' };

  it("an access token is issued for client credentials by Basic header or form, with the client's permissions", async () => {
    const { productId } = await tenant('oauth');
    const { clientId, clientSecret } = await clientOf({ role: 'product', productId });
    const answers = [
      await form(grant, basic(clientId, clientSecret)),
      await form({ ...grant, client_id: clientId, client_secret: clientSecret }),
      await form(grant, basic(clientId, clientSecret), '/login/oauth/access_token'),
    ];
    for (const { status, headers, body } of answers) {
      expect(status).toBe(200);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(body).toEqual({
        access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        token_type: 'bearer',
        expires_in: 3600,
        scope: 'product',
      });
      const mine = await api.call('GET', '/v1/products', bearer(body.access_token));
      expect(mine.body.items.map(({ id }: { id: string }) => id)).toEqual([productId]);
      expect((await api.call('GET', '/v1/api-keys', bearer(body.access_token))).status).toBe(403);
    }
  });

  it('a Basic header and form fields with different client credentials are refused', async () => {
    const { productId } = await tenant('oauth-two');
    const { clientId, clientSecret } = await clientOf({ role: 'product', productId });
    const other = await clientOf({ role: 'product', productId });
    const header = basic(clientId, clientSecret);
    const others: Record<string, string>[] = [
      { client_id: other.clientId },
      { client_secret: other.clientSecret },
      { client_id: other.clientId, client_secret: other.clientSecret },
    ];
    for (const fields of others)
      expect(await form({ ...grant, ...fields }, header)).toMatchObject({
        status: 400,
        body: { error: 'invalid_request' },
      });
    expect((await form({ ...grant, client_id: clientId, client_secret: clientSecret }, header)).status).toBe(200);
  });

  it('a refresh token is issued if it is asked for, works once, and ends with its client', async () => {
    const { productId } = await tenant('refreshed');
    const { clientId, clientSecret } = await clientOf({ role: 'product', productId });
    const other = await clientOf({ role: 'product', productId });
    const first = await form({ ...grant, scope: 'offline_access' }, basic(clientId, clientSecret));
    expect(first).toMatchObject({ status: 200, body: { scope: 'product offline_access' } });
    const refresh = (token: string, { clientId: id, clientSecret: secret } = { clientId, clientSecret }) =>
      form({ grant_type: 'refresh_token', refresh_token: token }, basic(id, secret));
    const invalid = { status: 400, body: { error: 'invalid_grant' } };
    expect(await refresh(first.body.refresh_token, other as never)).toMatchObject(invalid);
    const second = await refresh(first.body.refresh_token);
    expect(second).toMatchObject({ status: 200, body: { expires_in: 3600, scope: 'product offline_access' } });
    expect((await api.call('GET', '/v1/products', bearer(second.body.access_token))).status).toBe(200);
    expect(second.body.refresh_token).not.toBe(first.body.refresh_token);
    expect(await refresh('')).toMatchObject(invalid);
    const { rows } = await api.database.db.query({ text: 'select hash::text as hash from oauth_refresh_tokens' });
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(Buffer.from(second.body.refresh_token).toString('hex'));
    expect(await form({ grant_type: 'refresh_token', refresh_token: second.body.refresh_token })).toMatchObject({
      status: 401,
    });
    await api.database.db.query({ text: "update oauth_refresh_tokens set expires_at = now() - interval '1 second'" });
    expect(await refresh(second.body.refresh_token)).toMatchObject(invalid);
    const third = await form({ ...grant, scope: 'a offline_access' }, basic(clientId, clientSecret));
    await api.must('DELETE', `/v1/oauth-clients/${clientId}`);
    expect((await refresh(third.body.refresh_token)).status).toBe(401);
  });

  it('a refresh token that is used again ends all of its successors, and nothing else', async () => {
    const { clientId, clientSecret } = await clientOf({ role: 'admin' });
    const other = await clientOf({ role: 'admin' });
    const asked = { ...grant, scope: 'offline_access' };
    const tokenOf = async (fields: Record<string, string>) =>
      (await form(fields, basic(clientId, clientSecret))).body.refresh_token as string;
    const refresh = (token: string, id = clientId, secret = clientSecret) =>
      form({ grant_type: 'refresh_token', refresh_token: token }, basic(id, secret));
    const unrelated = await tokenOf(asked);
    const stolen = await tokenOf(asked);
    const second = (await refresh(stolen)).body.refresh_token as string;
    const third = (await refresh(second)).body.refresh_token as string;
    // Another client that sends it ends nothing.
    expect((await refresh(stolen, other.clientId, other.clientSecret)).status).toBe(400);
    const fourth = (await refresh(third)).body.refresh_token as string;
    expect(await refresh(stolen)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    for (const token of [fourth, third, second]) expect((await refresh(token)).status).toBe(400);
    expect((await refresh(unrelated)).status).toBe(200);
    await api.writeTally();
    const { items } = await api.must('GET', '/v1/audit?action=token.refuse');
    const reused = items.filter(({ object }: { object: string }) => object === clientId);
    expect(reused).toMatchObject([{ detail: { reason: 'refresh-token-reuse' } }]);
  });

  it('a refresh token that has expired ends no family when it is sent', async () => {
    const { clientId, clientSecret } = await clientOf({ role: 'admin' });
    const { body } = await form({ ...grant, scope: 'offline_access' }, basic(clientId, clientSecret));
    const where = `where client_id = (select id from oauth_clients order by created_at desc limit 1)`;
    await api.database.db.query({
      text: `update oauth_refresh_tokens set expires_at = now() - interval '1 s' ${where}`,
    });
    const fields = { grant_type: 'refresh_token', refresh_token: body.refresh_token };
    expect((await form(fields, basic(clientId, clientSecret))).status).toBe(400);
    const left = await api.database.db.query({ text: `select from oauth_refresh_tokens ${where}` });
    expect(left.rowCount).toBe(1);
  });

  it('a client has at most 20 refresh tokens, and a further one replaces the oldest', async () => {
    const { clientId, clientSecret } = await clientOf({ role: 'admin' });
    const tokens: string[] = [];
    for (let n = 0; n < 21; n += 1)
      tokens.push(
        (await form({ ...grant, scope: 'offline_access' }, basic(clientId, clientSecret))).body.refresh_token,
      );
    const refresh = async (token: string) =>
      (await form({ grant_type: 'refresh_token', refresh_token: token }, basic(clientId, clientSecret))).status;
    expect(await refresh(tokens[0]!)).toBe(400);
    expect(await refresh(tokens[1]!)).toBe(200);
    expect(await refresh(tokens[20]!)).toBe(200);
  });

  it('token requests are refused as RFC 6749 specifies', async () => {
    const { clientId, clientSecret } = await clientOf({ role: 'admin' });
    const wrong = await form(grant, basic(clientId, 'wrong'));
    expect(wrong).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(wrong.headers.get('www-authenticate')).toMatch(/^Basic/);
    expect(await form(grant, basic('cli_nobody', clientSecret))).toMatchObject({ status: 401 });
    expect(await form(grant)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(await form({}, basic(clientId, clientSecret))).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
    expect(await form({ grant_type: 'password' }, basic(clientId, clientSecret))).toMatchObject({
      status: 400,
      body: { error: 'unsupported_grant_type' },
    });
  });

  it('an access token ends with its client, and is refused if forged or altered', async () => {
    const { clientId, clientSecret } = await clientOf({ role: 'admin' });
    const { access_token: token } = (await form(grant, basic(clientId, clientSecret))).body;
    expect((await api.call('GET', '/v1/products', bearer(token))).status).toBe(200);
    const [header, claims] = token.split('.');
    const forged = `${header}.${claims}.${createHmac('sha256', 'guess').update(`${header}.${claims}`).digest('base64url')}`;
    expect((await api.call('GET', '/v1/products', bearer(forged))).status).toBe(401);
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.x`;
    expect((await api.call('GET', '/v1/products', bearer(none))).status).toBe(401);
    expect((await api.call('DELETE', `/v1/oauth-clients/${clientId}`)).status).toBe(204);
    expect((await api.call('GET', '/v1/products', bearer(token))).status).toBe(401);
    expect((await form(grant, basic(clientId, clientSecret))).status).toBe(401);
    const listed = await api.must('GET', '/v1/oauth-clients');
    expect(listed.items.find((one: { clientId: string }) => one.clientId === clientId).revokedAt).not.toBeNull();
    expect(JSON.stringify(listed)).not.toContain(clientSecret);
  });
});

describe('webhooks by URL', () => {
  const url = (path: string) => `http://127.0.0.1:5510/${path}`;

  it('/v1/webhooks adds, extends, lists and removes webhooks, which are subscriptions of format flat', async () => {
    const { key, type, productId } = await tenant('self-service');
    const second = `statuschange-${productId.slice(-6).toLowerCase()}`;
    await api.must('PUT', `/v1/event-types/${second}`, { productId }, key);
    const put = (body: object) => api.call('PUT', '/v1/webhooks', { key, body });
    expect(await put({ events: [type], url: url('a'), secret: 'mySecret', method: 'POST' })).toMatchObject({
      status: 201,
      body: { events: [type], url: url('a'), method: 'POST' },
    });
    expect(await put({ events: [second], url: url('a') })).toMatchObject({
      status: 201,
      body: { events: [type, second] },
    });
    expect(await put({ events: [type], url: url('b'), method: 'GET' })).toMatchObject({ status: 201 });
    const { count, webHooks } = await api.must('GET', '/v1/webhooks', undefined, key);
    expect(count).toBe(2);
    expect(webHooks).toContainEqual({ events: [type], url: url('b'), method: 'GET', status: 'enabled' });

    const { items } = await api.must('GET', '/v1/subscriptions', undefined, key);
    const subscription = items.find((one: { url: string }) => one.url === url('a'));
    expect(subscription).toMatchObject({ format: 'flat', eventTypes: [type, second], productId });
    expect(await api.must('GET', `/v1/subscriptions/${subscription.id}/secret`, undefined, key)).toMatchObject({
      secret: 'mySecret',
    });

    const remove = (body: object) => api.call('DELETE', '/v1/webhooks', { key, body });
    expect((await remove({ url: url('a'), events: [type] })).status).toBe(204);
    expect((await api.must('GET', '/v1/webhooks', undefined, key)).webHooks).toContainEqual({
      events: [second],
      url: url('a'),
      method: 'POST',
      status: 'enabled',
    });
    expect((await remove({ url: url('a'), events: [second] })).status).toBe(204);
    expect((await remove({ url: url('b') })).status).toBe(204);
    expect(await api.must('GET', '/v1/webhooks', undefined, key)).toEqual({ count: 0, webHooks: [] });
    expect(await remove({ url: url('b') })).toMatchObject({ status: 404 });
  });

  it('/v1/webhooks registers for the given customer, which another product may not name', async () => {
    const { key, type, customerId } = await tenant('named');
    await api.must('PUT', '/v1/webhooks', { events: [type], url: url('named'), customerId }, key);
    expect((await api.must('GET', `/v1/webhooks?customerId=${customerId}`, undefined, key)).count).toBe(1);
    expect((await api.must('GET', '/v1/webhooks', undefined, key)).count).toBe(1);
    const stranger = await tenant('stranger');
    expect(await api.call('GET', `/v1/webhooks?customerId=${customerId}`, { key: stranger.key })).toMatchObject({
      status: 422,
      body: { code: 'unknown-customer' },
    });
  });

  it('/v1/webhooks points at the wrong field', async () => {
    const { key } = await tenant('faults');
    expect(await api.call('PUT', '/v1/webhooks', { key, body: { events: ['no.such'], url: url('x') } })).toMatchObject({
      status: 422,
      body: { code: 'unknown-event-type', errors: [{ path: '/events' }] },
    });
    expect(await api.call('PUT', '/v1/webhooks', { key, body: { events: [], url: 'ftp://x' } })).toMatchObject({
      status: 422,
      body: { errors: expect.arrayContaining([expect.objectContaining({ path: '/url' })]) },
    });
  });
});

describe('portal sessions', () => {
  it('a portal session gives access to one customer only', async () => {
    const { key, type, customerId } = await tenant('portal');
    const other = await api.must('POST', '/v1/customers', { name: 'Other' }, key);
    const settings = { name: 's', url: 'http://127.0.0.1:1/', eventTypes: [type] };
    const mine = await api.must('POST', '/v1/subscriptions', { customerId, ...settings }, key);
    const theirs = await api.must('POST', '/v1/subscriptions', { customerId: other.id, ...settings }, key);
    const post = (to: string) => api.must('POST', '/v1/events', { type, customerId: to, data: {} }, key);
    const [own, foreign] = [await post(customerId), await post(other.id)];

    const session = await api.must('POST', '/v1/portal-sessions', { customerId, expiresInSeconds: 600 }, key);
    expect(session.url).toBe(`${api.url}/portal#token=${session.token}`);
    expect(Date.parse(session.expiresAt)).toBeGreaterThan(Date.now());
    const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
      api.call(method, path, { ...bearer(session.token), body });

    const ids = async (path: string) => (await call('GET', path)).body.items.map(({ id }: { id: string }) => id);
    expect(await ids('/v1/subscriptions')).toEqual([mine.id]);
    expect(await ids('/v1/notifications')).toEqual([own.notifications[0].id]);
    expect(await ids('/v1/customers')).toEqual([customerId]);
    expect((await call('GET', '/v1/event-types')).body.items).toMatchObject([{ name: type }]);
    for (const path of ['', '/statistics', '/secret', '/challenges', '/notifications']) {
      expect((await call('GET', `/v1/subscriptions/${mine.id}${path}`)).status).toBe(200);
      expect((await call('GET', `/v1/subscriptions/${theirs.id}${path}`)).status).toBe(404);
    }
    expect((await call('POST', `/v1/subscriptions/${mine.id}/disable`, {})).status).toBe(200);
    expect((await call('POST', `/v1/subscriptions/${theirs.id}/disable`, {})).status).toBe(404);
    expect((await call('PATCH', `/v1/subscriptions/${theirs.id}`, { name: 'x' })).status).toBe(404);
    expect((await call('POST', `/v1/notifications/${foreign.notifications[0].id}/cancel`, {})).status).toBe(404);
    expect((await call('GET', `/v1/events/${foreign.id}`)).status).toBe(404);
    expect(await call('POST', '/v1/subscriptions', { customerId: other.id, ...settings, name: 'n' })).toMatchObject({
      status: 422,
    });
    for (const [method, path] of [
      ['POST', '/v1/events'],
      ['GET', '/v1/products'],
      ['GET', '/v1/api-keys'],
      ['GET', '/v1/audit'],
      ['GET', '/v1/url-allowlist'],
      ['POST', '/v1/portal-sessions'],
    ] as const) {
      expect((await call(method, path, method === 'POST' ? {} : undefined)).status).toBe(403);
    }
  });

  it("a portal session can be created only for one's own customers", async () => {
    const { customerId } = await tenant('owner');
    const { key } = await tenant('stranger');
    const shared = await api.must('POST', '/v1/customers', { name: 'Shared' });
    for (const id of [customerId, shared.id, 'nobody']) {
      expect(await api.call('POST', '/v1/portal-sessions', { key, body: { customerId: id } })).toMatchObject({
        status: 422,
        body: { code: 'unknown-customer', errors: [{ path: '/customerId' }] },
      });
    }
  });

  it('portal sessions are listed without their token while valid, and end when deleted', async () => {
    const { key, customerId } = await tenant('ending');
    const opened = [];
    for (let count = 0; count < 3; count++)
      opened.push(await api.must('POST', '/v1/portal-sessions', { customerId }, key));
    const [first, second, third] = opened;
    const list = async (query = '', credential = key) =>
      (await api.must('GET', `/v1/portal-sessions${query}`, undefined, credential)).items;
    expect((await list()).map(({ id }: { id: string }) => id)).toEqual([third.id, second.id, first.id]);
    const [listed] = await list(`?customerId=${customerId}&limit=1`);
    expect(listed).toEqual({
      id: expect.stringMatching(/^prt_/),
      customerId,
      once: false,
      usedAt: null,
      returnUrl: null,
      createdBy: expect.stringMatching(/^key_/),
      createdAt: expect.any(String),
      expiresAt: third.expiresAt,
    });
    const statusOf = async ({ token }: { token: string }) =>
      (await api.call('GET', '/v1/customers', bearer(token))).status;
    expect(await statusOf(first)).toBe(200);
    expect((await api.call('DELETE', `/v1/portal-sessions/${first.id}`, { key })).status).toBe(204);
    expect([await statusOf(first), await statusOf(second)]).toEqual([401, 200]);
    expect((await api.call('DELETE', `/v1/portal-sessions/${first.id}`, { key })).status).toBe(404);
    expect((await list()).map(({ id }: { id: string }) => id)).toEqual([third.id, second.id]);

    await api.database.db.query({ text: "update portal_sessions set expires_at = now() - interval '1 second'" });
    expect(await list()).toEqual([]);
    expect((await api.call('DELETE', `/v1/portal-sessions/${second.id}`, { key })).status).toBe(404);
    const { items } = await api.must('GET', `/v1/audit?object=${customerId}`, undefined, key);
    expect(items[0]).toMatchObject({ action: 'portal-session.end', detail: { id: first.id } });
  });

  it('ending a portal session ends its browser sessions, and other tenants cannot see or end it', async () => {
    const { key, customerId } = await tenant('signed-in');
    const { key: stranger } = await tenant('portal-stranger');
    const session = await api.must('POST', '/v1/portal-sessions', { customerId }, key);
    const signedIn = await api.call('POST', '/v1/session', { key: null, body: { credential: session.token } });
    const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!;
    const browse = async () => (await api.call('GET', '/v1/customers', { key: null, headers: { cookie } })).status;
    expect(await browse()).toBe(200);
    expect((await api.must('GET', '/v1/portal-sessions', undefined, stranger)).items).toEqual([]);
    for (const id of [session.id, 'prt_nobody', 'key_01m83z393me01aqe5h2137m1gt'])
      expect((await api.call('DELETE', `/v1/portal-sessions/${id}`, { key: stranger })).status).toBe(404);
    expect((await api.call('GET', '/v1/portal-sessions', bearer(session.token))).status).toBe(403);
    expect((await api.call('DELETE', `/v1/portal-sessions/${session.id}`, bearer(session.token))).status).toBe(403);
    expect(await browse()).toBe(200);
    expect((await api.call('DELETE', `/v1/portal-sessions/${session.id}`)).status).toBe(204);
    expect(await browse()).toBe(401);
  });
});

describe('audit log', () => {
  it('the audit log lists who did what, with filters, and a product sees what concerns it', async () => {
    const { key, customerId, type } = await tenant('audited');
    const settings = { customerId, name: 's', url: 'http://127.0.0.1:1/', eventTypes: [type] };
    const { id } = await api.must('POST', '/v1/subscriptions', settings, key);
    await api.must('GET', `/v1/subscriptions/${id}/secret`, undefined, key);
    await api.must('POST', `/v1/subscriptions/${id}/secret/rotate`, {}, key);
    await api.must('POST', `/v1/subscriptions/${id}/disable`, {});
    const { items } = await api.must('GET', `/v1/audit?object=${id}`);
    expect(items.map(({ action }: { action: string }) => action)).toEqual([
      'subscription.disable',
      'secret.rotate',
      'secret.reveal',
      'subscription.create',
    ]);
    const actor = items[1].actorId;
    expect((await api.must('GET', `/v1/audit?actor=${actor}&action=secret.reveal`)).items).toMatchObject([
      { object: id },
    ]);
    expect((await api.must('GET', `/v1/audit?actor=${actor}&since=2999-01-01T00:00:00Z`)).items).toEqual([]);
    const own = await api.must('GET', '/v1/audit', undefined, key);
    const { productId } = (await api.must('GET', `/v1/audit?actor=${actor}`)).items[0];
    expect(new Set(own.items.map((entry: { productId: string }) => entry.productId))).toEqual(new Set([productId]));
    expect(own.items.map(({ action }: { action: string }) => action)).toContain('subscription.disable');
    expect((await api.call('GET', '/v1/audit?since=yesterday')).status).toBe(422);
  });
});
