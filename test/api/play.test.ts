import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_KEY, startTestApi, type Answer, type TestApi } from '../support/api';
import { makeTenant, settings } from '../support/tenant';

let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;

beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(async () => {
  tenant = await makeTenant(api);
});
afterAll(() => api?.stop());

const newInbox = (body: object = {}) =>
  api.must('POST', '/v1/play-inboxes', { customerId: tenant.customerId, name: 'Inbox', ...body });
/** Sends to an inbox from outside. */
const post = (url: string, body: string, headers: Record<string, string> = {}): Promise<Answer> =>
  api.call('POST', new URL(url).pathname + new URL(url).search, { key: null, raw: body, headers });
const captured = async (inboxId: string) => (await api.must('GET', `/v1/play-inboxes/${inboxId}/requests`)).items;
const lastOf = async (inboxId: string) => api.must('GET', `/v1/play-requests/${(await captured(inboxId))[0].id}`);

const subscribe = (url: string, overrides = {}) =>
  api.must('POST', '/v1/subscriptions', { customerId: tenant.customerId, ...settings({ url, ...overrides }) });

function signed(secret: string, body: string, ageSeconds = 0) {
  const timestamp = String(Math.floor(Date.now() / 1000) - ageSeconds);
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`evt_1.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': 'evt_1', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

it('an inbox captures a request, and returns the status and body of its answer', async () => {
  const inbox = await newInbox({ answer: { status: 503, body: 'not now' } });
  expect(inbox.url).toMatch(/\/play\/in\/[0-9a-f]{40}$/);
  const answer = await post(`${inbox.url}?tenant=secret-value`, '{"amount":125.50}', { 'x-trace': 'abc' });
  expect([answer.status, answer.body]).toEqual([503, 'not now']);
  expect(await lastOf(inbox.id)).toMatchObject({
    method: 'POST',
    query: 'tenant=***',
    headers: { 'x-trace': 'abc', 'content-type': 'application/json' },
    body: '{"amount":125.50}',
    bodyBytes: 17,
    bodyTruncated: false,
    responseStatus: 503,
    signature: { status: 'failed', detail: 'Not signed: webhook-id, webhook-timestamp, webhook-signature missing.' },
    subscriptionId: null,
  });
});

it('a changed answer is given from the next request on, after its delay', async () => {
  const inbox = await newInbox();
  const path = `/v1/play-inboxes/${inbox.id}`;
  const changed = await api.must('PATCH', path, { answer: { status: 201, delaySeconds: 1 } });
  expect(changed.answer).toEqual({ status: 201, delaySeconds: 1, body: '{"received":true}' });
  const started = performance.now();
  expect(await post(inbox.url, '{}')).toMatchObject({ status: 201, body: { received: true } });
  expect(performance.now() - started).toBeGreaterThan(990);
});

it('the signature of a request is verified with the secrets of the endpoints that have the URL', async () => {
  const inbox = await newInbox();
  const { id, name, secret } = await subscribe(inbox.url);
  const results: unknown[] = [];
  const body = '{"a":1}';
  for (const [sent, headers] of [
    [body, signed(secret, body)],
    ['{"a":2}', signed(secret, body)],
    [body, signed(secret, body, 4000)],
    [body, signed('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', body)],
  ] as const) {
    await post(inbox.url, sent, headers);
    const { signature, subscriptionId } = (await captured(inbox.id))[0];
    results.push([signature.status, signature.detail, subscriptionId]);
  }
  expect(results).toEqual([
    ['verified', `Signed with the current secret of ${name}.`, id],
    ['failed', expect.stringContaining(`No signature fits the secret of ${name}.`), null],
    ['failed', expect.stringMatching(/^The time is 400\d s ago\. Receivers allow 300 s\.$/), id],
    ['failed', expect.stringContaining('No signature fits'), null],
  ]);
});

it('a request is verified with the previous secret during a rotation', async () => {
  const inbox = await newInbox();
  const { id, name, secret } = await subscribe(inbox.url);
  await api.must('POST', `/v1/subscriptions/${id}/secret/rotate`, {});
  await post(inbox.url, '{}', signed(secret, '{}'));
  expect((await captured(inbox.id))[0].signature).toEqual({
    status: 'verified',
    detail: `Signed with the previous secret of ${name}.`,
  });
});

it('without an endpoint for the inbox, the result is unknown, also if another customer has one', async () => {
  const inbox = await newInbox();
  const other = await makeTenant(api);
  const { secret } = await api.must('POST', '/v1/subscriptions', {
    customerId: other.customerId,
    ...settings({ url: inbox.url }),
  });
  await post(inbox.url, '{}', signed(secret, '{}'));
  expect((await captured(inbox.id))[0].signature.status).toBe('unknown');
});

it('a deleted endpoint, and one whose URL only names the inbox, do not verify', async () => {
  const [inbox, other] = [await newInbox(), await newInbox()];
  const { id, secret } = await subscribe(inbox.url);
  const near = await subscribe(`${other.url}?copy=${new URL(inbox.url).pathname}`);
  const statusWith = async (key: string) => {
    await post(inbox.url, '{}', signed(key, '{}'));
    return (await captured(inbox.id))[0].signature.status;
  };
  expect([await statusWith(near.secret), await statusWith(secret)]).toEqual(['failed', 'verified']);
  await api.must('DELETE', `/v1/subscriptions/${id}`);
  expect([await statusWith(near.secret), await statusWith(secret)]).toEqual(['unknown', 'unknown']);
});

it('an inbox of a product is not verified with the endpoints of another product', async () => {
  const [a, b] = [await makeTenant(api), await makeTenant(api)];
  const { id: customerId } = await api.must('POST', '/v1/customers', { name: 'Shared' });
  const inbox = await api.must('POST', '/v1/play-inboxes', { customerId, name: 'of A' }, a.key);
  const create = (key: string) => api.must('POST', '/v1/subscriptions', settings({ customerId, url: inbox.url }), key);
  const [mine, foreign] = [await create(a.key), await create(b.key)];
  const results: string[] = [];
  for (const { secret } of [mine, foreign]) {
    await post(inbox.url, '{}', signed(secret, '{}'));
    results.push((await captured(inbox.id))[0].signature.status);
  }
  expect(results).toEqual(['verified', 'failed']);
});

it('no secret of a captured request is stored', async () => {
  const inbox = await newInbox();
  const { secret } = await subscribe(inbox.url, { secret: 'a secret of sixteen characters' });
  await post(inbox.url, JSON.stringify({ secret, inside: JSON.stringify({ secret }) }), {
    authorization: 'Bearer very-secret',
    cookie: 'signpost_session=very-secret',
    'x-api-key': 'very-secret',
  });
  const { rows } = await api.database.db.query({
    text: 'select headers, body, query from play_requests order by id desc limit 1',
  });
  const stored = JSON.stringify(rows[0]);
  expect(stored).not.toContain('very-secret');
  expect(stored).not.toContain(secret);
});

it('a secret is masked where the kept part of a body ends', async () => {
  const inbox = await newInbox();
  const { secret } = await subscribe(inbox.url, { secret: 'a secret of sixteen characters' });
  await post(inbox.url, `${secret} ${'x'.repeat(65_536 - 40)}${secret.repeat(2)}`);
  const { body, bodyTruncated } = await lastOf(inbox.id);
  expect(bodyTruncated).toBe(true);
  expect(body).toMatch(/^\*\*\* x+\*\*\*$/);
});

it('the answer of an inbox is no page of the web UI', async () => {
  const inbox = await newInbox({ answer: { body: '<script>alert(1)</script>' } });
  const { headers } = await api.call('GET', new URL(inbox.url).pathname, { key: null });
  expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(headers.get('content-security-policy')).toContain('sandbox');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

it('a challenge passes at an inbox, and only this service gets an answer to one', async () => {
  const inbox = await newInbox({ answer: { status: 500 } });
  const { id, name } = await subscribe(inbox.url);
  expect(await api.must('POST', `/v1/subscriptions/${id}/challenge`, {})).toMatchObject({ status: 'verified' });
  expect((await captured(inbox.id))[0]).toMatchObject({
    method: 'GET',
    signature: { status: 'challenge', detail: `Challenge, answered with the secret of ${name}.` },
    subscriptionId: id,
  });
  const asked = await api.call('GET', `${new URL(inbox.url).pathname}?crc_token=evt_1.1.body`, { key: null });
  expect(JSON.stringify(asked.body)).not.toContain('response_token');
});

it('an inbox keeps its last 100 requests', async () => {
  const inbox = await newInbox();
  await post(inbox.url, 'first');
  await api.database.db.query({
    text: `insert into play_requests select (overlay(id::text placing lpad(to_hex(n), 12, '0') from 25 for 12))::uuid, inbox_id, method, query, headers,
             n::text, body_bytes, body_truncated, response_status, signature_status, signature_detail, subscription_id, event_id, notification_id, expires_at
           from play_requests, generate_series(1, 101) n where inbox_id = (select inbox_id from play_requests where body = 'first')`,
  });
  await post(inbox.url, 'last');
  const { items } = await api.must('GET', `/v1/play-inboxes/${inbox.id}/requests?limit=200`);
  expect(items).toHaveLength(100);
  expect((await lastOf(inbox.id)).body).toBe('last');
});

it('a request expires after its time, in the list and by its id', async () => {
  const inbox = await newInbox();
  await post(inbox.url, 'old');
  const [{ id }] = await captured(inbox.id);
  await api.database.db.query({
    text: `update play_requests set expires_at = now() - interval '1 second' where body = 'old'`,
  });
  await post(inbox.url, 'new');
  expect(await captured(inbox.id)).toMatchObject([{ bodyBytes: 3, query: '' }]);
  expect((await api.call('GET', `/v1/play-requests/${id}`)).status).toBe(404);
});

it('an inbox that is in use is kept for longer, by one write a day', async () => {
  const inbox = await newInbox({ name: 'in use' });
  const daysLeft = async () =>
    (Date.parse((await api.must('GET', `/v1/play-inboxes/${inbox.id}`)).expiresAt) - Date.now()) / 86_400_000;
  const set = (days: number) =>
    api.database.db.query({
      text: `update play_inboxes set expires_at = now() + make_interval(secs => $1) where name = 'in use'`,
      values: [days * 86_400],
    });
  await set(29.5);
  await post(inbox.url, '{}');
  expect(await daysLeft()).toBeLessThan(29.6);
  await set(28.5);
  await post(inbox.url, '{}');
  expect(await daysLeft()).toBeGreaterThan(29.9);
});

it('a large body is verified as a whole, kept in part, and refused above 1 MiB', async () => {
  const inbox = await newInbox();
  const { secret } = await subscribe(inbox.url);
  const body = JSON.stringify('x'.repeat(200_000));
  await post(inbox.url, body, signed(secret, body));
  const last = await lastOf(inbox.id);
  expect(last).toMatchObject({ bodyBytes: 200_002, bodyTruncated: true, signature: { status: 'verified' } });
  expect(last.body).toHaveLength(65_536);
  const refused = await post(inbox.url, 'x'.repeat(1024 * 1024 + 1)).catch(() => undefined);
  expect(refused?.status ?? 413).toBe(413);
  expect(await captured(inbox.id)).toHaveLength(1);
});

it('a request whose inbox is deleted while its body arrives gets 404', async () => {
  const inbox = await newInbox();
  const { host, port, pathname } = new URL(inbox.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(`POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\n\r\n`);
  const [, answer] = await Promise.all([
    (async () => {
      await sleep(200);
      await api.must('DELETE', `/v1/play-inboxes/${inbox.id}`);
      socket.write('hello');
    })(),
    text(socket),
  ]);
  expect(answer).toMatch(/^HTTP\/1.1 404 /);
  expect(answer).toContain('"not-found"');
});

it("a customer's slow inboxes leave room for those of others", async () => {
  const other = await newInbox({ customerId: (await makeTenant(api)).customerId });
  const slow = await newInbox({ answer: { delaySeconds: 2 } });
  const statuses = Array.from({ length: 60 }, async () => (await post(slow.url, '1')).status);
  await sleep(1000);
  expect((await post(other.url, '1')).status).toBe(200);
  const refused = (await Promise.all(statuses)).filter((status) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect((await post(slow.url, '1')).status).toBe(200);
});

it('an inbox takes 120 requests a minute', async () => {
  const inbox = await newInbox();
  const statuses: number[] = [];
  for (let batch = 0; batch < 13; batch += 1)
    statuses.push(...(await Promise.all(Array.from({ length: 10 }, async () => (await post(inbox.url, '1')).status))));
  expect(statuses.filter((status) => status === 200)).toHaveLength(120);
  expect(statuses.filter((status) => status === 429)).toHaveLength(10);
});

it('an unknown, deleted or expired inbox returns 404, and its token is not in the answer', async () => {
  const [deleted, expired] = [await newInbox(), await newInbox()];
  await api.must('DELETE', `/v1/play-inboxes/${deleted.id}`);
  await api.database.db.query({
    text: `update play_inboxes set expires_at = now() - interval '1 second' where name = 'Inbox' and created_at = (select max(created_at) from play_inboxes)`,
  });
  for (const { url } of [deleted, expired, { url: `${api.url}/play/in/${'0'.repeat(40)}` }]) {
    const answer = await post(url, '{}');
    expect(answer).toMatchObject({ status: 404, body: { code: 'not-found', instance: '/play/in/:token' } });
  }
  expect((await api.call('GET', `/v1/play-inboxes/${expired.id}`)).status).toBe(404);
  for (const path of ['/play/in/', `/play/in/${'0'.repeat(39)}`, `/play/in/${'0'.repeat(40)}/x`])
    expect((await api.call('GET', path, { key: null })).body.code).toBe('unknown-route');
});

it('a customer has at most 10 inboxes', async () => {
  const { customerId } = await makeTenant(api);
  for (let made = 0; made < 10; made += 1) await newInbox({ customerId });
  const refused = await api.call('POST', '/v1/play-inboxes', { body: { customerId, name: 'one more' } });
  expect(refused).toMatchObject({ status: 409, body: { code: 'quota-exceeded' } });
});

it("inboxes of a product on a shared customer are no other product's", async () => {
  const [a, b] = [await makeTenant(api), await makeTenant(api)];
  const { id: customerId } = await api.must('POST', '/v1/customers', { name: 'Shared' });
  const inbox = await api.must('POST', '/v1/play-inboxes', { customerId, name: 'of A' }, a.key);
  expect(inbox.productId).toBe(a.productId);
  await post(inbox.url, '{}');
  const [request] = await captured(inbox.id);
  for (const path of [
    `/v1/play-inboxes/${inbox.id}`,
    `/v1/play-inboxes/${inbox.id}/requests`,
    `/v1/play-requests/${request.id}`,
  ]) {
    expect((await api.call('GET', path, { key: a.key })).status).toBe(200);
    expect((await api.call('GET', path, { key: b.key })).status).toBe(404);
  }
});

it('a change that changes nothing leaves no entry in the audit log', async () => {
  const inbox = await newInbox();
  const same = await api.must('PATCH', `/v1/play-inboxes/${inbox.id}`, { name: 'Inbox', answer: { status: 200 } });
  expect(same).toEqual(inbox);
  const { items } = await api.must('GET', '/v1/audit?action=play-inbox.change', undefined, ADMIN_KEY);
  expect(items.filter(({ object }: { object: string }) => object === inbox.id)).toEqual([]);
});

describe('without Play', () => {
  it('its calls are refused', async () => {
    const without = await startTestApi(undefined, {}, { features: [] });
    try {
      const answer = await without.call('GET', '/v1/play-inboxes');
      expect(answer).toMatchObject({ status: 403, body: { code: 'feature-disabled' } });
      expect(answer.body.detail).toContain('SIGNPOST_PLAY=on');
    } finally {
      await without.stop();
    }
  });
});
