import { ADMIN_KEY, startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings } from '../../support/tenant';

/**
 * Every credential ends at its time. Tokens are checked by the clock of the process, which these
 * tests move. Rows are checked by the clock of Postgres, so their times are moved instead.
 */
let api: TestApi;
let key: string;
let customerId: string;

const HOUR_MS = 3_600_000;
/** Timers keep running in real time, and `advance` moves them and the date forward. */
const startClock = () =>
  jest.useFakeTimers({
    now: Date.now(),
    advanceTimers: true,
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
    ],
  });
const advance = (ms: number) => jest.advanceTimersByTime(ms);

beforeEach(async () => {
  startClock();
  api = await startTestApi();
  ({ key, customerId } = await makeTenant(api));
});
afterEach(async () => {
  jest.useRealTimers();
  await api?.stop();
});

const statusWith = async (token: string) => (await api.call('GET', '/v1/subscriptions', { key: token })).status;
const update = (text: string) => api.database.db.query({ text });

async function signIn(credential: string) {
  const answer = await api.call('POST', '/v1/session', { key: null, body: { credential } });
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0]!;
  return {
    answer,
    browse: async (path = '/v1/subscriptions') =>
      (await api.call('GET', path, { key: null, headers: { cookie } })).status,
  };
}

it('refuses an API key at the moment of its expiry, although Postgres still knows it', async () => {
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  const { key: ending } = await api.must('POST', '/v1/api-keys', { name: 'k', role: 'viewer', expiresAt });
  expect(await statusWith(ending)).toBe(200);
  advance(Date.parse(expiresAt) - Date.now());
  expect(await statusWith(ending)).toBe(401);
});

it('refuses an OAuth access token after its hour', async () => {
  const client = await api.must('POST', '/v1/oauth-clients', { name: 'c', role: 'admin' });
  const { access_token: token } = await api.must('POST', '/oauth/token', {
    grant_type: 'client_credentials',
    client_id: client.clientId,
    client_secret: client.clientSecret,
  });
  advance(HOUR_MS - 5000);
  expect(await statusWith(token)).toBe(200);
  advance(6000);
  expect(await statusWith(token)).toBe(401);
});

it('refuses a portal token after the lifetime in the token, whatever its session says', async () => {
  const { token } = await api.must('POST', '/v1/portal-sessions', { customerId, expiresInSeconds: 600 }, key);
  await update("update portal_sessions set expires_at = now() + interval '1 day'");
  advance(595_000);
  expect(await statusWith(token)).toBe(200);
  advance(6000);
  expect(await statusWith(token)).toBe(401);
});

it('refuses a portal token after the end of its session, whatever the token says', async () => {
  const { token } = await api.must('POST', '/v1/portal-sessions', { customerId, expiresInSeconds: 86_400 }, key);
  const other = await api.must('POST', '/v1/portal-sessions', { customerId, expiresInSeconds: 86_400 }, key);
  expect(await statusWith(other.token)).toBe(200);
  await update("update portal_sessions set expires_at = now() - interval '1 second'");
  expect(await statusWith(token)).toBe(401);
});

it('refuses the cookie of a browser session that has expired', async () => {
  const [ended, lasting] = [await signIn(ADMIN_KEY), await signIn(ADMIN_KEY)];
  await update(`update sessions set expires_at = now() + interval '1 minute'`);
  expect(await lasting.browse()).toBe(200);
  await update("update sessions set expires_at = now() - interval '1 second'");
  expect(await ended.browse()).toBe(401);
  expect(await ended.browse('/v1/session')).toBe(401);
});

it('a browser session lasts no longer than the token that signed in', async () => {
  const { token } = await api.must('POST', '/v1/portal-sessions', { customerId, expiresInSeconds: 600 }, key);
  const session = await signIn(token);
  expect(await session.browse()).toBe(200);
  const { rows } = await api.database.db.query<{ expires_at: Date }>({ text: 'select expires_at from sessions' });
  expect(rows.map((row) => row.expires_at.getTime() <= Date.now() + 600_000)).toEqual([true]);
  advance(601_000);
  expect(await session.browse()).toBe(401);
});

it('rate-limits failed sign-ins for a minute', async () => {
  const statuses: number[] = [];
  for (let guess = 0; guess < 21; guess++) statuses.push((await signIn(`guess-${guess}`)).answer.status);
  expect(statuses.slice(0, 20)).toEqual(Array(20).fill(401));
  expect(statuses[20]).toBe(429);
  const { answer } = await signIn('another-guess');
  expect(answer).toMatchObject({ status: 429, body: { code: 'too-many-requests' } });
  const waitSeconds = Number(answer.headers.get('retry-after'));
  expect(waitSeconds).toBeGreaterThan(0);
  expect(waitSeconds).toBeLessThanOrEqual(60);
  expect((await signIn(ADMIN_KEY)).answer.status).toBe(200);
  advance(waitSeconds * 1000 - 2000);
  expect((await signIn('another-guess')).answer.status).toBe(429);
  advance(2001);
  expect((await signIn('another-guess')).answer.status).toBe(401);
});

it('a secret link opens until it expires', async () => {
  const { id, secret } = await api.must('POST', '/v1/subscriptions', settings({ customerId }), key);
  const makeToken = async () => {
    const { url } = await api.must('POST', `/v1/subscriptions/${id}/secret/link`, { expiresInSeconds: 60 }, key);
    return new URL(url).hash.slice(1);
  };
  const open = (token: string) => api.call('POST', '/secret', { key: null, body: { token } });
  const [first, second] = [await makeToken(), await makeToken()];
  await update("update secret_links set expires_at = now() + interval '5 seconds'");
  expect(await open(first)).toMatchObject({ status: 200, body: { secret } });
  await update("update secret_links set expires_at = now() - interval '1 second'");
  expect((await open(second)).status).toBe(404);
});

it('a replaced signing key is shown until its overlap ends', async () => {
  const { id } = await api.must('POST', '/v1/subscriptions', settings({ customerId }), key);
  const path = `/v1/subscriptions/${id}/signing-key`;
  const { publicKey } = await api.must('POST', path, {}, key);
  await api.must('POST', path, { overlapSeconds: 600 }, key);
  expect((await api.must('GET', path, undefined, key)).previous).toMatchObject({ publicKey });
  await update("update subscriptions set old_signing_key_until = now() - interval '1 second'");
  expect((await api.must('GET', path, undefined, key)).previous).toBeNull();
});

it('a replaced secret is shown until its overlap ends', async () => {
  const { id } = await api.must('POST', '/v1/subscriptions', settings({ customerId }), key);
  const path = `/v1/subscriptions/${id}/secret`;
  await api.must('POST', `${path}/rotate`, { overlapSeconds: 600 }, key);
  expect((await api.must('GET', path, undefined, key)).previous).not.toBeNull();
  await update("update subscription_secrets set expires_at = now() - interval '1 second' where expires_at is not null");
  expect((await api.must('GET', path, undefined, key)).previous).toBeNull();
});
