import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { startTestApi, type TestApi } from '../../support/api';
import { makeObjects, UNKNOWN, type Objects } from '../permissions.calls';
import { broken, fitting, oddText } from './arbitraries';
import { Document, type Operation } from './document';

/**
 * Requests generated from the OpenAPI document, valid and slightly broken ones, to every operation
 * and with every kind of credential. `npm run fuzz` takes longer; SIGNPOST_FUZZ_SEED repeats a run.
 */

/** Absent: a fixed number of requests, so that the result does not depend on the machine. */
const SECONDS = process.env.SIGNPOST_FUZZ_SECONDS && Number(process.env.SIGNPOST_FUZZ_SECONDS);
const REQUESTS = 600;
/** Heads of requests with shorter paths are taken, whatever their headers. */
const MAX_SHORT_HEAD = 15_000;
const SEED = Number(process.env.SIGNPOST_FUZZ_SEED ?? randomInt(2 ** 31));
/** Limits would leave most requests unanswered. */
const MANY = 1_000_000_000;
const LIMITS = {
  events: MANY,
  requests: MANY,
  customerRequests: MANY,
  challenges: MANY,
  triggers: MANY,
  dryRuns: MANY,
  setUps: MANY,
  resumes: MANY,
  schemas: MANY,
  largeBodies: MANY,
};
const QUOTAS = { subscriptions: MANY, eventTypes: MANY, portalSessions: MANY, credentials: MANY };

let api: TestApi;
let document: Document;
let credentials: (string | null)[];
/** Ids by the first segment of a path. */
let ids: Record<string, string[]>;

beforeAll(async () => {
  api = await startTestApi(undefined, {}, { limits: LIMITS, quotas: QUOTAS });
  const tenant = async (name: string) => {
    const { productId, key } = await api.tenant(name);
    const eventType = `${name}.happened.v1`;
    await api.must('PUT', `/v1/event-types/${eventType}`, {}, key);
    return { productKey: key, productId, eventType };
  };
  const [a, b] = [await tenant('a'), await tenant('b')];
  // Some are deleted on the way.
  const objects: Omit<Objects, 'productKey'>[] = [UNKNOWN, await makeObjects(api, b)];
  for (let i = 0; i < 4; i++) objects.push(await makeObjects(api, a));
  const { customerId, productId } = objects[2]!;
  const keyOf = async (body: object) => (await api.must('POST', '/v1/api-keys', { name: 'k', ...body })).key as string;
  credentials = [
    await keyOf({ role: 'admin' }),
    a.productKey,
    await keyOf({ role: 'viewer' }),
    await keyOf({ role: 'viewer', productId }),
    await keyOf({ role: 'customer', customerId }),
    (await api.must('POST', '/v1/portal-sessions', { customerId })).token,
    await keyOf({ role: 'producer', productId }),
    b.productKey,
    'spk_nobody',
    null,
  ];
  const of = (name: keyof Omit<Objects, 'productKey'>) => objects.map((one) => one[name]);
  ids = {
    products: of('productId'),
    'event-types': of('eventType'),
    customers: of('customerId'),
    subscriptions: of('subscriptionId'),
    events: of('eventId'),
    notifications: of('notificationId'),
    attempts: of('attemptId'),
    recoveries: of('recoveryId'),
    erasures: of('erasureId'),
    'portal-sessions': of('portalSessionId'),
    'url-allowlist': of('allowlistId'),
    'api-keys': of('apiKeyId'),
    'oauth-clients': of('oauthClientId'),
    sessions: of('sessionId'),
  };
  document = new Document(await api.must('GET', '/openapi.json'));
});
afterAll(() => api?.stop());

interface Request {
  operation: Operation;
  path: string;
  credential: string | null;
  headers: Record<string, string>;
  body: unknown;
}

/** Percent-encodes text that need not be well-formed. */
const encode = (text: string) => Buffer.from(text).toString('hex').replace(/../g, '%$&');

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value ?? null));

/** Values of a parameter or body: mostly fitting, else one part is broken. */
const mostly = (value: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: value.chain(broken) });

function requestsTo(operation: Operation): fc.Arbitrary<Request> {
  const { path, parameters, requestBody } = operation;
  const inQuery = parameters.filter((one) => one.in === 'query');
  const id = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...(ids[path.split('/')[2] ?? ''] ?? ['x'])) },
    { weight: 1, arbitrary: oddText.filter((text) => text !== '' && !/^\.{1,2}$/.test(text)) },
  );
  const query = fc.record(
    Object.fromEntries(
      inQuery.map(({ name, schema }) => [name, parameter(name, mostly(fitting(schema, document.resolve)))]),
    ),
    { requiredKeys: [] },
  );
  const schema = requestBody?.content['application/json']?.schema;
  const bodies = schema ? mostly(withKnownIds(fitting(schema, document.resolve))) : fc.constant(undefined);
  return fc
    .record({
      id,
      query,
      more: fc.oneof({ weight: 9, arbitrary: fc.constant('') }, { weight: 1, arbitrary: oddText }),
      credential: fc.oneof(
        { weight: 2, arbitrary: fc.constantFrom(...credentials.slice(0, 2)) },
        { weight: 1, arbitrary: fc.constantFrom(...credentials) },
      ),
      key: fc.oneof(
        { weight: 4, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.stringMatching(/^[ -~]{1,8}$/) },
      ),
      body: bodies,
    })
    .map(({ id: given, query: values, more, credential, key, body }) => {
      const pairs = Object.entries(values).map(([name, value]) => `${name}=${encode(textOf(value))}`);
      if (more !== '') pairs.push(`${encode(more)}=1`);
      return {
        operation,
        path: path.replace(/\{\w+\}/, () => encode(given)) + (pairs.length > 0 ? `?${pairs.join('&')}` : ''),
        credential,
        headers: (key === undefined ? {} : { 'idempotency-key': key }) as Record<string, string>,
        body,
      };
    });
}

/** Ids in a query or a body, which a schema knows by their syntax only. */
function knownIds(name: string): string[] | undefined {
  return {
    productId: ids.products,
    customerId: ids.customers,
    subscriptionId: ids.subscriptions,
    eventId: ids.events,
    type: ids['event-types'],
    ids: ids.notifications,
    eventTypes: [...ids['event-types']!, '*'],
    events: ids['event-types'],
  }[name];
}

function parameter(name: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const known = knownIds(name);
  return known ? fc.oneof(fc.constantFrom(...known), value) : value;
}

/** Puts ids that exist into most bodies; others reach only the first check. */
function withKnownIds(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(value, fc.nat()).map(([body, seed]) => (seed % 4 === 0 ? body : placed(body, seed)));
}

function placed(value: unknown, seed: number): unknown {
  if (Array.isArray(value)) return value.map((one) => placed(one, seed));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const known = knownIds(name);
      const pick = known?.[seed % known.length];
      if (typeof inner === 'string' && pick !== undefined) return [name, pick];
      if (Array.isArray(inner) && pick !== undefined && inner.every((one) => typeof one === 'string'))
        return [name, inner.map(() => pick)];
      return [name, placed(inner, seed)];
    }),
  );
}

async function send({ operation, path, credential, headers, body }: Request): Promise<string | undefined> {
  // The activity stream does not end. HEAD passes the same checks.
  const method = operation.path === '/v1/activity' ? 'HEAD' : operation.method;
  const response = await fetch(api.url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(credential === null ? {} : { 'x-api-key': credential }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  // Before any route: the head of a request may have 16 KiB.
  if (response.status === 431 && path.length > MAX_SHORT_HEAD) return undefined;
  seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
  const fault = document.faultOf({ ...operation, method }, response.status, response.headers.get('content-type'), text);
  return fault && `${method} ${path} ${JSON.stringify(body)}: ${fault} ${text.slice(0, 500)}`;
}

const seen = new Map<number, number>();

it(
  `answers every generated request as the OpenAPI document says (seed ${SEED})`,
  async () => {
    const request = fc.oneof(...document.operations.map(requestsTo));
    await fc.assert(
      fc.asyncProperty(request, async (one) => {
        const fault = await send(one);
        if (fault !== undefined) throw new Error(fault);
      }),
      {
        seed: SEED,
        ...(SECONDS
          ? { numRuns: 1_000_000, interruptAfterTimeLimit: SECONDS * 1000, markInterruptAsFailure: false }
          : { numRuns: REQUESTS }),
      },
    );
    const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThan(document.operations.length);
    // Neither only refusals nor only successes: the requests get past the first check.
    for (const status of [200, 201, 404, 422]) expect([status, seen.has(status)]).toEqual([status, true]);
  },
  ((SECONDS || 0) + 180) * 1000,
);
