import { startTestApi, type TestApi } from '../support/api';
import { unique } from '../support/tenant';

/** Who got an event and why, and sending it to a subscription again. */
let api: TestApi;
let key: string;
let customerId: string;
beforeAll(async () => {
  api = await startTestApi();
  key = (await api.tenant('routing')).key;
  for (const type of ['order.made.v1', 'order.gone.v1']) await api.must('PUT', `/v1/event-types/${type}`, {}, key);
});
afterAll(() => api?.stop());
beforeEach(async () => {
  customerId = (await api.must('POST', '/v1/customers', { name: 'C' }, key)).id;
});

const subscribe = async (settings: object = {}): Promise<string> => {
  const body = {
    customerId,
    name: unique('s'),
    url: 'http://127.0.0.1:1/',
    eventTypes: ['order.made.v1'],
    ...settings,
  };
  return (await api.must('POST', '/v1/subscriptions', body, key)).id;
};
const post = (event: object = {}) =>
  api.must('POST', '/v1/events', { type: 'order.made.v1', customerId, data: { n: 1 }, ...event }, key);
const routingOf = async (id: string, caller = key) => {
  const { items } = await api.must('GET', `/v1/events/${id}/routing`, undefined, caller);
  return Object.fromEntries(
    (items as { subscriptionId: string; result: string }[]).map(({ subscriptionId, result }) => [
      subscriptionId,
      result,
    ]),
  );
};
const replay = (id: string, subscriptionId: string, options: object = {}) =>
  api.call('POST', `/v1/events/${id}/replay`, { key, body: { subscriptionId }, ...options });

describe('routing', () => {
  it('says for each subscription of the customer why it got the event or not', async () => {
    const matching = await subscribe();
    const disabled = await subscribe();
    await api.must('POST', `/v1/subscriptions/${disabled}/disable`, {}, key);
    const otherType = await subscribe({ eventTypes: ['order.gone.v1'] });
    const pattern = await subscribe({ eventTypes: ['order.*.v1'] });
    const otherChannel = await subscribe({ channels: ['client_1'] });
    const channel = await subscribe({ channels: ['client_2', 'client_3'] });
    const changed = await subscribe({ eventTypes: ['order.gone.v1'] });
    const event = await post({ channels: ['client_3'] });
    await api.must('PATCH', `/v1/subscriptions/${changed}`, { eventTypes: ['*'] }, key);
    const later = await subscribe();
    expect(await routingOf(event.id)).toEqual({
      [matching]: 'notified',
      [disabled]: 'notified',
      [otherType]: 'event-type',
      [pattern]: 'notified',
      [otherChannel]: 'channels',
      [channel]: 'notified',
      [changed]: 'changed-later',
      [later]: 'created-later',
    });
  });

  it('shows the status of subscription and notification, page by page, newest first', async () => {
    const [first, second] = [await subscribe(), await subscribe()];
    await api.must('POST', `/v1/subscriptions/${second}/disable`, {}, key);
    const event = await post();
    const page = await api.must('GET', `/v1/events/${event.id}/routing?limit=1`, undefined, key);
    expect(page.items).toMatchObject([
      { subscriptionId: second, customerId, status: 'disabled', notification: { status: 'held' } },
    ]);
    expect(page.items[0]).toMatchObject({ eventTypes: ['order.made.v1'], channels: [], missingCapabilities: [] });
    const rest = await api.must('GET', `/v1/events/${event.id}/routing?cursor=${page.nextCursor}`, undefined, key);
    expect(rest).toMatchObject({ items: [{ subscriptionId: first, status: 'enabled' }], nextCursor: null });
  });

  it('covers all customers of the product for an event that names none, and no other customers', async () => {
    const mine = await subscribe();
    const other = await api.tenant('elsewhere');
    const { id: foreign } = await api.must('POST', '/v1/customers', { name: 'F' }, other.key);
    const settings = { customerId: foreign, name: 'f', url: 'http://127.0.0.1:1/', eventTypes: ['*'] };
    const hidden = (await api.must('POST', '/v1/subscriptions', settings, other.key)).id;
    const event = await post({ customerId: undefined });
    const routing = await routingOf(event.id);
    expect(routing[mine]).toBe('notified');
    expect(routing).not.toHaveProperty(hidden);
  });

  it('shows a customer its own subscriptions only', async () => {
    const mine = await subscribe();
    const event = await post({ customerId: undefined });
    const { token } = await api.must('POST', '/v1/portal-sessions', { customerId }, key);
    expect(await routingOf(event.id, token)).toEqual({ [mine]: 'notified' });
  });

  it('covers customers that hear every event, and names a missing capability', async () => {
    const mine = await subscribe();
    const { id: listener } = await api.must('POST', '/v1/customers', { name: 'L', audience: 'product' }, key);
    const settings = { customerId: listener, name: 'l', url: 'http://127.0.0.1:1/', eventTypes: ['order.*.v1'] };
    const hearing = (await api.must('POST', '/v1/subscriptions', settings, key)).id;
    const event = await post();
    expect(await routingOf(event.id)).toEqual({ [mine]: 'notified', [hearing]: 'notified' });
    expect(await replay(event.id, hearing)).toMatchObject({ status: 202, body: { subscriptionId: hearing } });
    await api.must('DELETE', `/v1/subscriptions/${hearing}`, undefined, key);
    await api.must('PUT', '/v1/event-types/order.secret.v1', { requires: ['vendor'] }, key);
    const wildcard = await subscribe({ eventTypes: ['*'] });
    const secret = await post({ type: 'order.secret.v1' });
    expect(await routingOf(secret.id)).toMatchObject({ [wildcard]: 'capability', [mine]: 'event-type' });
    const { items } = await api.must('GET', `/v1/events/${secret.id}/routing`, undefined, key);
    expect(items[0]).toMatchObject({ subscriptionId: wildcard, eventTypes: ['*'], missingCapabilities: ['vendor'] });
    expect(await replay(secret.id, wildcard)).toMatchObject({
      status: 422,
      body: { code: 'capability-required', errors: [{ path: '/subscriptionId' }] },
    });
  });

  it('names a subscription for another product on a shared customer', async () => {
    const [one, two] = [await api.tenant('one'), await api.tenant('two')];
    await api.must('PUT', '/v1/event-types/one.a.v1', {}, one.key);
    const { id: shared } = await api.must('POST', '/v1/customers', { name: 'S' });
    const settings = { customerId: shared, name: 's', url: 'http://127.0.0.1:1/', eventTypes: ['*'] };
    const { id } = await api.must('POST', '/v1/subscriptions', { ...settings, productId: two.productId });
    const event = await api.must('POST', '/v1/events', { type: 'one.a.v1', customerId: shared, data: {} }, one.key);
    const { items } = await api.must('GET', `/v1/events/${event.id}/routing`);
    expect(items).toMatchObject([{ subscriptionId: id, result: 'product', notification: null }]);
  });
});

describe('replay', () => {
  it('creates another notification of the same event, also for a subscription that does not match', async () => {
    const other = await subscribe({ eventTypes: ['order.gone.v1'] });
    const event = await post({ id: unique('order') });
    api.started.length = 0;
    const answer = await replay(event.id, other);
    expect(answer).toMatchObject({
      status: 202,
      body: { eventId: event.id, subscriptionId: other, customerId, status: 'pending', attemptCount: 0 },
    });
    expect(api.started).toMatchObject([{ notificationId: answer.body.id, customerId, eventType: 'order.made.v1' }]);
    const { notifications } = await api.must('GET', `/v1/events/${event.id}`, undefined, key);
    expect(notifications).toMatchObject([{ id: answer.body.id }]);
    expect(await routingOf(event.id)).toEqual({ [other]: 'notified' });
  });

  it('returns the open notification instead of creating another, also for concurrent calls', async () => {
    const id = await subscribe();
    const event = await post();
    const answers = await Promise.all([replay(event.id, id), replay(event.id, id)]);
    expect(answers.map(({ body }) => body.id)).toEqual(Array(2).fill(event.notifications[0].id));
    const other = await subscribe({ eventTypes: ['order.gone.v1'] });
    const [one, two] = await Promise.all([replay(event.id, other), replay(event.id, other)]);
    expect(one.body.id).toBe(two.body.id);
  });

  it('sends again what was delivered, and holds for a disabled subscription', async () => {
    const id = await subscribe();
    const event = await post();
    await api.database.db.query({ text: "update notifications set status = 'delivered', finished_at = now()" });
    await api.must('POST', `/v1/subscriptions/${id}/disable`, {}, key);
    api.started.length = 0;
    const answer = await replay(event.id, id);
    expect(answer).toMatchObject({ status: 202, body: { status: 'held' } });
    expect(answer.body.id).not.toBe(event.notifications[0].id);
    expect(api.started).toEqual([]);
  });

  it("refuses another customer's subscription, one that does not exist, and an expired payload", async () => {
    const event = await post();
    customerId = (await api.must('POST', '/v1/customers', { name: 'D' }, key)).id;
    const refusal = { status: 422, body: { code: 'unknown-subscription', errors: [{ path: '/subscriptionId' }] } };
    for (const id of [await subscribe(), 'sub_nothing']) expect(await replay(event.id, id)).toMatchObject(refusal);
    const id = await subscribe({ eventTypes: ['order.gone.v1'] });
    const own = await post();
    await api.database.db.query({ text: 'update events set data = null, user_context = null' });
    expect(await replay(own.id, id)).toMatchObject({ status: 409, body: { code: 'payload-expired' } });
  });

  it('is recorded in the audit log', async () => {
    const id = await subscribe({ eventTypes: ['order.gone.v1'] });
    const event = await post();
    const { body } = await replay(event.id, id);
    const { rows } = await api.database.db.query({
      text: "select object, detail from audit where action = 'event.replay' and object = $1",
      values: [event.id],
    });
    expect(rows).toEqual([{ object: event.id, detail: { subscriptionId: id, notificationId: body.id } }]);
  });
});
