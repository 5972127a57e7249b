import { startTestApi, type Answer, type CallOptions, type TestApi } from '../../support/api';

/** Refused callers in the audit log and in the metrics. */
let api: TestApi;
let productId: string;
let key: string;
beforeAll(async () => {
  api = await startTestApi();
  ({ productId, key } = await api.tenant('refused'));
});
afterAll(() => api?.stop());

const REASONS = [
  'missing-credential',
  'invalid-credential',
  'csrf-token',
  'role',
  'sign-in',
  'client-credentials',
  'refresh-token-reuse',
];

async function failures(): Promise<Record<string, number>> {
  const { body } = await api.call('GET', '/metrics', { key: null });
  const lines = [...(body as string).matchAll(/^signpost_auth_failures_total\{reason="([\w-]+)"\} (\d+)$/gm)];
  return Object.fromEntries(lines.map(([, reason, count]) => [reason!, Number(count)]));
}

async function entryOf(answer: Answer) {
  await api.writeTally();
  const id = answer.headers.get('x-request-id');
  const { items } = await api.must('GET', '/v1/audit?limit=200');
  return items.find(({ requestId }: { requestId: string }) => requestId === id);
}

let counter = 0;
/** From an address of its own, so that no earlier refusal is counted with it. */
async function refusedCall(method: string, path: string, { headers, ...options }: CallOptions) {
  const address = `203.0.113.${++counter}`;
  const before = await failures();
  const answer = await api.call(method, path, { ...options, headers: { 'x-forwarded-for': address, ...headers } });
  const after = await failures();
  const counted = REASONS.filter((reason) => after[reason] !== before[reason]);
  return { status: answer.status, counted, entry: await entryOf(answer), address };
}

it('shows all reasons from the start, without labels of tenants', async () => {
  expect(Object.keys(await failures()).sort()).toEqual([...REASONS].sort());
});

it.each<[string, string, string, CallOptions, number, string, string]>([
  ['no credential', 'GET', '/v1/products/p-1', { key: null }, 401, 'missing-credential', 'request.refuse'],
  ['an unknown key', 'GET', '/v1/products/p-2', { key: 'spk_nobody' }, 401, 'invalid-credential', 'request.refuse'],
  ['an invalid token', 'GET', '/v1/products/p-3', { key: 'a.b.c' }, 401, 'invalid-credential', 'request.refuse'],
  [
    'an unknown credential at sign-in',
    'POST',
    '/v1/session',
    { key: null, body: { credential: 'spk_nobody' } },
    401,
    'sign-in',
    'session.refuse',
  ],
  [
    'a wrong client secret',
    'POST',
    '/oauth/token',
    { key: null, body: { grant_type: 'client_credentials', client_id: 'x', client_secret: 'y' } },
    401,
    'client-credentials',
    'token.refuse',
  ],
])('records %s', async (_, method, path, options, status, reason, action) => {
  const refused = await refusedCall(method, path, options);
  expect(refused).toMatchObject({ status, counted: [reason] });
  expect(refused.entry).toMatchObject({
    action,
    actorId: 'anonymous',
    address: refused.address,
    productId: null,
    detail: { reason },
  });
  // The path holds ids that the caller chose.
  expect(JSON.stringify(refused.entry)).not.toMatch(/p-\d|nobody/);
});

it('records a call that the role does not allow, for the product of the credential', async () => {
  const refused = await refusedCall('GET', '/v1/api-keys', { key });
  expect(refused).toMatchObject({ status: 403, counted: ['role'] });
  const { items } = await api.must('GET', '/v1/audit?action=request.refuse', undefined, key);
  expect(items).toEqual([refused.entry]);
  expect(refused.entry).toMatchObject({ object: 'GET /v1/api-keys', productId, detail: { reason: 'role' } });
});

it('records a producer that signs in', async () => {
  const made = await api.must('POST', '/v1/api-keys', { name: 'p', role: 'producer', productId });
  const refused = await refusedCall('POST', '/v1/session', { key: null, body: { credential: made.key } });
  expect(refused).toMatchObject({ status: 403, counted: ['sign-in'], entry: { action: 'session.refuse' } });
  expect(refused.entry).toMatchObject({ object: made.id });
});

it('records a change with a session cookie and without its CSRF token, and a sign-out without it', async () => {
  const signedIn = await api.call('POST', '/v1/session', { key: null, body: { credential: key } });
  const headers = { cookie: signedIn.headers.get('set-cookie')!.split(';')[0]! };
  for (const [method, path] of [
    ['POST', '/v1/customers'],
    ['DELETE', '/v1/session'],
  ] as const) {
    const body = method === 'POST' ? { name: 'C' } : undefined;
    const refused = await refusedCall(method, path, { key: null, headers, body });
    expect(refused).toMatchObject({ status: 403, counted: ['csrf-token'] });
    expect(refused.entry).toMatchObject({ action: 'request.refuse', object: `${method} ${path}` });
  }
});

it('posting an event leaves no entry, and a refused one does', async () => {
  await api.must('PUT', '/v1/event-types/refused.happened.v1', {}, key);
  const event = { type: 'refused.happened.v1', data: {} };
  const accepted = await api.call('POST', '/v1/events', { key, body: event });
  expect(accepted.status).toBe(202);
  expect(await entryOf(accepted)).toBeUndefined();
  const refused = await refusedCall('POST', '/v1/events', { key: 'spk_nobody', body: event });
  expect(refused).toMatchObject({ status: 401, entry: { object: 'POST /v1/events' } });
});

it('asking for the session of a browser that is not signed in is not a refusal', async () => {
  const { status, counted, entry } = await refusedCall('GET', '/v1/session', { key: null });
  expect({ status, counted, entry }).toEqual({ status: 401, counted: [], entry: undefined });
});
