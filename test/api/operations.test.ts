import { until } from '../support/until';
import { startTestApi, type TestApi } from '../support/api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());
afterEach(() => {
  Object.assign(api.backend, { hasRoom: true, temporalAnswers: true, stopping: false });
});

const open = (path: string) => api.call('GET', path, { key: null });

/** Posts an event of a new tenant. */
async function poster() {
  const { key } = await api.tenant('T');
  const type = `of-${key.slice(-6)}.v1`;
  await api.must('PUT', `/v1/event-types/${type}`, {}, key);
  return (event = {}) => api.call('POST', '/v1/events', { key, body: { type, data: {}, ...event } });
}

it('GET /healthz needs no credential and shows the version', async () => {
  api.backend.temporalAnswers = false;
  expect(await open('/healthz')).toMatchObject({ status: 200, body: { status: 'ok', version: expect.any(String) } });
});

it('GET /readyz names the part that does not answer', async () => {
  expect(await open('/readyz')).toMatchObject({
    status: 200,
    body: { status: 'ready', postgres: 'ok', temporal: 'ok' },
  });
  api.backend.temporalAnswers = false;
  expect(await open('/readyz')).toMatchObject({
    status: 503,
    body: { status: 'not-ready', postgres: 'ok', temporal: 'unreachable' },
  });
});

it('GET /readyz?role=api does not need Temporal, and ?role=worker does', async () => {
  api.backend.temporalAnswers = false;
  expect(await open('/readyz?role=api')).toMatchObject({
    status: 200,
    body: { status: 'ready', postgres: 'ok', temporal: 'unreachable' },
  });
  expect((await open('/readyz?role=worker')).status).toBe(503);
  api.backend.stopping = true;
  expect((await open('/readyz?role=api')).status).toBe(503);
});

it('GET /readyz is 503 once the process is to stop, while GET /healthz is not', async () => {
  api.backend.stopping = true;
  expect(await open('/readyz')).toMatchObject({
    status: 503,
    body: { status: 'not-ready', postgres: 'ok', temporal: 'ok' },
  });
  expect((await open('/healthz')).status).toBe(200);
});

it('metrics show the oldest open and the overdue notifications', async () => {
  // Gauges that Postgres does not answer in time are left out of a scrape.
  const body = await until(
    async () => (await open('/metrics')).body as string,
    (text) => /^signpost_overdue_notifications \d+$/m.test(text),
  );
  for (const status of ['pending', 'delivering', 'retrying', 'held'])
    expect(body).toMatch(new RegExp(`^signpost_oldest_open_seconds\\{status="${status}"\\} \\d`, 'm'));
});

it('metrics are OpenMetrics for who prefers it, and the text format for others', async () => {
  const typeOf = async (accept: string) => {
    const response = await fetch(`${api.url}/metrics`, { headers: { accept } });
    return [response.headers.get('content-type'), response.headers.get('vary'), (await response.text()).slice(-6)];
  };
  expect(await typeOf('application/openmetrics-text;version=1.0.0,text/plain;q=0.5')).toEqual([
    'application/openmetrics-text; version=1.0.0; charset=utf-8',
    expect.stringMatching(/accept/i),
    '# EOF\n',
  ]);
  expect((await typeOf('text/plain'))[0]).toBe('text/plain; version=0.0.4; charset=utf-8');
});

it('metrics count an accepted event once', async () => {
  const post = await poster();
  const count = async (name: string) =>
    Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)$`, 'm').exec((await open('/metrics')).body)?.[1] ?? NaN);
  const before = await count('signpost_events_accepted_total');
  await post({ id: 'once' });
  await post({ id: 'once' });
  await post({ data: 7 });
  expect((await count('signpost_events_accepted_total')) - before).toBe(1);
});

it('metrics observe requests by the template of their path, never by the path', async () => {
  const post = await poster();
  await post({});
  await api.call('GET', '/v1/events/evt_of-jane.doe');
  await api.call('DELETE', '/v1/events/evt_of-jane.doe');
  await api.call('GET', '/nobody/knows/this');
  const count = (labels: string) => `signpost_http_request_duration_seconds_count{${labels}} `;
  const text = await until(
    async () => (await open('/metrics')).body as string,
    (body) => body.includes(count('route="other",method="other",status="4xx"')),
  );
  expect(text).toContain(count('route="/v1/events",method="POST",status="2xx"'));
  expect(text).toContain(count('route="/v1/events/:id",method="GET",status="4xx"'));
  expect(text).not.toMatch(/jane|nobody/);
});

it('answers 429 with Retry-After and keeps nothing of the event while the start queue is full', async () => {
  const post = await poster();
  api.backend.hasRoom = false;
  const answer = await post({ id: 'put-off' });
  expect(answer).toMatchObject({ status: 429, body: { code: 'too-many-requests' } });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  api.backend.hasRoom = true;
  expect(await post({ id: 'put-off' })).toMatchObject({ status: 202, body: { duplicate: false } });
});

it('answers 429 only for the customer that fills the start queue, also within a batch', async () => {
  const { key } = await api.tenant('T');
  const type = `of-${key.slice(-6)}.v1`;
  await api.must('PUT', `/v1/event-types/${type}`, {}, key);
  const customers: string[] = [];
  for (const name of ['busy', 'quiet']) customers.push((await api.must('POST', '/v1/customers', { name }, key)).id);
  const [busy, quiet] = customers;
  const eventOf = (customerId: string | undefined) => ({ type, customerId, data: {} });
  const post = (body: object, headers = {}) => api.call('POST', '/v1/events', { key, body, headers });
  const batch = (headers = {}) =>
    api.call('POST', '/v1/events/batch', { key, body: { events: [eventOf(busy), eventOf(quiet)] }, headers });
  api.backend.full.add(busy);
  expect(await post(eventOf(busy))).toMatchObject({ status: 429, body: { code: 'too-many-requests' } });
  expect(await post(eventOf(quiet))).toMatchObject({ status: 202 });
  expect(await batch()).toMatchObject({ status: 202, body: { results: [{ status: 429 }, { status: 202 }] } });
  // A response that is kept must not hold what is only temporary.
  expect(await batch({ 'idempotency-key': 'mixed' })).toMatchObject({ status: 429 });
  api.backend.full.clear();
  expect(await batch({ 'idempotency-key': 'mixed' })).toMatchObject({ status: 202 });
});

it('responses do not reveal the server software and carry security headers', async () => {
  for (const path of ['/healthz', '/v1/products', '/docs', '/v1/nothing']) {
    const { headers } = await api.call('GET', path);
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toMatch(/default-src '(self|none)'/);
  }
});

it('responses with a secret forbid caching', async () => {
  const { key } = await api.tenant('secrets');
  const customer = await api.must('POST', '/v1/customers', { name: 'C' }, key);
  const settings = { name: 's', url: 'http://127.0.0.1:1/', eventTypes: ['*'] };
  const created = await api.call('POST', '/v1/subscriptions', { key, body: { customerId: customer.id, ...settings } });
  const secret = `/v1/subscriptions/${created.body.id}/secret`;
  for (const answer of [
    created,
    await api.call('PUT', `/v1/customers/${customer.id}/subscriptions`, {
      key,
      body: { subscriptions: [settings, { ...settings, name: 't' }] },
    }),
    await api.call('GET', secret, { key }),
    await api.call('POST', `${secret}/rotate`, { key, body: {} }),
    await api.call('POST', '/v1/api-keys', {
      body: { name: 'k', role: 'viewer' },
      headers: { 'idempotency-key': 'k' },
    }),
    await api.call('POST', '/v1/api-keys', {
      body: { name: 'k', role: 'viewer' },
      headers: { 'idempotency-key': 'k' },
    }),
  ]) {
    expect(answer.status).toBeLessThan(300);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  }
});
