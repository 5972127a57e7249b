import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings, unique } from '../../support/tenant';

/** Repeats of accepted events after the catalog has changed: they are answered as repeats. */
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

type Tenant = Awaited<ReturnType<typeof makeTenant>>;

const put = (type: string, schema: object, key: string) => api.must('PUT', `/v1/event-types/${type}`, { schema }, key);

/** Changes after which a first post of the event is refused, with the code of the problem. */
const CHANGES: [string, string, (tenant: Tenant) => Promise<unknown>][] = [
  [
    'its type was archived',
    'event-type-archived',
    ({ eventType, key }) => api.must('POST', `/v1/event-types/${eventType}/archive`, {}, key),
  ],
  [
    'the schema of its type changed',
    'data-breaks-schema',
    ({ eventType, key }) => put(eventType, { type: 'object', required: ['new'] }, key),
  ],
  [
    'a schema that takes long to check replaced the one of its type',
    'data-breaks-schema',
    ({ eventType, key }) => put(eventType, { type: 'object', required: ['new'], description: 'd'.repeat(5000) }, key),
  ],
  [
    'its product was disabled',
    'product-disabled',
    ({ productId }) => api.must('PATCH', `/v1/products/${productId}`, { enabled: false }),
  ],
];

async function tenantWithSubscription(): Promise<Tenant> {
  const tenant = await makeTenant(api);
  const { key, customerId } = tenant;
  await api.must('POST', '/v1/subscriptions', settings({ customerId }), key);
  return tenant;
}

describe.each(CHANGES)('after %s', (_, code, change) => {
  let tenant: Tenant;
  let event: { id: string; type: string; customerId: string; data: object };
  let first: { status: number; body: { id: string; notifications: object[] } };
  beforeAll(async () => {
    tenant = await tenantWithSubscription();
    event = { id: unique('repeat'), type: tenant.eventType, customerId: tenant.customerId, data: { a: 1 } };
    first = await api.call('POST', '/v1/events', { key: tenant.key, body: event });
    expect(first).toMatchObject({ status: 202, body: { notifications: [expect.anything()] } });
    await change(tenant);
  });

  it.each(['product', 'admin'])('a repeat by the %s is answered as the repeat that it is', async (role) => {
    api.started.length = 0;
    const key = role === 'product' ? { key: tenant.key } : {};
    const repeat = await api.call('POST', '/v1/events', { ...key, body: event });
    expect(repeat).toMatchObject({ status: 200, body: { ...first.body, duplicate: true } });
    expect(api.started).toEqual([]);
  });

  it('a repeat with a new Idempotency-Key is answered as a repeat', async () => {
    const headers = { 'idempotency-key': unique('key') };
    for (let call = 0; call < 2; call++)
      expect(await api.call('POST', '/v1/events', { key: tenant.key, body: event, headers })).toMatchObject({
        status: 200,
        body: { ...first.body, duplicate: true },
      });
  });

  it('a batch has repeats beside refused events, in order', async () => {
    const fresh = { ...event, id: unique('fresh') };
    const other = { ...event, data: { a: 2 } };
    const { status, body } = await api.call('POST', '/v1/events/batch', {
      key: tenant.key,
      body: { events: [fresh, event, other, { ...event, id: undefined }] },
    });
    expect(status).toBe(202);
    expect(body.results).toMatchObject([
      { status: expect.any(Number), code },
      { status: 200, ...first.body, duplicate: true },
      { status: 409, code: 'event-id-conflict' },
      { code },
    ]);
  });

  it('the event with another content is a conflict, and a new event is refused', async () => {
    const post = (body: object) => api.call('POST', '/v1/events', { key: tenant.key, body });
    expect(await post({ ...event, data: { a: 2 } })).toMatchObject({
      status: 409,
      body: { code: 'event-id-conflict' },
    });
    expect(await post({ ...event, id: unique('fresh') })).toMatchObject({ body: { code } });
  });

  it('the same id of another product is not taken for a repeat', async () => {
    const other = await makeTenant(api);
    expect(await api.call('POST', '/v1/events', { key: other.key, body: event })).toMatchObject({
      status: 422,
      body: { code: 'unknown-event-type' },
    });
  });
});

it('a repeat without the version is recognized after every version was archived', async () => {
  const { key, productId } = await api.tenant(unique('unversioned'));
  const name = unique('claim.created').replaceAll('-', '_');
  await api.must('PUT', `/v1/event-types/${name}.v1`, {}, key);
  const event = { id: unique('repeat'), type: name, data: {} };
  expect(await api.call('POST', '/v1/events', { key, body: event })).toMatchObject({ status: 202 });
  await api.must('POST', `/v1/event-types/${name}.v1/archive`, {}, key);
  for (const caller of [{ key }, {}])
    expect(await api.call('POST', '/v1/events', { ...caller, body: event })).toMatchObject({
      status: 200,
      body: { id: event.id, duplicate: true },
    });
  expect(productId).toBeDefined();
});

it('a repeat is recognized after its product stopped accepting unknown customers', async () => {
  const { key, productId } = await api.tenant(unique('strict'));
  const type = `${unique('visit').replaceAll('-', '_')}.v1`;
  await api.must('PUT', `/v1/event-types/${type}`, {}, key);
  await api.must('PATCH', `/v1/products/${productId}`, { unknownCustomers: 'accept' });
  const event = { id: unique('repeat'), type, customerId: 'nobody', data: {} };
  expect(await api.call('POST', '/v1/events', { key, body: event })).toMatchObject({ status: 202 });
  await api.must('PATCH', `/v1/products/${productId}`, { unknownCustomers: 'refuse' });
  expect(await api.call('POST', '/v1/events', { key, body: event })).toMatchObject({
    status: 200,
    body: { id: event.id, duplicate: true, notifications: [] },
  });
});
