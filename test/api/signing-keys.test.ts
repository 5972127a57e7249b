import { decodeJwt } from 'jose';
import { standardSignature } from '../../src/domain/signing';
import { recordAttempts } from '../../src/store/notifications/record-attempts';
import { startTestApi, type TestApi } from '../support/api';
import { attemptRecord } from '../support/attempt-record';

let api: TestApi;
let key: string;
let customerKey: string;
let viewerKey: string;
let path: string;

beforeAll(async () => {
  api = await startTestApi();
  ({ key } = await api.tenant('payments'));
  await api.must('PUT', '/v1/event-types/a.b.v1', {}, key);
  await api.must('POST', '/v1/customers', { id: 'c', name: 'C' }, key);
  for (const role of ['customer', 'viewer']) {
    const made = await api.must('POST', '/v1/api-keys', {
      name: role,
      role,
      ...(role === 'customer' && { customerId: 'c' }),
    });
    if (role === 'customer') customerKey = made.key;
    else viewerKey = made.key;
  }
});
afterAll(() => api?.stop());
beforeEach(async () => {
  const name = `s${Math.random()}`;
  const body = { customerId: 'c', name, url: 'http://127.0.0.1:1/', eventTypes: ['a.b.v1'] };
  path = `/v1/subscriptions/${(await api.must('POST', '/v1/subscriptions', body, key)).id}/signing-key`;
});

const PUBLIC_KEY = /^whpk_[A-Za-z0-9+/]{43}=$/;

it('a signing key is created on request, with its public key readable and its private key never shown', async () => {
  expect(await api.call('GET', path, { key })).toMatchObject({ status: 404, body: { code: 'not-found' } });
  const made = await api.call('POST', path, { key, body: {} });
  expect(made).toMatchObject({
    status: 201,
    body: { publicKey: expect.stringMatching(PUBLIC_KEY), createdAt: expect.any(String), previous: null },
  });
  expect((await api.call('GET', path, { key })).body).toEqual(made.body);
  const { rows } = await api.database.db.query<{ row: string }>({
    text: `select row_to_json(s)::text as row from subscriptions s where id = (select id from subscriptions where signing_key is not null order by id desc limit 1)`,
  });
  expect(rows[0]!.row).not.toContain('whsk_');
});

it('a new signing key replaces the previous one, which is shown during its overlap', async () => {
  const first = await api.must('POST', path, {}, key);
  const second = await api.must('POST', path, { overlapSeconds: 600 }, key);
  expect(second.publicKey).not.toBe(first.publicKey);
  expect(second.previous).toEqual({ publicKey: first.publicKey, expiresAt: expect.any(String) });
  const overlapMs = Date.parse(second.previous.expiresAt) - Date.parse(second.createdAt);
  expect(overlapMs).toBe(600_000);
  expect((await api.must('POST', path, { overlapSeconds: 0 }, key)).previous).toBeNull();
});

it('a deleted signing key is gone', async () => {
  await api.must('POST', path, {}, key);
  expect((await api.call('DELETE', path, { key })).status).toBe(204);
  expect((await api.call('GET', path, { key })).status).toBe(404);
  expect((await api.call('DELETE', path, { key })).status).toBe(404);
  expect(await api.must('POST', path, {}, key)).toMatchObject({ previous: null });
});

it('customers manage their own signing keys, viewers read them, and other tenants get 404', async () => {
  const { publicKey } = await api.must('POST', path, {}, customerKey);
  expect(await api.must('GET', path, undefined, viewerKey)).toMatchObject({ publicKey });
  expect((await api.call('POST', path, { key: viewerKey, body: {} })).status).toBe(403);
  expect((await api.call('DELETE', path, { key: viewerKey })).status).toBe(403);
  const other = (await api.tenant('other')).key;
  for (const method of ['GET', 'POST', 'DELETE'])
    expect((await api.call(method, path, { key: other, body: method === 'POST' ? {} : undefined })).status).toBe(404);
  expect(await api.must('GET', path, undefined, customerKey)).toMatchObject({ publicKey });
});

it('refuses an invalid overlap of a signing key, with a pointer', async () => {
  for (const overlapSeconds of [-1, 604_801, 1.5, 'long'])
    expect(await api.call('POST', path, { key, body: { overlapSeconds } })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/overlapSeconds' }] },
    });
});

it('an Idempotency-Key creates one signing key for two calls', async () => {
  const headers = { 'idempotency-key': path };
  const first = await api.call('POST', path, { key, body: {}, headers });
  const second = await api.call('POST', path, { key, body: {}, headers });
  expect(second.body).toEqual(first.body);
  expect(second.body.previous).toBeNull();
});

it('the audit log records the creation and deletion of signing keys', async () => {
  await api.must('POST', path, {}, key);
  await api.call('DELETE', path, { key });
  const { items } = await api.must('GET', '/v1/audit?limit=2', undefined, key);
  expect(items.map(({ action, object }: { action: string; object: string }) => [action, object])).toEqual([
    ['signing-key.delete', path.split('/')[3]],
    ['signing-key.create', path.split('/')[3]],
  ]);
});

it('deleting a subscription deletes its signing key', async () => {
  await api.must('POST', path, {}, key);
  await api.must('POST', path, {}, key);
  const subscription = path.replace('/signing-key', '');
  expect((await api.call('DELETE', subscription, { key })).status).toBe(204);
  expect((await api.call('GET', path, { key })).status).toBe(404);
  const { rows } = await api.database.db.query<{ count: number }>({
    text: 'select count(*) from subscriptions where deleted_at is not null and (signing_key is not null or old_signing_key is not null)',
  });
  expect(rows[0]!.count).toBe(0);
});

/** Records an attempt of a notification of the subscription like the worker. @returns its path */
async function attemptAt(subscriptionId: string, body: string): Promise<string> {
  const { id: notificationId } = await api.must('POST', `/v1/subscriptions/${subscriptionId}/trigger`, {}, key);
  const headers = { 'webhook-id': 'evt_1', 'webhook-timestamp': '1', 'webhook-signature': 'v1,old', 'x-key': '***' };
  const request = { method: 'POST' as const, url: 'http://127.0.0.1:1/', headers, body };
  await recordAttempts(api.database.db, [
    attemptRecord({ notificationId, subscriptionId }, { status: 'failed' }, { request }),
  ]);
  const { attempts } = await api.must('GET', `/v1/notifications/${notificationId}`, undefined, key);
  return `/v1/attempts/${attempts[0].id}/signed-request`;
}

it('the request of an attempt is signed again by the current secrets and keys, with masks kept', async () => {
  const id = path.split('/')[3]!;
  const { secret: previous } = await api.must('GET', `/v1/subscriptions/${id}/secret`, undefined, key);
  const { secret } = await api.must('POST', `/v1/subscriptions/${id}/secret/rotate`, { overlapSeconds: 600 }, key);
  const body = '{"ref":12345678901234567890}';
  const route = await attemptAt(id, body);
  const signed = await api.must('POST', route, {}, key);
  const timestampSeconds = Number(signed.headers['webhook-timestamp']);
  expect(Math.abs(Date.now() / 1000 - timestampSeconds)).toBeLessThan(60);
  expect(signed).toMatchObject({ method: 'POST', url: 'http://127.0.0.1:1/', body });
  expect(signed.headers).toMatchObject({
    'webhook-id': 'evt_1',
    'webhook-signature': standardSignature({ id: 'evt_1', timestampSeconds, body }, [secret, previous]),
    'x-key': '***',
  });
  expect(Date.parse(signed.validUntil) / 1000).toBe(timestampSeconds + 300);

  await api.must('POST', path, {}, key);
  const { headers } = await api.must('POST', route, {}, key);
  expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+ v1a,\S+$/);
});

it('a request in format trigger gets a new token, and only products and admins may have one signed', async () => {
  const settings = { customerId: 'c', name: 'token', url: 'http://127.0.0.1:1/', eventTypes: ['a.b.v1'] };
  const { id } = await api.must('POST', '/v1/subscriptions', { ...settings, format: 'trigger' }, key);
  const route = await attemptAt(id, '{"webhook_id":"w","exp":1}');
  const { headers } = await api.must('POST', route, {}, key);
  const claims = decodeJwt(headers.authorization.replace('Bearer ', ''));
  expect(claims.webhook_id).toBe('w');
  expect(claims.exp).toBeGreaterThan(Date.now() / 1000);
  for (const refused of [customerKey, viewerKey])
    expect((await api.call('POST', route, { key: refused, body: {} })).status).toBe(403);
  const { key: theirs } = await api.tenant('others');
  expect((await api.call('POST', route, { key: theirs, body: {} })).status).toBe(404);
});

it('a request that is no longer stored, or was never sent, cannot be signed again', async () => {
  const route = await attemptAt(path.split('/')[3]!, '{}');
  await api.database.db.query({ text: "update attempts set request_headers = '{}'" });
  expect(await api.call('POST', route, { key, body: {} })).toMatchObject({
    status: 409,
    body: { code: 'payload-expired' },
  });
});
