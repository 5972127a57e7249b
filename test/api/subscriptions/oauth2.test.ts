import { startTestApi, type TestApi } from '../../support/api';
import { startOAuthServer, type OAuthServer } from '../../support/oauth-server';
import { useReceiver } from '../../support/receiver';
import { makeTenant, settings } from '../../support/tenant';

/** Subscriptions whose deliveries carry an access token of an OAuth 2.0 server. */
let api: TestApi;
let server: OAuthServer;
let key: string;
let customerId: string;
beforeAll(async () => {
  [api, server] = await Promise.all([startTestApi(), startOAuthServer()]);
});
afterAll(() => Promise.all([api?.stop(), server?.stop()]));
beforeEach(async () => void ({ key, customerId } = await makeTenant(api)));

const receiver = useReceiver();
const OTHER = 'https://login.elsewhere.example/token?realm=canary';
const create = (auth: object, fields = {}) =>
  api.must('POST', '/v1/subscriptions', settings({ customerId, url: receiver.url(), auth, ...fields }), key);
const patch = (id: string, body: object) => api.call('PATCH', `/v1/subscriptions/${id}`, { key, body });
const read = (id: string, by = key) => api.must('GET', `/v1/subscriptions/${id}`, undefined, by);
const challenge = (id: string) => api.must('POST', `/v1/subscriptions/${id}/challenge`, {}, key);
const approve = (pattern: string) => api.must('POST', '/v1/url-allowlist', { pattern, customerId });
const errors = ({ status, body }: { status: number; body: { errors: { path: string }[] } }) => [
  status,
  body.errors.map(({ path }) => path),
];

it('a challenge carries an access token', async () => {
  const { id, secret, auth } = await create(server.auth);
  expect(auth).toEqual({ ...server.auth, clientSecret: '***' });
  receiver.answerChallenges(secret);
  expect(await challenge(id)).toMatchObject({ status: 'verified' });
  expect(await server.isValid(receiver.requests[0]!.headers.authorization!.replace('Bearer ', ''))).toBe(true);
});

it('a challenge names the reason if there is no access token', async () => {
  const { id } = await create({ ...server.auth, clientSecret: 'canary' });
  expect(await challenge(id)).toMatchObject({
    status: 'failed',
    detail: 'no access token: the token server returned HTTP 401 (invalid_client)',
  });
});

it('the client secret is kept by its mask while other fields change', async () => {
  const { id, secret } = await create({ ...server.auth, scope: undefined });
  const { body } = await patch(id, { auth: { ...server.auth, clientSecret: '***' } });
  expect(body.auth).toEqual({ ...server.auth, clientSecret: '***' });
  receiver.answerChallenges(secret);
  expect(await challenge(id)).toMatchObject({ status: 'verified' });
});

it('a new token URL needs the client secret again', async () => {
  const { id } = await create(server.auth);
  const change = { ...server.auth, tokenUrl: OTHER, clientSecret: '***' };
  expect(errors(await patch(id, { auth: change }))).toEqual([422, ['/auth/clientSecret']]);
  expect((await patch(id, { auth: { ...change, clientSecret: 'known' } })).status).toBe(200);
});

it.each([
  [{ tokenUrl: 'ftp://x.example/' }, '/auth/tokenUrl'],
  [{ tokenUrl: 'https://user:pass@x.example/' }, '/auth/tokenUrl'],
  [{ clientId: '' }, '/auth/clientId'],
  [{ clientSecret: '' }, '/auth/clientSecret'],
  [{ scope: 'a  b' }, '/auth/scope'],
  [{ audience: '' }, '/auth/audience'],
  [{ grantType: 'password' }, '/auth/grantType'],
])('refuses %o', async (fields, path) => {
  const body = settings({ customerId, auth: { ...server.auth, ...fields } });
  expect(errors(await api.call('POST', '/v1/subscriptions', { key, body }))).toEqual([422, [path]]);
});

it('a subscription waits until the allow-list approves its token URL, and again when it does not any more', async () => {
  const { id, status } = await create({ ...server.auth, tokenUrl: OTHER });
  expect(status).toBe('awaiting-approval');
  expect(await api.call('POST', `/v1/subscriptions/${id}/challenge`, { key, body: {} })).toMatchObject({
    status: 409,
    body: { code: 'url-not-approved' },
  });
  expect(receiver.requests).toEqual([]);
  const entry = await approve('https://login.elsewhere.example');
  expect((await read(id)).status).toBe('enabled');
  await api.must('DELETE', `/v1/url-allowlist/${entry.id}`);
  expect((await read(id)).status).toBe('awaiting-approval');
});

it('a subscription waits until the allow-list approves both its URL and its token URL', async () => {
  const { id } = await create({ ...server.auth, tokenUrl: OTHER }, { url: 'https://hook.elsewhere.example/' });
  await approve('https://login.elsewhere.example');
  expect((await read(id)).status).toBe('awaiting-approval');
  await approve('https://hook.elsewhere.example');
  expect((await read(id)).status).toBe('enabled');
});

it('the query of a token URL is masked for viewers', async () => {
  const { id } = await create({ ...server.auth, tokenUrl: OTHER });
  const { key: viewer } = await api.must('POST', '/v1/api-keys', { name: 'v', role: 'viewer' });
  expect((await read(id)).auth.tokenUrl).toBe(OTHER);
  expect((await read(id, viewer)).auth.tokenUrl).toBe('https://login.elsewhere.example/token?realm=***');
});
