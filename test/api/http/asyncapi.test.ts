import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant } from '../../support/tenant';

/** The AsyncAPI document: what is in it, and for whom. */
const FORMATS = ['StandardDelivery', 'EnvelopeDelivery', 'TriggerDelivery', 'FlatDelivery'];
const SCHEMA = {
  type: 'object',
  properties: { amount: { $ref: '#/$defs/amount' } },
  required: ['amount'],
  $defs: { amount: { type: 'number', minimum: 0 } },
};
let api: TestApi;
let mine: Awaited<ReturnType<typeof makeTenant>>;
let other: Awaited<ReturnType<typeof makeTenant>>;

beforeAll(async () => {
  api = await startTestApi();
  [mine, other] = [await makeTenant(api), await makeTenant(api)];
  await api.must('PUT', '/v1/event-types/mine.paid.v1', { schema: SCHEMA }, mine.key);
  await api.must('PUT', '/v1/event-types/mine.archived.v1', {}, mine.key);
  await api.must('POST', '/v1/event-types/mine.archived.v1/archive', {}, mine.key);
});
afterAll(() => api?.stop());

const read = async (key: string | null) => (await api.call('GET', '/asyncapi.json', { key })).body;
const messagesOf = (document: { components: { messages: object } }) => Object.keys(document.components.messages);

it('contains the formats only without a credential', async () => {
  expect(messagesOf(await read(null))).toEqual(FORMATS);
});

it("contains the event types of the caller's scope, without archived ones", async () => {
  const ownTypes = [`event.mine.paid.v1`, `event.${mine.eventType}`];
  expect(messagesOf(await read(mine.key)).sort()).toEqual([...FORMATS, ...ownTypes].sort());
  expect(messagesOf(await read(other.key)).sort()).toEqual([...FORMATS, `event.${other.eventType}`].sort());
  const { token } = await api.must('POST', '/v1/portal-sessions', { customerId: mine.customerId }, mine.key);
  expect(messagesOf(await read(token)).sort()).toEqual([...FORMATS, ...ownTypes].sort());
});

it('refuses an invalid credential and a role that reads no event types', async () => {
  expect((await api.call('GET', '/asyncapi.json', { key: 'spk_nobody' })).body.code).toBe('unauthenticated');
  const { key } = await api.must('POST', '/v1/api-keys', { name: 'p', role: 'producer', productId: mine.productId });
  expect((await api.call('GET', '/asyncapi.json', { key })).body.code).toBe('forbidden');
});

it('describes what is delivered: a body of each type fits its message', async () => {
  const document = await read(mine.key);
  const ajv = new Ajv2020({ strict: false, validateSchema: false });
  addFormats(ajv);
  ajv.addSchema(document, 'asyncapi');
  const validate = ajv.getSchema('asyncapi#/components/messages/event.mine.paid.v1/payload')!;
  const body = { id: 'P-1', type: 'mine.paid.v1', timestamp: '2026-01-31T12:00:00.000Z', data: { amount: 1 } };
  expect([validate(body), validate.errors]).toEqual([true, null]);
  for (const wrong of [
    { ...body, data: { amount: -1 } },
    { ...body, data: {} },
    { ...body, type: 'other.v1' },
  ])
    expect(validate(wrong)).toBe(false);
});
