import { connect, type Socket } from 'node:net';
import { Registry } from 'prom-client';
import { listen } from '../../../src/process/http-server';
import { startTestApi, type TestApi } from '../../support/api';
import { until } from '../../support/until';

/** What anyone may do to the event loop, the memory and the connections that all tenants share. */
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());
afterEach(() => jest.restoreAllMocks());

const open = (path: string) => api.call('GET', path, { key: null });
const together = (count: number, path: string) => Promise.all(Array.from({ length: count }, () => open(path)));

it('renders the metrics once for scrapes that arrive together', async () => {
  const render = jest.spyOn(Registry.prototype, 'metrics');
  const answers = await together(60, '/metrics');
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(answers[0]!.body).toContain('signpost_events_accepted_total');
  expect(render.mock.calls.length).toBeLessThan(15);
});

it('checks Postgres once for readiness checks that arrive together', async () => {
  const query = jest.spyOn(api.pools.authDb, 'query');
  const answers = await together(60, '/readyz');
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(query.mock.calls.length).toBeLessThan(15);
});

it('does not write the OpenAPI document again for each request', async () => {
  // The first request writes it.
  await open('/openapi.json');
  let longest = 0;
  const stringify = JSON.stringify.bind(JSON);
  jest.spyOn(JSON, 'stringify').mockImplementation((...args: unknown[]) => {
    const text = stringify(...(args as [unknown]));
    longest = Math.max(longest, text?.length ?? 0);
    return text;
  });
  const { body } = await open('/openapi.json');
  jest.restoreAllMocks();
  expect(body.openapi).toBe('3.1.0');
  expect(longest).toBeLessThan(16 * 1024);
});

it('bodies that arrive slowly occupy only the share of their tenant', async () => {
  const [slow, quiet] = [await api.tenant('slow'), await api.tenant('quiet')];
  await api.must('PUT', '/v1/event-types/quiet.a.v1', {}, quiet.key);
  const port = Number(new URL(api.url).port);
  const sockets: Socket[] = [];
  const answered: string[] = [];
  for (let index = 0; index < 200; index++) {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => void answered.push(chunk.toString('latin1').slice(9, 12)));
    socket.write(
      `POST /v1/events HTTP/1.1\r\nhost: x\r\nx-api-key: ${slow.key}\r\ncontent-type: application/json\r\ncontent-length: 262144\r\n\r\n{`,
    );
  }
  // Half of 64 MiB is 127 bodies of 256 KiB, each with 4 KiB for its request.
  await until(
    async () => answered.length,
    (count) => count >= 200 - 127,
  );
  expect(new Set(answered)).toEqual(new Set(['429']));
  const event = { type: 'quiet.a.v1', data: { text: 'x'.repeat(200 * 1024) } };
  expect((await api.call('POST', '/v1/events', { key: quiet.key, body: event })).status).toBe(202);
  for (const socket of sockets) socket.destroy();
});

it('ends requests whose headers or body take too long', async () => {
  const server = await listen((_request, response) => response.end(), { host: '127.0.0.1', port: 0 });
  try {
    expect(server.headersTimeout).toBe(15_000);
    expect(server.requestTimeout).toBe(60_000);
  } finally {
    server.close();
  }
});

it('refuses a query string that is larger than headers may be', async () => {
  const answer = await fetch(`${api.url}/v1/events?type=${'x'.repeat(20_000)}`, { headers: { 'x-api-key': 'x' } });
  expect(answer.status).toBe(431);
});

it('issues access tokens while all connections of other work are taken', async () => {
  const { body: client } = await api.call('POST', '/v1/oauth-clients', { body: { name: 'x', role: 'admin' } });
  const form = { grant_type: 'client_credentials', client_id: client.clientId, client_secret: client.clientSecret };
  const other = jest.spyOn(api.pools.db, 'query').mockRejectedValue(new Error('no connection is free'));
  const answer = await api.call('POST', '/oauth/token', { key: null, body: form });
  expect(answer).toMatchObject({ status: 200, body: { token_type: 'bearer' } });
  expect(other).not.toHaveBeenCalled();
});
