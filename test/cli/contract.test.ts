import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from '../../cli/src/client';
import { sendTest } from '../../cli/src/onboard/checks';
import { signpost } from '../support/cli';

/**
 * Compares the requests of simple commands with the HTTP contract. The server accepts every
 * request.
 */
let server: Server;
let url: string;
let calls: { call: string; body: unknown }[];
let responses: unknown[];

beforeEach(async () => {
  calls = [];
  responses = [];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      calls.push({ call: `${request.method} ${request.url}`, body: text === '' ? undefined : JSON.parse(text) });
      response.setHeader('content-type', 'application/json').end(JSON.stringify(responses.shift() ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it.each<[string, string, unknown]>([
  ['subscriptions trigger sub_1', 'POST /v1/subscriptions/sub_1/trigger', {}],
  [
    'subscriptions trigger sub_1 --type a.v1 --data {"a":1}',
    'POST /v1/subscriptions/sub_1/trigger',
    { type: 'a.v1', data: { a: 1 } },
  ],
  ['subscriptions statistics sub_1', 'GET /v1/subscriptions/sub_1/statistics', undefined],
  [
    'recover sub_1 --since 2026-01-31T12:00:00Z --until 2026-01-31T13:00:00+01:00 --rate-per-second 5',
    'POST /v1/subscriptions/sub_1/recover',
    { since: '2026-01-31T12:00:00.000Z', until: '2026-01-31T12:00:00.000Z', ratePerSecond: 5 },
  ],
  [
    'events send a.v1 --id e --timestamp 2026-01-31T13:00:00.123456789+01:00 --data {"n":1.5e2} --json',
    'POST /v1/events',
    { id: 'e', type: 'a.v1', timestamp: '2026-01-31T12:00:00.123456789Z', data: { n: 150 } },
  ],
  [
    'deploys mark 2.4.1 --customer c1 --link https://ci.example/812 --at 2026-01-31T12:00:00Z',
    'POST /v1/deploys',
    { version: '2.4.1', customerId: 'c1', url: 'https://ci.example/812', at: '2026-01-31T12:00:00.000Z' },
  ],
  ['deploys delete dep_1', 'DELETE /v1/deploys/dep_1', undefined],
  ['recover show rec_1', 'GET /v1/recoveries/rec_1', undefined],
  ['recover cancel rec_1', 'POST /v1/recoveries/rec_1/cancel', undefined],
  ['customers erase c1 --yes', 'DELETE /v1/customers/c1', undefined],
  ['customers erasure ers_1', 'GET /v1/erasures/ers_1', undefined],
  [
    'allow-list add https://a.example --customer c1',
    'POST /v1/url-allowlist',
    { pattern: 'https://a.example', customerId: 'c1' },
  ],
  ['allow-list approve url_1', 'PATCH /v1/url-allowlist/url_1', { status: 'approved' }],
  ['allow-list reject url_1', 'PATCH /v1/url-allowlist/url_1', { status: 'rejected' }],
  ['allow-list remove url_1', 'DELETE /v1/url-allowlist/url_1', undefined],
  [
    'subscriptions create --customer c1 --name n --endpoint https://a.example --types a.v1 --out-of-order never',
    'POST /v1/subscriptions',
    { customerId: 'c1', name: 'n', url: 'https://a.example', eventTypes: ['a.v1'], outOfOrderRule: null },
  ],
  [
    'subscriptions update sub_1 --endpoint https://b.example --types a.v1,b.v1 --out-of-order never',
    'PATCH /v1/subscriptions/sub_1',
    { url: 'https://b.example', eventTypes: ['a.v1', 'b.v1'], outOfOrderRule: null },
  ],
  [
    'subscriptions update sub_1 --name n --set {"channels":[],"auth":{"type":"none"}}',
    'PATCH /v1/subscriptions/sub_1',
    { name: 'n', channels: [], auth: { type: 'none' } },
  ],
  ['subscriptions signing-key show sub_1', 'GET /v1/subscriptions/sub_1/signing-key', undefined],
  [
    'subscriptions signing-key create sub_1 --overlap-seconds 60',
    'POST /v1/subscriptions/sub_1/signing-key',
    { overlapSeconds: 60 },
  ],
  ['subscriptions signing-key delete sub_1', 'DELETE /v1/subscriptions/sub_1/signing-key', undefined],
  [
    'portal link c1 --expires-in-seconds 600 --once',
    'POST /v1/portal-sessions',
    { customerId: 'c1', expiresInSeconds: 600, once: true },
  ],
  ['portal end prt_1', 'DELETE /v1/portal-sessions/prt_1', undefined],
  [
    'oauth-clients create --name n --role product --product p',
    'POST /v1/oauth-clients',
    { name: 'n', role: 'product', productId: 'p' },
  ],
  ['oauth-clients rotate cli_1 --overlap-seconds 0', 'POST /v1/oauth-clients/cli_1/rotate', { overlapSeconds: 0 }],
  ['oauth-clients revoke cli_1', 'DELETE /v1/oauth-clients/cli_1', undefined],
  ['notifications retry ntf_1 --force', 'POST /v1/notifications/ntf_1/retry', { force: true }],
  ['products show a/../b?c', 'GET /v1/products/a%2F..%2Fb%3Fc', undefined],
])('sends the request of `%s`', async (line, call, body) => {
  expect(await signpost(url, line.split(' '))).toMatchObject({ code: 0 });
  expect(calls).toEqual([{ call, body }]);
});

it.each([
  ['events send a.v1 --data {"a":{"n":12345678901234567890}}', '--data: /a/n'],
  ['events send a.v1 --user {"n":1e400}', '--user: /n'],
  ['subscriptions update sub_1 --set {"customData":{"n":[1,0.10000000000000001]}}', '--set: /customData/n/1'],
])('refuses a number that would be sent as another one: `%s`', async (line, place) => {
  const { code, err } = await signpost(url, line.split(' '));
  expect([code, err]).toEqual([2, expect.stringContaining(`${place} has more digits than a double`)]);
  expect(calls).toEqual([]);
});

it('waits with `recover --wait` until the recovery has ended', async () => {
  responses = [
    { id: 'rec_1', status: 'running' },
    { id: 'rec_1', status: 'running' },
    { id: 'rec_1', status: 'completed', retried: 3 },
  ];
  const ran = await signpost(url, ['recover', 'sub_1', '--since', '6h', '--wait', '--json']);
  expect(ran.json).toEqual({ id: 'rec_1', status: 'completed', retried: 3 });
  expect(calls.map(({ call }) => call)).toEqual([
    'POST /v1/subscriptions/sub_1/recover',
    'GET /v1/recoveries/rec_1',
    'GET /v1/recoveries/rec_1',
  ]);
});

it.each([
  ['delivered', { lastError: null, lastResponseStatus: 204 }, true, 'delivered: HTTP 204'],
  ['retrying', { lastError: { message: 'timed out' }, lastResponseStatus: null }, false, 'retrying: timed out'],
  ['held', { lastError: null, lastResponseStatus: null }, false, 'held'],
])('waits for a test notification that ends as %s, and reports the result', async (status, last, passed, detail) => {
  responses = ['pending', 'delivering', status].map((now) => ({ id: 'ntf_1', status: now, ...last }));
  const subscription = { id: 'sub_1', name: 'main' } as Parameters<typeof sendTest>[1];
  const result = await sendTest(createClient(url, 'key'), subscription);
  expect(result).toEqual({ subscription: 'main', check: 'test', passed, detail });
  expect(calls.map(({ call }) => call)).toEqual([
    'POST /v1/subscriptions/sub_1/trigger',
    'GET /v1/notifications/ntf_1',
    'GET /v1/notifications/ntf_1',
  ]);
});

it('erases no customer without `--yes`', async () => {
  const ran = await signpost(url, ['customers', 'erase', 'c1']);
  expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  expect(calls).toEqual([]);
});

it('shows the phases with `customers erase --wait` until the erasure has finished', async () => {
  responses = [
    { id: 'ers_1', status: 'running', phase: 'cancelling' },
    { id: 'ers_1', status: 'running', phase: 'events' },
    { id: 'ers_1', status: 'completed', phase: 'finished' },
  ];
  const ran = await signpost(url, ['customers', 'erase', 'c1', '--yes', '--wait', '--json']);
  expect(ran.json).toEqual({ id: 'ers_1', status: 'completed', phase: 'finished' });
  expect(ran.err).toContain('ers_1: events');
  expect(calls.map(({ call }) => call)).toEqual([
    'DELETE /v1/customers/c1',
    'GET /v1/erasures/ers_1',
    'GET /v1/erasures/ers_1',
  ]);
});
