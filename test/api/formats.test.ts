import { startTestApi, type TestApi } from '../support/api';

/**
 * What each format allows and fixes. The bodies are tested in test/domain/formats and
 * test/e2e/formats.
 */
let api: TestApi;
let tenant: { productId: string; key: string };
let customerId: string;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.tenant('formats');
  customerId = (await api.must('POST', '/v1/customers', { name: 'C' }, tenant.key)).id;
  for (const name of ['a.v1', 'b.v1']) await api.must('PUT', `/v1/event-types/${name}`, {}, tenant.key);
});
afterAll(() => api?.stop());

let counter = 0;
const settings = (given: Record<string, unknown> = {}) => ({
  name: `s-${++counter}`,
  url: 'http://127.0.0.1:1/',
  eventTypes: given.format === 'trigger' ? ['a.v1'] : ['a.v1', 'b.v1'],
  ...given,
});
const create = (given: Record<string, unknown> = {}) =>
  api.call('POST', '/v1/subscriptions', { key: tenant.key, body: { customerId, ...settings(given) } });
async function made(given: Record<string, unknown> = {}) {
  const answer = await create(given);
  expect(answer.status).toBe(201);
  return answer.body;
}
const patch = (id: string, body: object) => api.call('PATCH', `/v1/subscriptions/${id}`, { key: tenant.key, body });

describe.each(['standard', 'envelope', 'trigger', 'flat'])('format %s', (format) => {
  it.each(['POST', 'GET', 'PUT'])('accepts method %s with custom data and a timeout of ten minutes', async (method) => {
    const given = { format, method, customData: { purpose: 'demo', depth: { n: [1.5] } }, timeoutSeconds: 600 };
    const { id } = await made(given);
    expect(await api.must('GET', `/v1/subscriptions/${id}`)).toMatchObject(given);
  });

  it.each([
    'Host',
    'content-length',
    'Connection',
    'keep-alive',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Proxy-Authorization',
    'webhook-id',
    'Webhook-Signature',
    'signpost-attempt',
  ])('refuses the custom header %s', async (name) => {
    expect(await create({ format, headers: { 'X-Own': 'fine', [name]: 'x' } })).toMatchObject({
      status: 422,
      body: { code: 'validation-failed', errors: [{ path: `/headers/${name}` }] },
    });
  });
});

it.each([
  [{ format: 'xml' }, '/format'],
  [{ method: 'DELETE' }, '/method'],
  [{ customData: [1] }, '/customData'],
  [{ customData: 'text' }, '/customData'],
  [{ timeoutSeconds: 601 }, '/timeoutSeconds'],
  [{ timeoutSeconds: 0 }, '/timeoutSeconds'],
])('refuses a subscription with %j', async (given, path) => {
  expect(await create(given)).toMatchObject({
    status: 422,
    body: { code: 'validation-failed', errors: [{ path }] },
  });
});

describe('header Authorization of a subscription', () => {
  const headers = { aUTHORIZATION: 'Bearer own' };
  const refusal = {
    status: 422,
    body: { code: 'validation-failed', errors: [{ path: '/headers/aUTHORIZATION' }] },
  };

  it('refuses a header Authorization in format trigger, which sends its token there', async () => {
    expect(await create({ format: 'trigger', headers })).toMatchObject(refusal);
    const { id } = await made({ format: 'trigger' });
    expect(await patch(id, { headers })).toMatchObject(refusal);
  });

  it.each(['standard', 'envelope', 'flat'])('accepts a header Authorization in format %s', async (format) => {
    expect(await made({ format, headers })).toMatchObject({ headers });
  });
});

const several422 = (path: string) => ({ status: 422, body: { code: 'validation-failed', errors: [{ path }] } });

describe('new subscriptions of format trigger', () => {
  it.each([[['a.v1', 'b.v1']], [['*']], [['a.*']], [['a.v1', 'a.*']]])(
    'a subscription of format trigger has one event type, and not %j',
    async (eventTypes) => {
      expect(await create({ format: 'trigger', eventTypes })).toMatchObject(several422('/eventTypes'));
      const subscriptions = [settings(), settings({ format: 'trigger', eventTypes })];
      const { id } = await api.must('POST', '/v1/customers', { name: 'D' }, tenant.key);
      expect(
        await api.call('PUT', `/v1/customers/${id}/subscriptions`, { key: tenant.key, body: { subscriptions } }),
      ).toMatchObject(several422('/subscriptions/1/eventTypes'));
      expect((await api.must('GET', `/v1/subscriptions?customerId=${id}`)).items).toEqual([]);
    },
  );

  it('a subscription of format trigger has one product, that of its customer by default', async () => {
    const { productId } = tenant;
    const body = (owner: object) => ({ ...settings({ format: 'trigger' }), ...owner });
    expect(await api.must('POST', '/v1/subscriptions', body({ customerId }))).toMatchObject({ productId });
    const { id: shared } = await api.must('POST', '/v1/customers', { name: 'Shared' });
    expect(await api.call('POST', '/v1/subscriptions', { body: body({ customerId: shared }) })).toMatchObject(
      several422('/productId'),
    );
    expect(await api.must('POST', '/v1/subscriptions', body({ customerId: shared, productId }))).toMatchObject({
      productId,
    });
  });

  it('the retry schedule growing also decides when the subscription is out of order', async () => {
    const growing = { afterSeconds: 300 + 900 + 3600 + 14_400 + 43_200, minFailures: 6 };
    const usual = { afterSeconds: 432_000, minFailures: 10 };
    expect(await made({ format: 'trigger', retrySchedule: 'growing' })).toMatchObject({ outOfOrderRule: growing });
    expect(await made({ retrySchedule: 'default' })).toMatchObject({ outOfOrderRule: usual });
    expect(await made()).toMatchObject({ outOfOrderRule: usual });
    const waits = [300, 900, 3600, 14_400, 43_200];
    expect(await made({ retrySchedule: waits })).toMatchObject({ retrySchedule: waits, outOfOrderRule: usual });
    const own = { afterSeconds: 1, minFailures: 1 };
    for (const outOfOrderRule of [own, null])
      expect(await made({ retrySchedule: 'growing', outOfOrderRule })).toMatchObject({ outOfOrderRule });
    const { id } = await api.must('POST', '/v1/customers', { name: 'D' }, tenant.key);
    const one = settings({ retrySchedule: 'growing', outOfOrderRule: own });
    const put = async (subscription: object) =>
      (await api.must('PUT', `/v1/customers/${id}/subscriptions`, { subscriptions: [subscription] }, tenant.key))
        .items[0];
    expect(await put(one)).toMatchObject({ outOfOrderRule: own });
    expect(await put({ ...one, outOfOrderRule: undefined })).toMatchObject({ outOfOrderRule: growing });
    expect(await put({ ...one, outOfOrderRule: undefined, retrySchedule: waits })).toMatchObject({
      outOfOrderRule: usual,
    });
    await api.must('PATCH', `/v1/customers/${id}`, { retrySchedule: 'growing' }, tenant.key);
    expect(await put(settings())).toMatchObject({ retrySchedule: null, outOfOrderRule: usual });
  });
});

describe('existing subscriptions of format trigger', () => {
  const fixed = (path: string) => ({ status: 409, body: { code: 'fixed-after-creation', errors: [{ path }] } });

  it('a subscription of format trigger keeps its event type', async () => {
    const { id, eventTypes } = await made({ format: 'trigger' });
    expect(await patch(id, { eventTypes: ['b.v1'] })).toMatchObject(fixed('/eventTypes'));
    for (const several of [['a.v1', 'b.v1'], ['*'], ['a.*']])
      expect(await patch(id, { eventTypes: several })).toMatchObject(several422('/eventTypes'));
    expect(await patch(id, { eventTypes })).toMatchObject({ status: 200 });
  });

  it('the format trigger can be neither left nor entered by an existing subscription', async () => {
    const trigger = await made({ format: 'trigger' });
    const flat = await made({ format: 'flat' });
    expect(await patch(trigger.id, { format: 'flat' })).toMatchObject(fixed('/format'));
    expect(await patch(flat.id, { format: 'trigger' })).toMatchObject(fixed('/format'));
    expect(await patch(flat.id, { format: 'envelope' })).toMatchObject({ status: 200, body: { format: 'envelope' } });
  });

  it('a subscription keeps its product', async () => {
    const { id } = await made({ format: 'trigger' });
    expect(await patch(id, { productId: 'other' })).toMatchObject({ status: 422, body: { code: 'validation-failed' } });
  });

  it('a subscription of format trigger may change all other fields', async () => {
    const { id } = await made({ format: 'trigger' });
    const change = {
      name: 'other',
      url: 'http://127.0.0.1:2/',
      method: 'GET',
      headers: { 'X-Own': '1' },
      customData: { n: 1 },
      timeoutSeconds: 600,
      retrySchedule: [300],
    };
    expect(await patch(id, change)).toMatchObject({ status: 200, body: change });
  });

  it('a refused set-up of all subscriptions points to the one at fault and changes nothing', async () => {
    const customer = await api.must('POST', '/v1/customers', { name: 'D' }, tenant.key);
    const path = `/v1/customers/${customer.id}/subscriptions`;
    const [first, second] = [settings(), settings({ format: 'trigger' })];
    const put = (subscriptions: object[]) => api.call('PUT', path, { key: tenant.key, body: { subscriptions } });
    expect(await put([first, second])).toMatchObject({ status: 200 });
    const before = await api.must('GET', `/v1/subscriptions?customerId=${customer.id}`);
    expect(
      await put([
        { ...first, method: 'PUT' },
        { ...second, eventTypes: ['b.v1'] },
      ]),
    ).toMatchObject(fixed('/subscriptions/1/eventTypes'));
    expect(await put([first, { ...second, headers: { authorization: 'x' } }])).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/subscriptions/1/headers/authorization' }] },
    });
    expect(await put([{ ...first, eventTypes: ['c.v1'] }])).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/subscriptions/0/eventTypes' }] },
    });
    expect(await api.must('GET', `/v1/subscriptions?customerId=${customer.id}`)).toEqual(before);
  });
});

describe('retry presets', () => {
  it('a retry preset is stored as its waits, for subscriptions and customers', async () => {
    const growing = [300, 900, 3600, 14400, 43200];
    expect(await made({ retrySchedule: 'growing' })).toMatchObject({ retrySchedule: growing });
    const customer = await api.must('POST', '/v1/customers', { name: 'E', retrySchedule: 'growing' }, tenant.key);
    expect(customer).toMatchObject({ retrySchedule: growing });
    expect(
      await api.must('PATCH', `/v1/customers/${customer.id}`, { retrySchedule: 'default' }, tenant.key),
    ).toMatchObject({ retrySchedule: [30, 300, 1800, 7200] });
  });

  it.each([
    ['often', '/retrySchedule'],
    ['toString', '/retrySchedule'],
    [[1, 'growing'], '/retrySchedule/1'],
    [{ growing: true }, '/retrySchedule'],
  ])('refuses the unknown retry preset %j', async (retrySchedule, path) => {
    expect(await create({ retrySchedule })).toMatchObject({
      status: 422,
      body: { code: 'validation-failed', errors: [{ path }] },
    });
  });

  it('retry presets are in the OpenAPI document', async () => {
    const { body } = await api.call('GET', '/openapi.json', { key: null });
    const { schema } = body.paths['/v1/customers'].post.requestBody.content['application/json'];
    expect(schema.properties.retrySchedule).toMatchObject({
      anyOf: [
        { type: 'array', items: { type: 'integer', minimum: 1, maximum: 86_400 }, maxItems: 5 },
        { type: 'string', enum: ['default', 'growing'] },
      ],
      description: expect.stringContaining('`growing` (300, 900, 3600, 14400, 43200)'),
    });
  });
});
