import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings } from '../../support/tenant';

/** An event with more notifications than one response holds. */
const COUNT = 230;
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
let eventId: string;
let webhookId: string;
let posted: string[];
let portal: string;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await makeTenant(api);
  const { key, eventType } = tenant;
  const customers = [tenant.customerId, (await api.must('POST', '/v1/customers', { name: 'D' }, key)).id as string];
  for (const [index, customerId] of customers.entries()) {
    const subscriptions = Array.from({ length: index === 0 ? 200 : COUNT - 200 }, () => settings());
    await api.must('PUT', `/v1/customers/${customerId}/subscriptions`, { subscriptions }, key);
  }
  const event = await api.must('POST', '/v1/events', { id: 'to-all', type: eventType, data: { a: 1 } }, key);
  posted = event.notifications.map(({ id }: { id: string }) => id);
  eventId = event.id;
  ({ webhookId } = await api.must('GET', `/v1/events/${eventId}`, undefined, key));
  portal = (await api.must('POST', '/v1/portal-sessions', { customerId: customers[1] }, key)).token;
});
afterAll(() => api?.stop());

async function listed(id: string, key: string): Promise<string[]> {
  const found: string[] = [];
  for (let cursor = ''; ;) {
    const page = await api.must('GET', `/v1/notifications?eventId=${id}&limit=100${cursor}`, undefined, key);
    found.push(...page.items.map((item: { id: string }) => item.id));
    if (page.nextCursor === null) return found;
    cursor = `&cursor=${page.nextCursor}`;
  }
}

it('an event shows how many notifications it has and the newest 200, and the list has all of them', async () => {
  const { notificationCount, notifications } = await api.must('GET', `/v1/events/${eventId}`, undefined, tenant.key);
  expect([notificationCount, notifications.length]).toEqual([COUNT, 200]);
  for (const id of [eventId, webhookId]) {
    const all = await listed(id, tenant.key);
    expect(all.slice(0, 200)).toEqual(notifications.map(({ id: one }: { id: string }) => one));
    expect([...all].sort()).toEqual([...posted].sort());
  }
});

it('a customer that was notified of an event to all reads it, with its own notifications only', async () => {
  const { notificationCount, notifications, data } = await api.must('GET', `/v1/events/${eventId}`, undefined, portal);
  expect([notificationCount, notifications.length, data]).toEqual([COUNT - 200, COUNT - 200, { a: 1 }]);
  const { items } = await api.must('GET', '/v1/events', undefined, portal);
  expect(items.map(({ id }: { id: string }) => id)).toEqual([eventId]);
  expect(await listed(eventId, portal)).toHaveLength(COUNT - 200);
});

it('counts none for an event without notifications', async () => {
  const { key, eventType } = await makeTenant(api);
  const { id } = await api.must('POST', '/v1/events', { type: eventType, data: {} }, key);
  expect(await api.must('GET', `/v1/events/${id}`, undefined, key)).toMatchObject({
    notificationCount: 0,
    notifications: [],
  });
});
