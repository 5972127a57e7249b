import { Signpost } from '../../sdk/src';

/** Requests are recorded as `METHOD /path body`. */
let requests: string[];
const signpost = new Signpost({
  baseUrl: 'http://signpost.test',
  apiKey: 'k',
  fetch: (async (url: string, { method, body }: RequestInit) => {
    requests.push([method, url.replace('http://signpost.test', ''), body].filter(Boolean).join(' '));
    return Response.json({ items: [], nextCursor: null });
  }) as unknown as typeof fetch,
});
beforeEach(() => {
  requests = [];
});

const BODY = { a: 1 } as never;
const SENT = '{"a":1}';

/** Every method of every resource, and the request it must make. */
const TABLE: Record<string, Record<string, [args: unknown[], request: string]>> = {
  products: {
    create: [[BODY], `POST /v1/products ${SENT}`],
    list: [[{ limit: 2 }], 'GET /v1/products?limit=2'],
    get: [['i'], 'GET /v1/products/i'],
    update: [['i', BODY], `PATCH /v1/products/i ${SENT}`],
  },
  eventTypes: {
    put: [['n', BODY], `PUT /v1/event-types/n ${SENT}`],
    list: [[{ limit: 2 }], 'GET /v1/event-types?limit=2'],
    get: [['n'], 'GET /v1/event-types/n'],
    archive: [['n'], 'POST /v1/event-types/n/archive'],
  },
  customers: {
    create: [[BODY], `POST /v1/customers ${SENT}`],
    list: [[{ limit: 2 }], 'GET /v1/customers?limit=2'],
    get: [['i'], 'GET /v1/customers/i'],
    update: [['i', BODY], `PATCH /v1/customers/i ${SENT}`],
    setSubscriptions: [['i', [BODY]], `PUT /v1/customers/i/subscriptions {"subscriptions":[${SENT}]}`],
    setUp: [['i', BODY], `PUT /v1/customers/i/subscriptions ${SENT}`],
    planSetUp: [['i', BODY], `PUT /v1/customers/i/subscriptions ${SENT.slice(0, -1)},"dryRun":true}`],
    erase: [['i'], 'DELETE /v1/customers/i'],
  },
  erasures: {
    list: [[{ limit: 2 }], 'GET /v1/erasures?limit=2'],
    get: [['i'], 'GET /v1/erasures/i'],
  },
  subscriptions: {
    create: [[BODY], `POST /v1/subscriptions ${SENT}`],
    list: [[{ limit: 2 }], 'GET /v1/subscriptions?limit=2'],
    get: [['i'], 'GET /v1/subscriptions/i'],
    update: [['i', BODY], `PATCH /v1/subscriptions/i ${SENT}`],
    delete: [['i'], 'DELETE /v1/subscriptions/i'],
    enable: [['i'], 'POST /v1/subscriptions/i/enable'],
    disable: [['i'], 'POST /v1/subscriptions/i/disable'],
    challenge: [['i'], 'POST /v1/subscriptions/i/challenge'],
    secret: [['i'], 'GET /v1/subscriptions/i/secret'],
    rotateSecret: [['i', BODY], `POST /v1/subscriptions/i/secret/rotate ${SENT}`],
    trigger: [['i', BODY], `POST /v1/subscriptions/i/trigger ${SENT}`],
    statistics: [['i'], 'GET /v1/subscriptions/i/statistics'],
    recover: [['i', BODY], `POST /v1/subscriptions/i/recover ${SENT}`],
  },
  notifications: {
    list: [[{ status: 'failed' }], 'GET /v1/notifications?status=failed'],
    get: [['i'], 'GET /v1/notifications/i'],
    retry: [['i', BODY], `POST /v1/notifications/i/retry ${SENT}`],
    retryMany: [[BODY], `POST /v1/notifications/retry ${SENT}`],
    cancelMany: [[BODY], `POST /v1/notifications/cancel ${SENT}`],
    cancel: [['i'], 'POST /v1/notifications/i/cancel'],
  },
  attempts: { get: [['i'], 'GET /v1/attempts/i'] },
  recoveries: {
    list: [[{ limit: 2 }], 'GET /v1/recoveries?limit=2'],
    create: [[BODY], `POST /v1/recoveries ${SENT}`],
    get: [['i'], 'GET /v1/recoveries/i'],
    cancel: [['i'], 'POST /v1/recoveries/i/cancel'],
  },
  deploys: {
    create: [[BODY], `POST /v1/deploys ${SENT}`],
    list: [[{ limit: 2 }], 'GET /v1/deploys?limit=2'],
    get: [['i'], 'GET /v1/deploys/i'],
    delete: [['i'], 'DELETE /v1/deploys/i'],
  },
  allowlist: {
    create: [[BODY], `POST /v1/url-allowlist ${SENT}`],
    list: [[{ limit: 2 }], 'GET /v1/url-allowlist?limit=2'],
    decide: [['i', 'rejected'], 'PATCH /v1/url-allowlist/i {"status":"rejected"}'],
    delete: [['i'], 'DELETE /v1/url-allowlist/i'],
  },
  apiKeys: {
    create: [[BODY], `POST /v1/api-keys ${SENT}`],
    list: [[{ limit: 2 }], 'GET /v1/api-keys?limit=2'],
    revoke: [['i'], 'DELETE /v1/api-keys/i'],
  },
  oauthClients: {
    create: [[BODY], `POST /v1/oauth-clients ${SENT}`],
    list: [[{ limit: 2 }], 'GET /v1/oauth-clients?limit=2'],
    revoke: [['i'], 'DELETE /v1/oauth-clients/i'],
  },
  portalSessions: { create: [[BODY], `POST /v1/portal-sessions ${SENT}`] },
  audit: { list: [[{ limit: 2 }], 'GET /v1/audit?limit=2'] },
};

type Method = (...args: unknown[]) => Promise<unknown> | AsyncIterable<unknown>;
const groups = signpost as unknown as Record<string, Record<string, Method>>;

async function call(method: Method, args: unknown[]): Promise<void> {
  const result = method(...args);
  if (!(Symbol.asyncIterator in result)) return void (await result);
  for await (const item of result) void item;
}

it('the table of requests covers every method of every resource', () => {
  const { request: _, events: __, overview: ___, activity: ____, ...resources } = groups;
  const methods = Object.entries(resources).map(([name, group]) => [name, Object.keys(group)]);
  const listed = Object.entries(TABLE).map(([name, group]) => [name, Object.keys(group)]);
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(methods));
});

it.each(
  Object.entries(TABLE).flatMap(([name, group]) =>
    Object.entries(group).map(
      ([method, [args, request]]) => [`${name}.${method}`, request, name, method, args] as const,
    ),
  ),
)('%s makes the request %s', async (_, request, name, method, args) => {
  await call(groups[name]![method]!, [...args]);
  expect(requests).toEqual([request]);
});

it.each([
  ['subscriptions.rotateSecret', () => signpost.subscriptions.rotateSecret('i')],
  ['subscriptions.trigger', () => signpost.subscriptions.trigger('i')],
  ['notifications.retry', () => signpost.notifications.retry('i')],
])('%s sends an empty object by default', async (_, send) => {
  await send();
  expect(requests).toEqual([expect.stringMatching(/ \{\}$/)]);
});

it('overview covers the last hour by default', async () => {
  await signpost.overview();
  await signpost.overview('day');
  expect(requests).toEqual(['GET /v1/overview?window=hour', 'GET /v1/overview?window=day']);
});

it('events.get and events.list make the requests of an event and of a list', async () => {
  await signpost.events.get('i');
  for await (const item of signpost.events.list({ type: 'paid.v1' })) void item;
  expect(requests).toEqual(['GET /v1/events/i', 'GET /v1/events?type=paid.v1']);
});
