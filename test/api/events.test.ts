import { startTestApi, type TestApi } from '../support/api';

let api: TestApi;
let key: string;
let productId: string;
let customerId: string;
const TYPE = 'payment.confirmed.v1';

beforeAll(async () => {
  api = await startTestApi();
  ({ key, productId } = await api.tenant('payments'));
  await api.must(
    'PUT',
    `/v1/event-types/${TYPE}`,
    {
      description: 'A payment was confirmed.',
      schema: {
        type: 'object',
        required: ['paymentId', 'amount'],
        properties: {
          paymentId: { type: 'string' },
          amount: { type: 'number', minimum: 0 },
          'odd/name': { type: 'object', required: ['x'] },
        },
      },
    },
    key,
  );
  customerId = (await api.must('POST', '/v1/customers', { id: 'customer1', name: 'Customer One' }, key)).id;
  await api.must(
    'POST',
    '/v1/subscriptions',
    { customerId, name: 'all', url: 'http://127.0.0.1:1/', eventTypes: ['payment.*.v1'] },
    key,
  );
});
afterAll(() => api?.stop());
beforeEach(() => void (api.started.length = 0));

const data = { paymentId: 'P-1', amount: 125.5 };
const post = (event: object, headers: Record<string, string> = {}) =>
  api.call('POST', '/v1/events', { key, body: { type: TYPE, customerId, data, ...event }, headers });

it('POST /v1/events returns the notifications and starts them', async () => {
  const { status, body } = await post({});
  expect(status).toBe(202);
  expect(body).toEqual({
    id: expect.stringMatching(/^evt_/),
    duplicate: false,
    notifications: [
      { id: expect.stringMatching(/^ntf_/), subscriptionId: expect.stringMatching(/^sub_/), status: 'pending' },
    ],
  });
  expect(api.started).toEqual([
    expect.objectContaining({
      notificationId: body.notifications[0].id,
      customerId,
      eventType: TYPE,
      schedule: [30, 300, 1800, 7200],
    }),
  ]);
  expect(await api.must('GET', `/v1/events/${body.id}`, undefined, key)).toMatchObject({
    id: body.id,
    productId,
    data,
    notifications: [{ id: body.notifications[0].id }],
  });
});

it('POST /v1/events returns 200 for a repeated id and starts nothing, and 409 if the body differs', async () => {
  const first = await post({ id: 'order-1' });
  api.started.length = 0;
  expect(await post({ id: 'order-1' })).toMatchObject({ status: 200, body: { ...first.body, duplicate: true } });
  expect(api.started).toEqual([]);
  expect(await post({ id: 'order-1', data: { ...data, amount: 1 } })).toMatchObject({
    status: 409,
    body: { code: 'event-id-conflict', errors: [{ path: '/id' }] },
  });
  expect(await api.must('GET', '/v1/events/order-1', undefined, key)).toMatchObject({ id: 'order-1' });
});

it('an Idempotency-Key makes a repeated post safe for an event without an id', async () => {
  const first = await post({}, { 'idempotency-key': 'k1' });
  api.started.length = 0;
  const second = await post({}, { 'idempotency-key': 'k1' });
  expect([second.status, second.body]).toEqual([202, first.body]);
  expect(api.started).toEqual([]);
  expect(await post({ data: { ...data, amount: 7 } }, { 'idempotency-key': 'k1' })).toMatchObject({
    status: 409,
    body: { code: 'idempotency-key-conflict' },
  });
  const refusedFirst = await post({ data: {} }, { 'idempotency-key': 'k2' });
  expect(refusedFirst.status).toBe(422);
  expect((await post({}, { 'idempotency-key': 'k2' })).status).toBe(202);
});

it('validates event data against the schema of the type, with a pointer to each fault', async () => {
  expect(await post({ data: { amount: -1, 'odd/name': {} } })).toMatchObject({
    status: 422,
    body: {
      code: 'data-breaks-schema',
      errors: expect.arrayContaining([
        { path: '/data/paymentId', message: expect.any(String) },
        { path: '/data/amount', message: expect.any(String) },
        { path: '/data/odd~1name/x', message: expect.any(String) },
      ]),
    },
  });
});

it('validates event data against the current schema, also with an older one in the cache', async () => {
  const name = 'versioned.v1';
  const put = (required: string[]) =>
    api.must('PUT', `/v1/event-types/${name}`, { schema: { type: 'object', required } }, key);
  await put(['a']);
  const send = (body: object) => api.call('POST', '/v1/events', { key, body: { type: name, data: body } });
  expect((await send({ a: 1 })).status).toBe(202);
  await put(['b']);
  expect((await send({ a: 1 })).status).toBe(422);
  expect((await send({ b: 1 })).status).toBe(202);
});

it.each([
  [{ type: 'unknown.v1' }, 422, 'unknown-event-type'],
  [{ customerId: 'nobody' }, 422, 'unknown-customer'],
])('refuses an event with %j: %s %s', async (event, status, code) => {
  expect(await post(event)).toMatchObject({ status, body: { code } });
});

it('refuses an event type of another product exactly like an unknown one', async () => {
  const other = await api.tenant('other');
  const [foreign, missing] = await Promise.all(
    [TYPE, 'missing.v1'].map((type) => api.call('POST', '/v1/events', { key: other.key, body: { type, data } })),
  );
  expect(foreign).toMatchObject({ status: 422, body: { code: 'unknown-event-type' } });
  expect({ ...foreign!.body, instance: '' }).toEqual({ ...missing!.body, instance: '' });
});

it('an event fans out to any number of subscriptions, by channel and customer', async () => {
  const customer = await api.must('POST', '/v1/customers', { name: 'Fan' }, key);
  const count = async (event: object) => (await post({ customerId: customer.id, ...event })).body.notifications.length;
  expect(await count({})).toBe(0);
  for (const channels of [[], ['client_1'], ['agent_2']]) {
    await api.must(
      'POST',
      '/v1/subscriptions',
      { customerId: customer.id, name: `ch ${channels[0]}`, url: 'http://127.0.0.1:1/', eventTypes: [TYPE], channels },
      key,
    );
  }
  expect(await count({})).toBe(1);
  expect(await count({ channels: ['client_1'] })).toBe(2);
  expect(await count({ channels: ['client_1', 'agent_2'] })).toBe(3);
  // An event without a customer addresses all customers of the product.
  expect(await count({ customerId: undefined })).toBe(2);
});

describe('event batches', () => {
  const batch = (events: unknown[], headers = {}) =>
    api.call('POST', '/v1/events/batch', { key, body: { events }, headers });
  const good = {
    type: TYPE,
    get customerId() {
      return customerId;
    },
    data,
  };

  it('a batch returns a result for each event in order, and one bad event does not affect the others', async () => {
    const { status, body } = await batch([
      good,
      { ...good, data: {} },
      { nonsense: 1 },
      { ...good, type: 'unknown.v1' },
      7,
      { ...good, id: 'b-1' },
      { ...good, id: 'b-1' },
    ]);
    expect(status).toBe(202);
    expect(body.results.map((result: { status: number; code?: string }) => [result.status, result.code])).toEqual([
      [202, undefined],
      [422, 'data-breaks-schema'],
      [422, 'validation-failed'],
      [422, 'unknown-event-type'],
      [422, 'validation-failed'],
      [202, undefined],
      [200, undefined],
    ]);
    expect(body.results[6]).toMatchObject({ id: 'b-1', duplicate: true, notifications: body.results[5].notifications });
    expect(api.started).toHaveLength(2);
  });

  it('a large batch is launched in parts, between which other requests are answered', async () => {
    api.launches.length = 0;
    const { body } = await batch(Array.from({ length: 120 }, () => good));
    expect(api.launches).toEqual([50, 50, 20]);
    expect(api.started.map(({ notificationId }) => notificationId)).toEqual(
      body.results.map(({ notifications }: { notifications: { id: string }[] }) => notifications[0]!.id),
    );
  });

  it('a batch takes 1 to 1000 events of at most 256 KiB each', async () => {
    expect(await batch([])).toMatchObject({ status: 422 });
    expect(await batch(Array.from({ length: 1001 }, () => good))).toMatchObject({ status: 422 });
    const full = await batch(Array.from({ length: 1000 }, () => good));
    expect(full.body.results.filter(({ status }: { status: number }) => status === 202)).toHaveLength(1000);
    const { body } = await batch([good, { ...good, data: { ...data, note: 'x'.repeat(260 * 1024) } }]);
    expect(body.results.map(({ status }: { status: number }) => status)).toEqual([202, 413]);
  });

  it('a batch is idempotent as a whole with an Idempotency-Key', async () => {
    const first = await batch([good], { 'idempotency-key': 'batch-1' });
    const second = await batch([good], { 'idempotency-key': 'batch-1' });
    expect(second.body).toEqual(first.body);
  });
});

it('a viewer may not post events, nor retry or cancel notifications', async () => {
  const { key: viewer } = await api.must('POST', '/v1/api-keys', { name: 'v', role: 'viewer' });
  const { body } = await post({});
  for (const path of [
    '/v1/events',
    `/v1/notifications/${body.notifications[0].id}/retry`,
    `/v1/notifications/${body.notifications[0].id}/cancel`,
  ]) {
    expect(await api.call('POST', path, { key: viewer, body: {} })).toMatchObject({ status: 403 });
  }
  expect(await api.must('GET', `/v1/notifications/${body.notifications[0].id}`, undefined, viewer)).toMatchObject({
    status: 'pending',
    attempts: [],
    live: null,
  });
});

it('notifications are listed by status, customer, subscription, type and time', async () => {
  const customer = await api.must('POST', '/v1/customers', { name: 'Listed' }, key);
  const subscription = await api.must(
    'POST',
    '/v1/subscriptions',
    { customerId: customer.id, name: 's', url: 'http://127.0.0.1:1/', eventTypes: ['*'] },
    key,
  );
  const before = new Date(Date.now() - 1).toISOString();
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.unshift((await post({ customerId: customer.id })).body.notifications[0].id);
  const list = async (query: string) =>
    (await api.must('GET', `/v1/notifications?${query}`, undefined, key)).items.map(({ id }: { id: string }) => id);
  expect(await list(`customerId=${customer.id}`)).toEqual(ids);
  expect(await list(`subscriptionId=${subscription.id}&status=pending&type=${TYPE}&since=${before}`)).toEqual(ids);
  expect(await list(`subscriptionId=${subscription.id}&status=failed`)).toEqual([]);
  expect(await list(`subscriptionId=${subscription.id}&until=${before}`)).toEqual([]);
  expect(await list('subscriptionId=sub_none')).toEqual([]);
  expect(
    (await api.must('GET', `/v1/subscriptions/${subscription.id}/notifications?limit=2`, undefined, key)).items,
  ).toHaveLength(2);
  const events = await api.must(
    'GET',
    `/v1/events?customerId=${customer.id}&type=${TYPE}&since=${before}`,
    undefined,
    key,
  );
  expect(events.items).toHaveLength(3);
});

it('retry and cancel change the record and signal the workflow', async () => {
  const { body } = await post({});
  const id = body.notifications[0].id;
  expect(await api.must('POST', `/v1/notifications/${id}/cancel`, {}, key)).toMatchObject({
    status: 'cancelled',
    finishedAt: expect.any(String),
  });
  expect(api.cancelled).toContain(id);
  expect(await api.must('POST', `/v1/notifications/${id}/retry`, {}, key)).toMatchObject({
    status: 'pending',
    finishedAt: null,
  });
  expect(api.retried).toContain(id);
  const { rows } = await api.database.db.query({
    text: 'select action, detail from audit where object = $1 order by id',
    values: [id],
  });
  expect(rows).toEqual([
    { action: 'notification.cancel', detail: { was: 'pending' } },
    { action: 'notification.retry', detail: { was: 'cancelled', force: false } },
  ]);
});

it('accepts any JSON as data and user without touching prototypes', async () => {
  await api.must('PUT', '/v1/event-types/anything.v1', {}, key);
  const raw = `{"type":"anything.v1","customerId":"${customerId}","data":{"__proto__":{"polluted":true},"constructor":1,"n":"\\u0000","s":"\\ud800"},"user":{"__proto__":1}}`;
  const answer = await api.call('POST', '/v1/events', { key, raw });
  expect(answer.status).toBe(202);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  const { rows } = await api.database.db.query<{ data: string }>({
    text: 'select data::text as data from events order by id desc limit 1',
  });
  expect(rows[0]!.data).toContain('"__proto__":{"polluted":true}');
});
