import { request, type ClientRequest } from 'node:http';
import { Intake } from '../../src/api/events/intake';
import { createMetrics } from '../../src/process/metrics';
import { startTestApi, type TestApi } from '../support/api';
import { until } from '../support/until';

/** Bounds on what is being accepted: bodies in bytes, events in number. */
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const BODY_BYTES = 8 * 1024 * 1024;
const MAX_BODIES = 4;

/** Begins to post a batch, and does not end. */
function beginBatch(key: string): ClientRequest {
  const posting = request(`${api.url}/v1/events/batch`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json', 'content-length': BODY_BYTES },
  });
  posting.on('error', () => undefined);
  posting.write('{"events":[');
  return posting;
}

const held = async () => {
  const { body } = await api.call('GET', '/metrics', { key: null });
  return Number(/^signpost_request_bytes (\d+)$/m.exec(body)![1]);
};

it('answers 429 to the tenant whose requests fill the memory, and accepts those of others', async () => {
  const busy = await api.tenant('Busy');
  const quiet = await api.tenant('Quiet');
  const type = 'intake.tested.v1';
  await api.must('PUT', `/v1/event-types/${type}`, {}, quiet.key);
  const open = Array.from({ length: MAX_BODIES }, () => beginBatch(busy.key));
  await until(held, (bytes) => bytes > MAX_BODIES * BODY_BYTES);
  const events = [{ type, data: { padding: 'x'.repeat(200_000) } }];
  const refused = await api.call('POST', '/v1/events/batch', {
    key: busy.key,
    raw: JSON.stringify({ events: Array(40).fill(events[0]) }),
  });
  expect(refused).toMatchObject({ status: 429, body: { code: 'too-many-requests' } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await api.call('POST', '/v1/events/batch', { key: quiet.key, body: { events } })).toMatchObject({
    status: 202,
    body: { results: [{ status: 202 }] },
  });
  for (const one of open) one.destroy();
  await until(held, (bytes) => bytes === 0);
});

describe('bodies that arrive slowly', () => {
  /** Begins to post a body of the usual limit, and sends no more than its first character. */
  function beginBody(key: string): Promise<number | undefined> {
    const headers = { 'x-api-key': key, 'content-type': 'application/json', 'content-length': 250_000 };
    const posting = request(`${api.url}/v1/subscriptions`, { method: 'POST', headers });
    slow.push(posting);
    posting.write('{');
    return new Promise((resolve) => {
      posting.on('response', (response) => resolve(response.resume().statusCode));
      posting.on('error', () => resolve(undefined));
    });
  }
  const slow: ClientRequest[] = [];
  afterEach(async () => {
    for (const one of slow.splice(0)) one.destroy();
    await until(held, (bytes) => bytes === 0);
  });

  it('give way to tenants that hold less, however many fill the memory together', async () => {
    const quiet = await api.tenant('Patient');
    const keys: string[] = [];
    for (let number = 0; number < 12; number++) keys.push((await api.tenant(`Slow ${number}`)).key);
    const answered: (number | undefined)[] = [];
    for (const key of keys)
      for (let count = 0; count < 140; count++) void beginBody(key).then((status) => answered.push(status));
    await until(held, (bytes) => bytes > 55 * 1024 * 1024);
    await until(
      async () => answered.length,
      (count) => count > 1000,
    );
    answered.length = 0;
    const type = 'intake.patient.v1';
    await api.must('PUT', `/v1/event-types/${type}`, {}, quiet.key);
    // Twice: one that fits the small share, and one that needs more.
    for (const length of [100_000, 3_000_000]) {
      const events = Array(Math.ceil(length / 200_000)).fill({ type, data: { padding: 'x'.repeat(200_000) } });
      expect(await api.call('POST', '/v1/events/batch', { key: quiet.key, body: { events } })).toMatchObject({
        status: 202,
      });
    }
    // Requests that gave way were answered.
    expect(answered.length).toBeGreaterThan(0);
    expect(new Set(answered)).toEqual(new Set([429]));
  });
});

describe('events in hand', () => {
  const intake = new Intake(100, { hasRoom: (customerId) => customerId !== 'full' }, createMetrics());
  const events = (customerId: string | undefined, count: number) => Array(count).fill({ customerId }) as object[];

  it('admits half of the room to one customer, and the rest to others', () => {
    const busy = intake.admit(events('busy', 50));
    expect(busy.room).toBe('all');
    expect(intake.admit(events('busy', 1)).room).toBe('none');
    const quiet = intake.admit(events('quiet', 10));
    expect(quiet.room).toBe('all');
    busy.end();
    quiet.end();
    const again = intake.admit(events('busy', 50));
    expect(again.room).toBe('all');
    again.end();
  });

  it('names the events of a request that have no room', () => {
    const mixed = intake.admit([...events('full', 1), ...events('quiet', 1), ...events(undefined, 1)]);
    expect(mixed.room).toBe('some');
    expect(mixed.problemOf({ customerId: 'full' })).toMatchObject({ code: 'too-many-requests' });
    expect(mixed.problemOf({ customerId: 'quiet' })).toBeUndefined();
    expect(mixed.problemOf({})).toBeUndefined();
    mixed.end();
  });
});
