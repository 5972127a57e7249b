import { Writable } from 'node:stream';
import { pino } from 'pino';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../support/api';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy';
import { until } from '../../support/until';
import { CALLS, makeObjects, type Objects } from '../permissions.calls';

/**
 * Postgres is frozen, or the network to it drops everything: each call is answered 503 in time,
 * whatever it waits for, and however many calls wait for the same.
 */

/**
 * Twice the limit that docs/operators/isolation.md states, because all callers are in this process.
 * If the waits of a call added up, it would be minutes.
 */
const LIMIT_MS = 20_000;
/** At most two calls of a tenant write concurrently, so this many of them would be six turns. */
const CALLS_AT_ONCE = 12;

interface Line {
  level: number;
  msg: string;
  path: string;
  status?: number;
  code?: string;
  requestId?: string;
  err?: { message: string };
}

let api: TestApi;
let network: TcpProxy;
let objects: Objects;
const lines: Line[] = [];
const log = pino(
  { level: 'info' },
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Line);
      done();
    },
  }),
);

beforeAll(async () => {
  const networkTo = async (url: string) => (network = await startTcpProxy(url)).url;
  api = await startTestApi(undefined, undefined, { networkTo, log });
  const { productId, key: productKey } = await api.tenant('p');
  const eventType = 'payment.confirmed.v1';
  await api.must('PUT', `/v1/event-types/${eventType}`, {}, productKey);
  objects = await makeObjects(api, { productKey, productId, eventType });
}, 60_000);
afterAll(async () => {
  network?.restore();
  await api?.stop();
  await network?.stop();
});

interface Made {
  call: string;
  status: number;
  code: unknown;
  ms: number;
}

async function make(operation: string, key: string, headers: Record<string, string> = {}): Promise<Made> {
  const call = CALLS[operation]!;
  const [method, route] = operation.split(' ') as [string, string];
  const named = call.names ? encodeURIComponent(objects[call.names]) : '';
  const path = route.replace(/:\w+/, named) + (call.query?.(objects) ?? '');
  const since = performance.now();
  const { status, body } = await api.call(method, path, { key, headers, body: call.body?.(objects) });
  return { call: operation, status, code: body?.code, ms: performance.now() - since };
}

/** The activity stream has no end. */
const operations = Object.keys(CALLS).filter((operation) => operation !== 'GET /v1/activity');

it('answers every call 503 within its limit while Postgres is silent, and serves it again afterwards', async () => {
  network.hang();
  lines.length = 0;
  let keys = 0;
  const withKey = () => ({ 'idempotency-key': `silent-${++keys}` });
  const many = (operation: string) =>
    Array.from({ length: CALLS_AT_ONCE }, () => make(operation, objects.productKey, withKey()));
  const made = await Promise.all([
    ...operations.map((operation) => make(operation, ADMIN_KEY)),
    // Its key is looked up first.
    ...operations.map((operation) => make(operation, objects.productKey)),
    ...many('POST /v1/events'),
    ...many('PATCH /v1/subscriptions/:id'),
    ...many('POST /v1/notifications/:id/cancel'),
    ...many('POST /v1/notifications/:id/retry'),
  ]);
  const answered = made.filter(({ status }) => status !== 403);
  expect(answered.filter(({ status, code }) => status !== 503 || code !== 'database-unavailable')).toEqual([]);
  expect(answered.filter(({ ms }) => ms > LIMIT_MS)).toEqual([]);
  expect(new Set(answered.map(({ call }) => call))).toEqual(new Set(operations));

  const errors = lines.filter(({ level }) => level >= 50);
  expect(errors).toHaveLength(answered.length);
  for (const { code, status, requestId, err } of errors)
    expect({ code, status, requestId, message: err?.message }).toEqual({
      code: 'database-unavailable',
      status: 503,
      requestId: expect.any(String),
      message: expect.any(String),
    });

  network.restore();
  await until(
    () => make('POST /v1/events', ADMIN_KEY),
    ({ status }) => status === 202,
  );
}, 60_000);
