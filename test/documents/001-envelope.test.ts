import { createHmac } from 'node:crypto';
import { useScenario } from '../support/scenario';
import fixture from './fixtures/001-claim-created.json';

/**
 * The system of docs/migrating/envelope.md: claims, reported in an envelope that carries its own
 * text and signature.
 */
const scenario = useScenario();
const SECRET = 'shared-with-the-customer';
const { payload } = fixture;
const { messageType, ...data } = payload.details;

beforeAll(async () => {
  await scenario.must('POST', '/v1/products', { id: 'claims', name: 'Claims', enabled: true });
  for (const name of ['event.claim.created.v1', 'event.claim.created.v2', 'event.claim.updated.v1'])
    await scenario.must('PUT', `/v1/event-types/${name}`, { productId: 'claims', description: `${name} happened.` });
  await scenario.must('POST', '/v1/customers', { id: 'PDN-922', name: 'PDN', productId: 'claims', retrySchedule: [1] });
});

async function subscribe(name: string, eventTypes: string[]): Promise<{ id: string }> {
  const url = scenario.receiver.url(`/${name}`);
  const body = { customerId: 'PDN-922', name, url, eventTypes, format: 'envelope', secret: SECRET };
  return scenario.must('POST', '/v1/subscriptions', body);
}
const post = (type: string, more: object = {}) =>
  scenario.must('POST', '/v1/events', { type, customerId: 'PDN-922', data, ...more });

it('the envelope has details, messageId, timestamp and user, proven by its text and signature', async () => {
  await subscribe('example', [messageType]);
  await post(messageType, { id: payload.messageId, timestamp: payload.timestamp, user: payload.user });
  const { body } = (await scenario.received(1))[0]!;
  const sent = JSON.parse(body);
  expect(Object.keys(sent)).toEqual(Object.keys(fixture));
  expect(sent.payload).toEqual(payload);
  expect(JSON.stringify(sent.payload)).toBe(JSON.stringify(payload));
  expect(sent.payloadAsString).toBe(JSON.stringify(payload));
  expect(sent.signature).toBe(createHmac('sha256', SECRET).update(sent.payloadAsString).digest('hex'));
});

it('an event raised by the system itself has no user', async () => {
  await post(messageType);
  const { body } = (await scenario.received(1))[0]!;
  expect(Object.keys(JSON.parse(body).payload)).toEqual(['details', 'messageId', 'timestamp']);
});

it('a retry has the same messageId, so that the receiver processes it once', async () => {
  scenario.receiver.answerWith([500, 200]);
  const { id } = await post(messageType);
  const requests = await scenario.received(2);
  expect(requests.map(({ body }) => JSON.parse(body).payload.messageId)).toEqual([id, id]);
  expect(requests.map(({ headers }) => headers['signpost-attempt'])).toEqual(['1', '2']);
});

it('an event posted twice is delivered once', async () => {
  const event = { id: '4c1b6f0e-7a55-4f6e-9a43-0b5a5f1f2a11' };
  expect(await post(messageType, event)).toMatchObject({ duplicate: false });
  expect(await post(messageType, event)).toMatchObject({ duplicate: true });
  await post('event.claim.created.v1', { id: 'the-next' });
  const requests = await scenario.received(2);
  // Two events that are under way together arrive in any order.
  expect(requests.map(({ body }) => JSON.parse(body).payload.messageId).sort()).toEqual([event.id, 'the-next']);
});

it('created and updated events are subscribed to separately, by version or by pattern', async () => {
  await subscribe('created-v2', ['event.claim.created.v2']);
  await subscribe('first-versions', ['event.claim.*.v1']);
  for (const type of ['event.claim.created.v2', 'event.claim.updated.v1']) await post(type);
  const requests = await scenario.received(2);
  expect(requests.map(({ path }) => path).sort()).toEqual(['/created-v2', '/first-versions']);
});

it('subscribers of a version are visible before it is archived, and then it takes no events', async () => {
  const { items } = await scenario.must('GET', '/v1/subscriptions?eventType=event.claim.updated.v1');
  expect(items.map(({ name }: { name: string }) => name)).toEqual(['first-versions']);
  await scenario.must('POST', '/v1/event-types/event.claim.updated.v1/archive');
  const refused = await scenario.call('POST', '/v1/events', {
    type: 'event.claim.updated.v1',
    customerId: 'PDN-922',
    data: {},
  });
  expect(refused.body.code).toBe('event-type-archived');
});
