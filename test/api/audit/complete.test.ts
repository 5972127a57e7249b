import { readFile } from 'node:fs/promises';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../support/api';
import { CALLS, makeObjects, type Call, type Objects } from '../permissions.calls';

/**
 * Every operation of the OpenAPI document that changes or shows something, and the entry that it
 * leaves in the audit log. The table is literal, so that a new operation fails until somebody
 * decides about its entry.
 */
const ACTIONS: Record<string, string> = {
  'GET /v1/events': 'event.list',
  'GET /v1/events/:id': 'event.read',
  'POST /v1/events/:id/replay': 'event.replay',
  'POST /v1/products': 'product.create',
  'PATCH /v1/products/:id': 'product.change',
  'PUT /v1/event-types/:name': 'event-type.change',
  'POST /v1/event-types/:name/archive': 'event-type.archive',
  'PUT /v1/event-types/:name/service-definition': 'service-definition.create',
  'DELETE /v1/event-types/:name/service-definition': 'service-definition.delete',
  'POST /v1/customers': 'customer.create',
  'PATCH /v1/customers/:id': 'customer.change',
  'DELETE /v1/customers/:id': 'customer.erase',
  'PUT /v1/customers/:id/subscriptions': 'subscription.change',
  'POST /v1/subscriptions': 'subscription.create',
  'PATCH /v1/subscriptions/:id': 'subscription.change',
  'DELETE /v1/subscriptions/:id': 'subscription.delete',
  'POST /v1/subscriptions/:id/enable': 'subscription.enable',
  'POST /v1/subscriptions/:id/disable': 'subscription.disable',
  'POST /v1/subscriptions/:id/trigger': 'subscription.trigger',
  'GET /v1/subscriptions/:id/secret': 'secret.reveal',
  'POST /v1/subscriptions/:id/secret/rotate': 'secret.rotate',
  'POST /v1/subscriptions/:id/secret/link': 'secret.link',
  'POST /v1/subscriptions/:id/signing-key': 'signing-key.create',
  'DELETE /v1/subscriptions/:id/signing-key': 'signing-key.delete',
  'POST /v1/subscriptions/:id/challenge': 'subscription.challenge',
  'POST /v1/subscriptions/:id/recover': 'recovery.start',
  'POST /v1/url-allowlist': 'allowlist.create',
  'PATCH /v1/url-allowlist/:id': 'allowlist.rejected',
  'DELETE /v1/url-allowlist/:id': 'allowlist.delete',
  'POST /v1/notifications/retry': 'notification.retry',
  'POST /v1/notifications/cancel': 'notification.cancel',
  'POST /v1/notifications/:id/retry': 'notification.retry',
  'POST /v1/notifications/:id/cancel': 'notification.cancel',
  'GET /v1/attempts/:id': 'attempt.read',
  'POST /v1/recoveries': 'recovery.start',
  'POST /v1/attempts/:id/signed-request': 'attempt.sign',
  'POST /v1/recoveries/:id/cancel': 'recovery.cancel',
  'POST /v1/api-keys': 'api-key.create',
  'POST /v1/api-keys/:id/rotate': 'api-key.rotate',
  'DELETE /v1/api-keys/:id': 'api-key.revoke',
  'POST /v1/oauth-clients': 'oauth-client.create',
  'POST /v1/oauth-clients/:id/rotate': 'oauth-client.rotate',
  'DELETE /v1/oauth-clients/:id': 'oauth-client.revoke',
  'PUT /v1/webhooks': 'subscription.create',
  'DELETE /v1/webhooks': 'subscription.delete',
  'PUT /v1/webhook': 'subscription.create',
  'DELETE /v1/webhook': 'subscription.delete',
  'POST /v1/portal-sessions': 'portal-session.create',
  'DELETE /v1/portal-sessions': 'portal-session.end',
  'DELETE /v1/portal-sessions/:id': 'portal-session.end',
  'POST /v1/deploys': 'deploy.create',
  'DELETE /v1/deploys/:id': 'deploy.delete',
  'POST /v1/play-inboxes': 'play-inbox.create',
  'PATCH /v1/play-inboxes/:id': 'play-inbox.change',
  'DELETE /v1/play-inboxes/:id': 'play-inbox.delete',
  'GET /v1/play-requests/:id': 'play-request.read',
  // These need no credential, so other tests make the calls.
  'POST /oauth/token': 'token.issue',
  'POST /login/oauth/access_token': 'token.issue',
  'POST /v1/session': 'session.create',
  'DELETE /v1/session': 'session.end',
  'DELETE /v1/sessions': 'session.end',
  'DELETE /v1/sessions/:id': 'session.end',
};

/** Accepted events are their own record, and a dry run changes nothing. */
const WITHOUT_ENTRY = [
  'POST /v1/events',
  'POST /v1/events/batch',
  'POST /v1/event-types/:name/service-definition/dry-run',
  'POST /v1/customers/:id/transform/dry-run',
  'POST /v1/subscriptions/:id/transform/dry-run',
];

/** Calls that here concern no product, or another one. */
const WITHOUT_PRODUCT = [
  'GET /v1/events',
  'POST /v1/products',
  'DELETE /v1/api-keys/:id',
  'DELETE /v1/oauth-clients/:id',
  'DELETE /v1/sessions',
  'DELETE /v1/sessions/:id',
];

/** Calls whose usual form would change nothing here. */
const CHANGING: Record<string, Partial<Call>> = {
  'DELETE /v1/sessions': {
    async prepare(api) {
      await api.call('POST', '/v1/session', { key: null, body: { credential: ADMIN_KEY } });
      return {};
    },
  },
  'PATCH /v1/customers/:id': { body: () => ({ name: 'Renamed' }) },
  'PUT /v1/event-types/:name': { body: ({ productId }) => ({ productId, description: 'Changed' }) },
  'PUT /v1/customers/:id/subscriptions': {
    body: ({ eventType }) => ({
      subscriptions: [{ name: 'main', url: 'http://127.0.0.1:1/other', eventTypes: [eventType] }],
    }),
  },
  'POST /v1/subscriptions/:id/enable': {
    async prepare(api, { subscriptionId }) {
      await api.must('POST', `/v1/subscriptions/${subscriptionId}/disable`, {});
      return {};
    },
  },
  'POST /v1/notifications/:id/cancel': {
    async prepare(api, { notificationId }) {
      await api.must('POST', `/v1/notifications/${notificationId}/retry`, {});
      return {};
    },
  },
  'POST /v1/notifications/cancel': {
    async prepare(api, { notificationId }) {
      await api.must('POST', `/v1/notifications/${notificationId}/retry`, {});
      return {};
    },
  },
  'DELETE /v1/portal-sessions': { prepare: async () => ({}) },
};

let api: TestApi;
let product: Pick<Objects, 'productKey' | 'productId' | 'eventType'>;

beforeAll(async () => {
  api = await startTestApi(undefined, undefined, { quotas: { credentials: 10_000 } });
  const { productId, key } = await api.tenant('audited');
  await api.must('PUT', '/v1/event-types/audited.happened.v1', {}, key);
  product = { productKey: key, productId, eventType: 'audited.happened.v1' };
});
afterAll(() => api?.stop());

interface Entry {
  action: string;
  actor_id: string;
  address: string | null;
  request_id: string | null;
  product_id: string | null;
}

async function entriesOf(requestId: string): Promise<Entry[]> {
  await api.writeTally();
  const { rows } = await api.database.db.query<Entry>({
    text: 'select action, actor_id, address, request_id, product_id from audit where request_id = $1',
    values: [requestId],
  });
  return rows;
}

it('decides about the audit entry of every operation of the OpenAPI document', async () => {
  const { paths } = await api.must('GET', '/openapi.json');
  const operations = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  );
  const changing = operations.filter((operation) => !operation.startsWith('GET '));
  const decided = [...Object.keys(ACTIONS), ...WITHOUT_ENTRY];
  expect(decided.filter((operation) => !operation.startsWith('GET ')).sort()).toEqual(changing.sort());
  expect(operations).toEqual(expect.arrayContaining(decided));
});

it('the web UI has a label for every action', async () => {
  const labels = await readFile('web/src/screens/audit/labels.tsx', 'utf8');
  const others = [
    'allowlist.approved',
    'secret.link-open',
    'session.refuse',
    'subscription.out-of-order',
    'token.refuse',
    'request.refuse',
  ];
  for (const action of [...Object.values(ACTIONS), ...others]) expect(labels).toContain(`'${action}':`);
});

async function make(operation: string): Promise<{ requestId: string }> {
  const call: Call = { ...CALLS[operation]!, ...CHANGING[operation] };
  const made = await makeObjects(api, product);
  const objects = { ...made, ...(await call.prepare?.(api, made, ADMIN_KEY)) };
  const [method, route] = operation.split(' ') as [string, string];
  const named = call.names ? encodeURIComponent(objects[call.names]) : '';
  const path = route.replace(/:\w+/, named) + (call.query?.(objects) ?? '');
  const answer = await api.call(method, path, { body: call.body?.(objects) });
  expect({ operation, isDone: answer.status < 300, body: answer.body }).toMatchObject({ isDone: true });
  return { requestId: answer.headers.get('x-request-id')! };
}

const guarded = Object.entries(ACTIONS).filter(([operation]) => CALLS[operation] !== undefined);

it.each(guarded)('%s leaves the entry %s with its address and request id', async (operation, action) => {
  const { requestId } = await make(operation);
  const entries = await entriesOf(requestId);
  expect(entries.map((entry) => entry.action)).toContain(action);
  for (const entry of entries) expect(entry).toMatchObject({ actor_id: 'bootstrap', address: '127.0.0.1' });
  if (!WITHOUT_PRODUCT.includes(operation))
    expect(entries.map((entry) => entry.product_id)).toContain(product.productId);
});

it.each(WITHOUT_ENTRY)('%s leaves no entry', async (operation) => {
  const { requestId } = await make(operation);
  expect(await entriesOf(requestId)).toEqual([]);
});

it('a sign-in and a sign-out leave entries of the person who signed in', async () => {
  const signedIn = await api.call('POST', '/v1/session', { key: null, body: { credential: ADMIN_KEY } });
  const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!;
  const headers = { cookie, 'x-csrf-token': signedIn.body.csrfToken as string };
  const signedOut = await api.call('DELETE', '/v1/session', { key: null, headers });
  const of = (answer: typeof signedIn) => entriesOf(answer.headers.get('x-request-id')!);
  expect(await of(signedIn)).toMatchObject([{ action: 'session.create', actor_id: 'bootstrap', address: '127.0.0.1' }]);
  expect(await of(signedOut)).toMatchObject([{ action: 'session.end', actor_id: 'bootstrap' }]);
});

it.each(['/oauth/token', '/login/oauth/access_token'])('a token issued at %s leaves an entry', async (path) => {
  const body = { name: 'c', role: 'viewer', productId: product.productId };
  const { clientId, clientSecret } = await api.must('POST', '/v1/oauth-clients', body);
  const grant = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
  const issued = await api.call('POST', path, { key: null, body: grant });
  expect(await entriesOf(issued.headers.get('x-request-id')!)).toMatchObject([
    { action: 'token.issue', actor_id: clientId, product_id: product.productId },
  ]);
});

it('names the client behind a trusted proxy', async () => {
  const headers = { 'x-forwarded-for': '203.0.113.9' };
  const { headers: sent } = await api.call('POST', '/v1/products', { body: { name: 'P' }, headers });
  expect(await entriesOf(sent.get('x-request-id')!)).toMatchObject([{ address: '203.0.113.9' }]);
});
