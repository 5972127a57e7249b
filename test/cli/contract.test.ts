import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from '../../src/cli/client';
import { sendTest } from '../../src/cli/onboard/checks';
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
  ['recover show rec_1', 'GET /v1/recoveries/rec_1', undefined],
  ['recover cancel rec_1', 'POST /v1/recoveries/rec_1/cancel', {}],
  ['customers erase c1 --yes', 'DELETE /v1/customers/c1', undefined],
  ['customers erasure ers_1', 'GET /v1/erasures/ers_1', undefined],
  ['notifications retry ntf_1 --force', 'POST /v1/notifications/ntf_1/retry', { force: true }],
  ['products show a/../b?c', 'GET /v1/products/a%2F..%2Fb%3Fc', undefined],
])('sends the request of `%s`', async (line, call, body) => {
  expect(await signpost(url, line.split(' '))).toMatchObject({ code: 0 });
  expect(calls).toEqual([{ call, body }]);
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
