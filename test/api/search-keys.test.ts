import { startTestApi, type TestApi } from '../support/api';
import { unique } from '../support/tenant';

/** Events and notifications found by what their producers wrote into them. */
let api: TestApi;
let key: string;
let customerId: string;
const TYPE = 'parcel.sent.v1';

beforeAll(async () => {
  api = await startTestApi();
  key = (await api.tenant('search keys')).key;
  await api.must('PUT', `/v1/event-types/${TYPE}`, { searchKeys: ['$.id', '$.lines[*].sku', '$.total.amount'] }, key);
  await api.must('PUT', '/v1/event-types/parcel.lost.v1', {}, key);
});
afterAll(() => api?.stop());
beforeEach(async () => {
  customerId = (await api.must('POST', '/v1/customers', { name: 'C' }, key)).id;
});

const subscribe = (settings: object = {}) =>
  api.must(
    'POST',
    '/v1/subscriptions',
    { customerId, name: unique('s'), url: 'http://127.0.0.1:1/', eventTypes: ['parcel.*.v1'], ...settings },
    key,
  );
const post = (data: object, event: object = {}) =>
  api.must('POST', '/v1/events', { type: TYPE, customerId, data, ...event }, key);
const find = async (q: string, more = '', caller = key): Promise<string[]> =>
  (await api.must('GET', `/v1/events?q=${encodeURIComponent(q)}${more}`, undefined, caller)).items.map(
    ({ webhookId }: { webhookId: string }) => webhookId,
  );
const findNotifications = async (q: string, caller = key): Promise<string[]> =>
  (await api.must('GET', `/v1/notifications?q=${encodeURIComponent(q)}`, undefined, caller)).items.map(
    ({ id }: { id: string }) => id,
  );

it('a search finds events by the values of search keys, alone or with their path, newest first', async () => {
  const id = unique('obj_');
  const [first, second] = [await post({ id, lines: [{ sku: 'A' }] }), await post({ other: 1, lines: [{ sku: id }] })];
  expect(await find(id)).toEqual([second.id, first.id]);
  expect(await find(id.toUpperCase())).toEqual([second.id, first.id]);
  expect(await find(`id:${id}`)).toEqual([first.id]);
  expect(await find(`lines[*].sku:${id}`)).toEqual([second.id]);
  expect(await find(`total.amount:${id}`)).toEqual([]);
  expect(await find(id.slice(0, -1))).toEqual([]);
});

it('a search finds a number of 20 digits and keeps filters and pages', async () => {
  const raw = `{"type":"${TYPE}","customerId":"${customerId}","data":{"id":12345678901234567890}}`;
  const ids = [];
  for (let count = 0; count < 3; count++)
    ids.push(
      (await api.call('POST', '/v1/events', { key, raw, headers: { 'content-type': 'application/json' } })).body.id,
    );
  expect(await find('12345678901234567890')).toEqual(ids.reverse());
  expect(await find('12345678901234567890', '&customerId=nobody')).toEqual([]);
  expect(await find('12345678901234567891')).toEqual([]);
  const page = await api.must('GET', '/v1/events?q=12345678901234567890&limit=2', undefined, key);
  const cursor = `&limit=2&cursor=${encodeURIComponent(page.nextCursor)}`;
  expect(await find('12345678901234567890', cursor)).toEqual([ids[2]]);
});

it('a search finds an event by its id, by the beginning of it, and by the id of its producer', async () => {
  const given = unique('order-');
  const event = await post({}, { id: given });
  const { webhookId } = await api.must('GET', `/v1/events/${given}`, undefined, key);
  expect(event.id).toBe(given);
  expect(await find(given)).toEqual([webhookId]);
  expect(await find(webhookId)).toEqual([webhookId]);
  expect(await find(webhookId.slice(0, -3))).toEqual([webhookId]);
  expect(await find('evt_0000000000')).toEqual([]);
});

it('a search finds notifications by the beginning of an id and by what is in the event', async () => {
  await subscribe();
  const id = unique('obj_');
  const event = await post({ id });
  const [{ id: notification }] = event.notifications;
  for (const q of [id, `id:${id}`, event.id, event.id.slice(0, 28), notification, notification.slice(0, -2)])
    expect(await findNotifications(q)).toEqual([notification]);
  expect(await findNotifications(`lines.sku:${id}`)).toEqual([]);
});

it('a search stays within the product, and a customer finds what its endpoints are sent unchanged', async () => {
  await subscribe();
  const id = unique('obj_');
  const event = await post({ id });
  const { key: other } = await api.tenant('elsewhere');
  expect(await find(id, '', other)).toEqual([]);
  expect(await findNotifications(id, other)).toEqual([]);
  const { token } = await api.must('POST', '/v1/portal-sessions', { customerId }, key);
  expect(await find(id, '', token)).toEqual([event.id]);
  expect(await findNotifications(id, token)).toEqual([event.notifications[0].id]);
});

it('a customer cannot learn by searching what a transform leaves out', async () => {
  await subscribe({ transform: { language: 'jsonata', expression: '{"a":1}' } });
  const id = unique('obj_');
  const event = await post({ id });
  const { token } = await api.must('POST', '/v1/portal-sessions', { customerId }, key);
  expect(await find(id, '', token)).toEqual([]);
  expect(await findNotifications(id, token)).toEqual([]);
  expect(await find(event.id, '', token)).toEqual([event.id]);
});

it('search keys stay if a change leaves them out, apply to events from then on, and are in the audit log', async () => {
  const type = 'parcel.kept.v1';
  await api.must('PUT', `/v1/event-types/${type}`, {}, key);
  const value = unique('v');
  await post({ ref: value }, { type });
  await api.must('PUT', `/v1/event-types/${type}`, { searchKeys: ['$.ref', '$.ref'] }, key);
  const after = await post({ ref: value }, { type });
  expect(await find(value)).toEqual([after.id]);
  const changed = await api.must('PUT', `/v1/event-types/${type}`, { description: 'D' }, key);
  expect(changed).toMatchObject({ description: 'D', searchKeys: ['$.ref'] });
  const { items } = await api.must('GET', `/v1/audit?object=${type}`, undefined, key);
  expect(items[1].changes).toEqual({ searchKeys: { from: [], to: ['$.ref'] } });
});

it.each([[['$.**']], [['id']], [Array.from({ length: 6 }, (_, index) => `$.a${index}`)]])(
  'the search keys %j are refused with a pointer',
  async (searchKeys) => {
    const answer = await api.call('PUT', '/v1/event-types/parcel.bad.v1', { key, body: { searchKeys } });
    expect(answer).toMatchObject({ status: 422, body: { code: 'validation-failed' } });
    expect(answer.body.errors[0].path).toMatch(/^\/searchKeys/);
  },
);

it('an event of a type without search keys stores nothing to search by', async () => {
  const event = await post({ id: unique('obj_') }, { type: 'parcel.lost.v1' });
  const { rows } = await api.database.db.query({
    text: 'select search_items from events order by id desc limit 1',
  });
  expect(event.duplicate).toBe(false);
  expect(rows).toEqual([{ search_items: null }]);
});

it('Trigger Now and a batch are searched as well', async () => {
  const { id: subscription } = await subscribe({ eventTypes: [TYPE] });
  const id = unique('obj_');
  await api.must('POST', `/v1/subscriptions/${subscription}/trigger`, { data: { id } }, key);
  const events = [{ type: TYPE, customerId, data: { id } }];
  await api.must('POST', '/v1/events/batch', { events }, key);
  expect(await find(id)).toHaveLength(2);
});

it('a search finds values with quotes, backslashes, commas and braces', async () => {
  const id = `${unique('v')} "a\\b", {c}'`;
  const event = await post({ id });
  expect(await find(id)).toEqual([event.id]);
});
