import type { z } from 'zod';
import type { Route } from '../../src/api/http/route';
import { encodeId, newUuid } from '../../src/domain/ids';
import { ADMIN_KEY, startTestApi, type Answer, type CallOptions, type TestApi } from '../support/api';
import { declaredRoutes, fieldsOf, validBody, wrongValues } from './bad-input.routes';
import { recordAttempts } from '../../src/store/notifications/record-attempts';

/**
 * Hostile and careless input for every declared route, so a new route is covered as soon as it is
 * in the list. No call may return 500 or write anything.
 */
let api: TestApi;
/** Ids of tenant A's objects, by the route's path. Tenant B must not learn that they exist. */
let ids: Record<string, string>;
let keyOfB: string;

beforeAll(async () => {
  api = await startTestApi();
  const a = await api.tenant('A');
  keyOfB = (await api.tenant('B')).key;
  await api.must('PUT', '/v1/event-types/a.happened.v1', { productId: a.productId });
  const customer = await api.must('POST', '/v1/customers', { name: 'C' }, a.key);
  const subscription = await api.must(
    'POST',
    '/v1/subscriptions',
    { customerId: customer.id, name: 's', url: 'http://127.0.0.1:1/', eventTypes: ['*'] },
    a.key,
  );
  const event = await api.must(
    'POST',
    '/v1/events',
    { type: 'a.happened.v1', customerId: customer.id, data: {} },
    a.key,
  );
  const entry = await api.must('POST', '/v1/url-allowlist', { pattern: 'https://a.example' }, a.key);
  const apiKey = await api.must('POST', '/v1/api-keys', { name: 'other', role: 'viewer' });
  const notificationId = event.notifications[0].id as string;
  await recordAttempts(api.database.db, [
    {
      notificationId,
      subscriptionId: subscription.id,
      failurePeriod: 0,
      attemptKey: 'run:1',
      trigger: 'scheduled',
      startedAt: new Date(),
      finishedAt: new Date(),
      durationMs: 1,
      error: { class: 'connect', message: 'connection refused' },
      request: { method: 'POST', url: 'http://127.0.0.1:1/', headers: {}, body: null },
      response: null,
      workflowId: `notification/${notificationId}`,
      outcome: { status: 'failed' },
    },
  ]);
  const attempts = (await api.must('GET', `/v1/notifications/${notificationId}`)).attempts;
  const since = '2026-01-02T03:04:05Z';
  const recovery = await api.must('POST', `/v1/subscriptions/${subscription.id}/recover`, { since }, a.key);
  const inbox = await api.must('POST', '/v1/play-inboxes', { customerId: customer.id, name: 'I' }, a.key);
  await api.call('POST', new URL(inbox.url).pathname, { key: null, raw: '{}' });
  const { items: captured } = await api.must('GET', `/v1/play-inboxes/${inbox.id}/requests`);
  const deploy = await api.must('POST', '/v1/deploys', { customerId: customer.id, version: '1' }, a.key);
  const session = await api.call('POST', '/v1/session', { key: null, body: { credential: a.key } });
  const portalSession = await api.must('POST', '/v1/portal-sessions', { customerId: customer.id }, a.key);
  const client = await api.must('POST', '/v1/oauth-clients', { name: 'other', role: 'viewer' });
  const erased = await api.must('POST', '/v1/customers', { name: 'E' }, a.key);
  const erasure = await api.must('DELETE', `/v1/customers/${erased.id}`, undefined, a.key);
  ids = {
    products: a.productId,
    'event-types': 'a.happened.v1',
    customers: customer.id,
    subscriptions: subscription.id,
    events: event.id,
    notifications: notificationId,
    attempts: attempts[0].id,
    'url-allowlist': entry.id,
    'api-keys': apiKey.id,
    recoveries: recovery.id,
    erasures: erasure.id,
    deploys: deploy.id,
    'play-inboxes': inbox.id,
    'play-requests': captured[0].id,
    'portal-sessions': portalSession.id,
    sessions: session.body.id,
    'oauth-clients': client.clientId,
  };
});
afterAll(() => api?.stop());

/** The routes are declared before the server runs, so the table can be built without a server. */
const declared = declaredRoutes();
const named = (routes: Route[]): [string, Route][] =>
  routes.map((route) => [`${route.method.toUpperCase()} ${route.path}`, route]);
const guarded = declared.filter(({ roles }) => roles !== 'public');
const withBody = guarded.filter(({ body }) => body);
const withId = guarded.filter(({ path }) => path.includes('/:'));

function pathOf(route: Route): string {
  const resource = route.path.split('/')[2]!;
  return route.path.replace(/:\w+/, () => {
    // Without an object of tenant A, a 404 would say nothing about tenants.
    if (ids[resource] === undefined) throw new Error(`There is no ${resource} of tenant A. Create one in beforeAll.`);
    return encodeURIComponent(ids[resource]);
  });
}

let countRows: string;
let rowsBefore: unknown;
beforeAll(async () => {
  const { rows } = await api.database.db.query<{ name: string }>({
    text: "select tablename as name from pg_tables where schemaname = 'public' and tablename !~ '_(default|[0-9]{8})$' order by 1",
  });
  expect(rows.length).toBeGreaterThan(15);
  countRows = rows.map(({ name }) => `select '${name}' as name, count(*) from ${name}`).join(' union all ');
});
const rowCounts = async () => (await api.database.db.query({ text: countRows })).rows;
// No test of this file writes anything.
beforeEach(async () => {
  rowsBefore = await rowCounts();
});
afterEach(async () => expect(await rowCounts()).toEqual(rowsBefore));

/** Calls the route and expects a problem with this status and code. */
async function refused(
  route: Route,
  status: number,
  code: string | RegExp,
  options: CallOptions & { path?: string; method?: string } = {},
): Promise<Answer> {
  const answer = await api.call(options.method ?? route.method.toUpperCase(), options.path ?? pathOf(route), options);
  expect({ status: answer.status, body: answer.body }).toMatchObject({
    status,
    body: {
      status,
      code: expect.stringMatching(code),
      type: expect.any(String),
      title: expect.any(String),
      detail: expect.any(String),
      instance: expect.any(String),
    },
  });
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  return answer;
}

describe.each(named(guarded))('%s', (_, route) => {
  const body = route.body ? {} : undefined;

  it('returns 401 without a credential', async () => {
    const answer = await refused(route, 401, 'unauthenticated', { key: null, body });
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
  });

  it('returns 401 for an unknown credential, by either header', async () => {
    await refused(route, 401, 'unauthenticated', { key: 'spk_nobody', body });
    await refused(route, 401, 'unauthenticated', { key: null, headers: { authorization: 'Bearer spk_nobody' }, body });
    await refused(route, 401, 'unauthenticated', {
      key: null,
      headers: { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` },
      body,
    });
  });

  it('returns 422 for an unknown query parameter', async () => {
    await refused(route, 422, 'validation-failed', { path: `${pathOf(route)}?unknown=1`, body });
  });

  it('returns 405 for another method and lists the allowed ones', async () => {
    const methods = new Set(
      declared.filter(({ path }) => path === route.path).map(({ method }) => method.toUpperCase()),
    );
    const other = ['PUT', 'PATCH', 'DELETE', 'POST', 'OPTIONS'].find((method) => !methods.has(method))!;
    const answer = await refused(route, 405, 'method-not-allowed', { method: other });
    const allowed = new Set([...methods, ...(methods.has('GET') ? ['HEAD'] : [])]);
    expect(new Set(answer.headers.get('allow')!.split(', '))).toEqual(allowed);
  });
});

describe.each(named(withId))('%s', (_, route) => {
  const key = route.roles.includes('product') ? () => keyOfB : () => ADMIN_KEY;
  const body = () => (route.body ? validBody(route) : undefined);

  if (route.roles.includes('product') && route.path !== '/v1/event-types/:name') {
    it('returns 404 for an id of another tenant, as for an unknown one', async () => {
      await refused(route, 404, 'not-found', { key: key(), body: body() });
    });
  }

  if (route.method !== 'put') {
    it('returns 404 for an unknown or malformed id', async () => {
      for (const id of [
        'nothing',
        encodeId('ntf', newUuid()),
        encodeId('sub', newUuid()),
        '%00',
        '%27%3B--',
        'a'.repeat(500),
      ]) {
        await refused(route, 404, 'not-found', { path: route.path.replace(/:\w+/, id), body: body() });
      }
    });
  }

  it('returns 400 for a malformed escape in the path', async () => {
    await refused(route, 400, 'invalid-request', { path: route.path.replace(/:\w+/, '%zz'), body: body() });
  });
});

describe.each(named(withBody))('%s', (_, route) => {
  it('returns 400 for malformed JSON', async () => {
    for (const raw of ['{', '{"a":}', 'nonsense', '{"a":1}}']) await refused(route, 400, 'malformed-json', { raw });
  });

  it('returns 422 for JSON that is not an object', async () => {
    for (const raw of ['[]', '"text"', '7', 'null']) await refused(route, 422, 'validation-failed', { raw });
  });

  it('returns 422 for an unknown field, with a pointer to it', async () => {
    const { body } = await refused(route, 422, 'validation-failed', {
      body: { ...validBody(route), 'no such/field': 1 },
    });
    expect(body.errors).toContainEqual({ path: '/no such~1field', message: 'unknown field' });
  });

  it('returns 415 for another content type or encoding', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/xml',
      'application/json; charset=utf-16',
    ]) {
      await refused(route, 415, 'unsupported-media-type', { raw: '{}', headers: { 'content-type': type } });
    }
    await refused(route, 415, 'unsupported-media-type', { raw: '{}', headers: { 'content-encoding': 'zip' } });
  });

  it('returns 413 for a body over the limit', async () => {
    const limit = route.bodyLimitBytes ?? 256 * 1024;
    await refused(route, 413, 'payload-too-large', { raw: JSON.stringify({ name: 'x'.repeat(limit) }) });
  });

  const fields = fieldsOf(route);
  if (fields.length > 0) {
    it.each(fields)('returns 422 for a wrong type in %s, with a pointer to it', async (field) => {
      for (const wrong of wrongValues(route, field)) {
        const { body } = await refused(route, 422, 'validation-failed', {
          body: { ...validBody(route), [field]: wrong },
        });
        expect(body.errors.map(({ path }: { path: string }) => path)).toContainEqual(
          expect.stringMatching(new RegExp(`^/${field}(/|$)`)),
        );
      }
    });
  }
});

describe.each(named(guarded.filter(({ query }) => query && 'cursor' in (query as z.ZodObject).shape)))(
  '%s',
  (_, route) => {
    it('returns 400 for an invalid cursor', async () => {
      for (const cursor of [
        'x',
        'bm90IGEgY3Vyc29yIQ',
        '%F0%9F%92%A9',
        Buffer.from("'; drop table events").toString('base64url'),
      ]) {
        await refused(route, 400, 'invalid-cursor', { path: `${pathOf(route)}?cursor=${cursor}` });
      }
    });

    it('returns 422 for a limit out of bounds', async () => {
      const notWritten = ['1e1', '0x10', '0b1', '%2B5', '+5', '%205', '5%20', '5.0', '05', '5,0', '%D9%A5', 'NaN'];
      for (const limit of ['0', '201', '-1', 'ten', '1.5', '', ...notWritten]) {
        const { body } = await refused(route, 422, 'validation-failed', { path: `${pathOf(route)}?limit=${limit}` });
        expect(body.errors[0].path).toBe('query/limit');
      }
    });
  },
);

it('returns 404 for an unknown route', async () => {
  for (const path of ['/v1/nothing', '/v2/products', '/v1/products/x/y/z']) {
    expect(await api.call('GET', path)).toMatchObject({ status: 404, body: { code: 'unknown-route', instance: path } });
  }
});

it('refuses text that Postgres cannot store, in every call that takes text', async () => {
  const customerId = ids.customers;
  const nul = 'a\u0000b';
  const calls: [string, string, unknown][] = [
    ['POST', '/v1/products', { name: nul }],
    ['PUT', '/v1/event-types/x.y', { productId: ids.products, description: nul }],
    ['POST', '/v1/customers', { name: nul }],
    ['POST', '/v1/subscriptions', { customerId, name: nul, url: 'http://127.0.0.1:1/', eventTypes: ['*'] }],
    ['POST', '/v1/subscriptions', { customerId, name: nul, url: 'http://127.0.0.1:1/', eventTypes: ['*'] }],
    ['POST', '/v1/api-keys', { name: nul, role: 'admin' }],
    ['POST', '/v1/events', { type: 'a.happened.v1', customerId, data: {}, channels: [nul] }],
    ['POST', '/v1/events', { type: 'a.happened.v1', customerId, data: {}, channels: ['\ud800'] }],
    ['PATCH', `/v1/products/${ids.products}`, { name: '\ud800' }],
    ['PATCH', `/v1/customers/${customerId}`, { name: 'a\udfff' }],
    ['POST', '/v1/subscriptions', { customerId, name: '\ud800', url: 'http://127.0.0.1:1/', eventTypes: ['*'] }],
    ['PUT', '/v1/event-types/x.y', { productId: ids.products, description: '\udc00' }],
  ];
  for (const [method, path, body] of calls)
    expect(await api.call(method, path, { body })).toMatchObject({ status: 422, body: { code: 'validation-failed' } });
});

it('refuses a body that claims to be gzip and is not', async () => {
  expect(
    await api.call('POST', '/v1/products', { raw: '{"name":"x"}', headers: { 'content-encoding': 'gzip' } }),
  ).toMatchObject({ status: 400 });
});
