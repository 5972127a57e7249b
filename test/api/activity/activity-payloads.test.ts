import { watch, type TestWatcher } from '../../support/activity';
import { startTestApi, type TestApi } from '../../support/api';
import { until } from '../../support/until';
import { makeTenant, settings } from '../../support/tenant';

/** Payloads in the activity stream: for those who ask, bounded, and as the reader may see them. */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
let subscriptionId: string;
const watchers: TestWatcher[] = [];

beforeAll(async () => {
  api = await startTestApi();
  tenant = await makeTenant(api);
  const body = settings({ customerId: tenant.customerId });
  subscriptionId = (await api.must('POST', '/v1/subscriptions', body, tenant.key)).id;
});
afterAll(() => api?.stop());
afterEach(() => {
  for (const watcher of watchers.splice(0)) watcher.close();
});

async function open(key: string, query: string): Promise<TestWatcher> {
  const watcher = await watch(api.url, key, { query });
  watchers.push(watcher);
  return watcher;
}
const WITH_PAYLOAD = '?include=payload';
const post = (json: string) =>
  api.call('POST', '/v1/events', {
    key: tenant.key,
    raw: `{"type":"${tenant.eventType}","customerId":"${tenant.customerId}","data":${json}}`,
    headers: { 'content-type': 'application/json' },
  });
const accepted = (watcher: TestWatcher) => watcher.events.filter(({ event }) => event === 'event.accepted');
const customerKey = async () =>
  (await api.must('POST', '/v1/api-keys', { name: 'c', role: 'customer', customerId: tenant.customerId }))
    .key as string;

it('sends the data of accepted events to those who ask, and to nobody else', async () => {
  const [plain, asking] = [await open(tenant.key, ''), await open(tenant.key, WITH_PAYLOAD)];
  await post('{"amount":125.50,"reference":12345678901234567890}');
  await Promise.all([plain.waitFor(1), asking.waitFor(1)]);
  expect(accepted(plain)[0]!.data).not.toHaveProperty('payload');
  expect(accepted(asking)[0]!.data.payload).toMatchObject({ omitted: null, data: { amount: 125.5 } });
  expect(accepted(asking)[0]!.data.payload.bytes).toBeGreaterThan(40);
});

it('keeps every digit of a number', async () => {
  const abort = new AbortController();
  const response = await fetch(`${api.url}/v1/activity${WITH_PAYLOAD}`, {
    headers: { 'x-api-key': tenant.key },
    signal: abort.signal,
  });
  await post('{"amount":125.50,"reference":12345678901234567890}');
  let text = '';
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk as Uint8Array).toString();
    if (text.includes('event.accepted')) break;
  }
  abort.abort();
  expect(text).toMatch(/"amount":\s*125\.50/);
  expect(text).toMatch(/"reference":\s*12345678901234567890/);
});

it('leaves out data larger than 16 KiB, and data beyond 256 KiB at a time', async () => {
  const watcher = await open(tenant.key, WITH_PAYLOAD);
  await post(JSON.stringify({ text: 'x'.repeat(17_000) }));
  await watcher.waitFor(1);
  expect(accepted(watcher)[0]!.data.payload).toEqual({ data: null, bytes: expect.any(Number), omitted: 'too-large' });
  const events = Array.from({ length: 40 }, () => ({
    type: tenant.eventType,
    customerId: tenant.customerId,
    data: { text: 'x'.repeat(16_000) },
  }));
  await api.must('POST', '/v1/events/batch', { events }, tenant.key);
  await watcher.waitFor(41);
  const sent = accepted(watcher)
    .slice(1)
    .filter(({ data }) => data.payload.data !== null);
  expect(sent.length).toBe(16);
});

it('reports that data has expired', async () => {
  const watcher = await open(tenant.key, '');
  await until(
    async () => watcher.lastEventId,
    (id) => id !== '',
  );
  const start = watcher.lastEventId;
  await post('{}');
  await watcher.waitFor(1);
  await api.database.db.query({ text: 'update events set data = null' });
  const again = await watch(api.url, tenant.key, { query: WITH_PAYLOAD, lastEventId: start });
  watchers.push(again);
  await again.waitFor(1);
  expect(again.events[0]!.data.payload).toEqual({ data: null, bytes: null, omitted: 'expired' });
});

it('shows a customer the data only as its deliveries contain it', async () => {
  const key = await customerKey();
  const watcher = await open(key, WITH_PAYLOAD);
  await post('{"secret":"margin"}');
  await watcher.waitFor(1);
  expect(accepted(watcher)[0]!.data.payload.data).toEqual({ secret: 'margin' });
  const transform = { language: 'jsonata', expression: '{"id": id}' };
  await api.must('PATCH', `/v1/subscriptions/${subscriptionId}`, { transform }, tenant.key);
  await post('{"secret":"margin"}');
  await watcher.waitFor(2);
  expect(accepted(watcher)[1]!.data.payload).toEqual({ data: null, bytes: null, omitted: 'withheld' });
});

it('is noted in the audit log, as every reading of payloads', async () => {
  await open(tenant.key, WITH_PAYLOAD);
  await api.writeTally();
  const { items } = await api.must('GET', '/v1/audit?action=event.list');
  expect(items.map(({ object }: { object: string }) => object)).toContain('activity');
});

it('refuses another value of include', async () => {
  expect((await api.call('GET', '/v1/activity?include=secrets', { key: tenant.key })).status).toBe(422);
});
