import { startTestApi, type TestApi } from '../support/api';

/** Trigger Now: what is accepted, and for whom. Delivery is tested in test/e2e/formats. */
let api: TestApi;
let tenant: { productId: string; key: string };
let customerId: string;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.tenant('trigger');
  customerId = (await api.must('POST', '/v1/customers', { name: 'C' }, tenant.key)).id;
  for (const name of ['b.made.v1', 'a.made.v1', 'a.gone.v1']) await putType(name);
  await putType('with.schema.v1', { schema: SCHEMA, sample: { amount: 7 } });
});
afterAll(() => api?.stop());

const SCHEMA = {
  type: 'object',
  required: ['amount'],
  properties: { amount: { type: 'number' } },
  additionalProperties: false,
};
let counter = 0;

function putType(name: string, body: object = {}) {
  return api.must('PUT', `/v1/event-types/${name}`, body, tenant.key);
}
async function subscribe(settings: Record<string, unknown> = {}) {
  const name = `s-${++counter}`;
  const body = { customerId, name, url: 'http://127.0.0.1:1/', eventTypes: ['*'], ...settings };
  return (await api.must('POST', '/v1/subscriptions', body, tenant.key)).id as string;
}
const trigger = (id: string, body: object = {}, headers = {}) =>
  api.call('POST', `/v1/subscriptions/${id}/trigger`, { key: tenant.key, body, headers });
const eventOf = async (answer: { body: { eventId: string } }) =>
  api.must('GET', `/v1/events/${answer.body.eventId}`, undefined, tenant.key);

it('a trigger creates an event and a notification for this subscription only, and starts it', async () => {
  const id = await subscribe();
  await subscribe();
  api.started.length = 0;
  const answer = await trigger(id, { type: 'a.made.v1', data: { n: 1 } });
  expect(answer).toMatchObject({
    status: 202,
    body: { subscriptionId: id, customerId, eventType: 'a.made.v1', status: 'pending', attemptCount: 0 },
  });
  expect(api.started.map(({ notificationId }) => notificationId)).toEqual([answer.body.id]);
  const event = await eventOf(answer);
  expect(event).toMatchObject({ type: 'a.made.v1', customerId, channels: [], data: { n: 1 } });
  expect(event.notifications.map((notification: { id: string }) => notification.id)).toEqual([answer.body.id]);
});

it('a trigger counts as an event of the subscription and is recorded in the audit log', async () => {
  const id = await subscribe();
  const answer = await trigger(id, { type: 'a.made.v1' });
  expect(await api.must('GET', `/v1/subscriptions/${id}/statistics`)).toMatchObject({ events: 1, triggers: 0 });
  const { rows } = await api.database.db.query<{ detail: object }>({
    text: "select detail from audit where action = 'subscription.trigger' and object = $1",
    values: [id],
  });
  expect(rows).toEqual([{ detail: { type: 'a.made.v1', notificationId: answer.body.id } }]);
});

it('a trigger ignores channels', async () => {
  const id = await subscribe({ channels: ['client_7'] });
  expect(await trigger(id, { type: 'a.made.v1' })).toMatchObject({ status: 202, body: { status: 'pending' } });
});

it.each([
  ['the first event type that the subscription names', ['b.made.v1', 'a.made.v1', '*'], 'a.made.v1'],
  ['the first event type that its patterns match', ['*.made.v1'], 'a.made.v1'],
])('a trigger without a type uses %s', async (_, eventTypes, type) => {
  expect((await trigger(await subscribe({ eventTypes }))).body).toMatchObject({ eventType: type });
});

it('a trigger without data sends the sample of the type, or an empty object if there is none', async () => {
  const id = await subscribe();
  expect((await eventOf(await trigger(id, { type: 'with.schema.v1' }))).data).toEqual({ amount: 7 });
  expect((await eventOf(await trigger(id, { type: 'a.made.v1' }))).data).toEqual({});
  await putType('generated.v1', { schema: SCHEMA });
  expect((await eventOf(await trigger(id, { type: 'generated.v1' }))).data).toEqual({ amount: 0 });
});

it('a trigger refuses data that breaks the schema, with a pointer', async () => {
  expect(await trigger(await subscribe(), { type: 'with.schema.v1', data: { amount: 'x' } })).toMatchObject({
    status: 422,
    body: { code: 'data-breaks-schema', errors: [{ path: '/data/amount' }] },
  });
});

it('a trigger requires data if the type has no valid sample', async () => {
  const pattern = { ...SCHEMA, properties: { amount: { type: 'string', pattern: '^[a-z]{40}$' } } };
  await putType('no-sample.v1', { schema: pattern });
  await putType('odd-sample.v1', { sample: 'text' });
  const id = await subscribe();
  for (const type of ['no-sample.v1', 'odd-sample.v1']) {
    expect(await trigger(id, { type })).toMatchObject({
      status: 422,
      body: {
        code: 'data-breaks-schema',
        detail: `${type} has no sample that matches its schema. Send data with the request.`,
      },
    });
    const data = { amount: 'a'.repeat(40) };
    expect(await trigger(id, { type, data })).toMatchObject({ status: 202 });
  }
});

it.each([['not.there.v1'], ['b.made.v1']])(
  'a trigger refuses the type %s, which the subscription does not get',
  async (type) => {
    expect(await trigger(await subscribe({ eventTypes: ['a.made.v1'] }), { type })).toMatchObject({
      status: 422,
      body: { code: 'unknown-event-type', errors: [{ path: '/type' }] },
    });
  },
);

it('a trigger refuses an archived type', async () => {
  const id = await subscribe({ eventTypes: ['a.gone.v1'] });
  await api.must('POST', '/v1/event-types/a.gone.v1/archive', {}, tenant.key);
  expect(await trigger(id)).toMatchObject({ status: 422, body: { code: 'unknown-event-type' } });
  await putType('a.gone.v1');
});

it.each([
  [{ type: 7 }, '/type'],
  [{ type: 'no spaces' }, '/type'],
  [{ data: [] }, '/data'],
  [{ data: null }, '/data'],
  [{ format: 'flat' }, '/format'],
])('a trigger refuses the body %j', async (body, path) => {
  expect(await trigger(await subscribe(), body)).toMatchObject({
    status: 422,
    body: { code: 'validation-failed', errors: [{ path }] },
  });
});

it('a trigger is refused while the product is disabled', async () => {
  const other = await api.tenant('switched off');
  await api.must('PUT', '/v1/event-types/off.v1', {}, other.key);
  const customer = await api.must('POST', '/v1/customers', { name: 'C' }, other.key);
  const settings = { customerId: customer.id, name: 's', url: 'http://127.0.0.1:1/', eventTypes: ['*'] };
  const { id } = await api.must('POST', '/v1/subscriptions', settings, other.key);
  await api.must('PATCH', `/v1/products/${other.productId}`, { enabled: false });
  expect(await api.call('POST', `/v1/subscriptions/${id}/trigger`, { body: {} })).toMatchObject({
    status: 403,
    body: { code: 'product-disabled' },
  });
});

it('a trigger returns 404 for a subscription of another tenant, as for an unknown one', async () => {
  const { key } = await api.tenant('stranger');
  for (const id of [await subscribe(), 'sub_00000000000000000000000000', 'x']) {
    expect(await api.call('POST', `/v1/subscriptions/${id}/trigger`, { key, body: {} })).toMatchObject({
      status: 404,
      body: { code: 'not-found' },
    });
  }
});

it('a trigger for a subscription that does not take deliveries is held and not started', async () => {
  const id = await subscribe({ enabled: false });
  api.started.length = 0;
  expect(await trigger(id, { type: 'a.made.v1' })).toMatchObject({ status: 202, body: { status: 'held' } });
  expect(api.started).toEqual([]);
});

it('a trigger returns the same response for the same Idempotency-Key', async () => {
  const id = await subscribe();
  api.started.length = 0;
  const headers = { 'idempotency-key': `trigger-${counter}` };
  const first = await trigger(id, { type: 'a.made.v1' }, headers);
  expect(await trigger(id, { type: 'a.made.v1' }, headers)).toMatchObject({ status: 202, body: first.body });
  expect(api.started).toHaveLength(1);
  expect(await trigger(id, { type: 'b.made.v1' }, headers)).toMatchObject({
    status: 409,
    body: { code: 'idempotency-key-conflict' },
  });
});

it('a trigger is refused while the start queue is full', async () => {
  const id = await subscribe();
  api.backend.hasRoom = false;
  const answer = await trigger(id, { type: 'a.made.v1' });
  api.backend.hasRoom = true;
  expect(answer).toMatchObject({ status: 429, body: { code: 'too-many-requests' } });
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(await api.must('GET', `/v1/subscriptions/${id}/statistics`)).toMatchObject({ events: 0 });
});
