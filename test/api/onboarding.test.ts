import { startTestApi, type TestApi } from '../support/api';
import { makeTenant, unique } from '../support/tenant';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const tenant = () => makeTenant(api);

describe('products', () => {
  it('a product is created disabled, refuses events, and is enabled by an admin', async () => {
    const product = await api.must('POST', '/v1/products', { id: unique('p'), name: 'P' });
    expect(product).toMatchObject({ enabled: false, requireVerification: false });
    const { key } = await api.must('POST', '/v1/api-keys', { name: 'k', role: 'product', productId: product.id });
    const type = `${unique('disabled')}.v1`;
    await api.must('PUT', `/v1/event-types/${type}`, {}, key);
    const post = () => api.call('POST', '/v1/events', { key, body: { type, data: {} } });
    expect(await post()).toMatchObject({ status: 403, body: { code: 'product-disabled' } });
    expect(await api.call('PATCH', `/v1/products/${product.id}`, { key, body: { enabled: true } })).toMatchObject({
      status: 403,
    });
    expect(await api.must('PATCH', `/v1/products/${product.id}`, { enabled: true })).toMatchObject({ enabled: true });
    expect(await post()).toMatchObject({ status: 202 });
  });

  it('two products cannot have the same id', async () => {
    const id = unique('p');
    await api.must('POST', '/v1/products', { id, name: 'P' });
    expect(await api.call('POST', '/v1/products', { body: { id, name: 'P' } })).toMatchObject({
      status: 409,
      body: { code: 'already-exists' },
    });
  });
});

describe('event types', () => {
  const schema = {
    type: 'object',
    required: ['amount'],
    properties: { amount: { type: 'number' }, note: { type: 'string' } },
    additionalProperties: false,
  };

  it('an event type is created, changed, and gets a sample from its schema', async () => {
    const { key } = await tenant();
    const name = unique('sampled.v');
    expect(await api.call('PUT', `/v1/event-types/${name}`, { key, body: { schema } })).toMatchObject({
      status: 201,
      body: { sample: { amount: 0 } },
    });
    const changed = await api.call('PUT', `/v1/event-types/${name}`, {
      key,
      body: { schema, sample: { amount: 7 }, description: 'D' },
    });
    expect(changed).toMatchObject({ status: 200, body: { sample: { amount: 7 }, description: 'D' } });
    expect(await api.must('GET', `/v1/event-types/${name}`, undefined, key)).toEqual(changed.body);
  });

  it('refuses a sample that breaks the schema, and an invalid schema', async () => {
    const { key } = await tenant();
    const put = (body: object) => api.call('PUT', `/v1/event-types/${unique('x.v')}`, { key, body });
    expect(await put({ schema, sample: { amount: 'seven' } })).toMatchObject({
      status: 422,
      body: { code: 'sample-breaks-schema', errors: [{ path: '/sample/amount', message: expect.any(String) }] },
    });
    for (const bad of [
      { type: 'nothing' },
      { $ref: 'https://elsewhere.example/schema.json' },
      { properties: { a: { pattern: '(' } } },
      { properties: { a: { pattern: 'a'.repeat(600) } } },
      { description: 'x'.repeat(70_000) },
    ]) {
      expect(await put({ schema: bad })).toMatchObject({ status: 422, body: { code: 'invalid-schema' } });
    }
  });

  it('refuses an event type name of another product', async () => {
    const [a, b] = [await tenant(), await tenant()];
    expect(await api.call('PUT', `/v1/event-types/${a.eventType}`, { key: b.key, body: {} })).toMatchObject({
      status: 409,
      body: { code: 'already-exists' },
    });
    expect(await api.call('GET', `/v1/event-types/${a.eventType}`, { key: b.key })).toMatchObject({ status: 404 });
  });

  it('an archived event type takes no events, and a PUT restores it', async () => {
    const { key, eventType } = await tenant();
    const post = () => api.call('POST', '/v1/events', { key, body: { type: eventType, data: {} } });
    expect(await api.must('POST', `/v1/event-types/${eventType}/archive`, {}, key)).toMatchObject({ archived: true });
    expect(await post()).toMatchObject({
      status: 422,
      body: { code: 'event-type-archived', errors: [{ path: '/type' }] },
    });
    expect((await api.must('GET', '/v1/event-types?archived=true', undefined, key)).items).toHaveLength(1);
    await api.must('PUT', `/v1/event-types/${eventType}`, {}, key);
    expect(await post()).toMatchObject({ status: 202 });
  });
});

describe('customers', () => {
  it.each([
    [[1, 2, 3, 4, 5, 6], 'at most 5 retries'],
    [[86_400, 1], 'the waits must add up to at most 86400 seconds'],
    [[0], 'each wait must be a whole number of seconds, at least 1'],
    [[1.5], 'each wait must be a whole number of seconds, at least 1'],
  ])('refuses the retry schedule %j of a customer', async (retrySchedule, message) => {
    expect(await api.call('POST', '/v1/customers', { body: { name: 'C', retrySchedule } })).toMatchObject({
      status: 422,
      body: { code: 'validation-failed', errors: expect.arrayContaining([{ path: '/retrySchedule', message }]) },
    });
  });

  it('a customer has the default retry schedule unless it sets its own', async () => {
    const { key } = await tenant();
    const customer = await api.must('POST', '/v1/customers', { id: unique('c'), name: 'C' }, key);
    expect(customer.retrySchedule).toEqual([30, 300, 1800, 7200]);
    expect(await api.must('PATCH', `/v1/customers/${customer.id}`, { retrySchedule: [] }, key)).toMatchObject({
      retrySchedule: [],
      name: 'C',
    });
  });

  it('a customer belongs to the product that created it, or is shared if an admin created it without one', async () => {
    const [a, b] = [await tenant(), await tenant()];
    const shared = await api.must('POST', '/v1/customers', { name: 'Shared' });
    const seen = async (key: string) =>
      ((await api.must('GET', '/v1/customers', undefined, key)).items as { id: string }[]).map(({ id }) => id);
    expect(await seen(a.key)).toEqual(expect.arrayContaining([a.customerId, shared.id]));
    expect(await seen(a.key)).not.toContain(b.customerId);
    expect(await api.call('GET', `/v1/customers/${a.customerId}`, { key: b.key })).toMatchObject({ status: 404 });
    expect(await api.call('PATCH', `/v1/customers/${shared.id}`, { key: a.key, body: { name: 'Mine' } })).toMatchObject(
      { status: 404 },
    );
    expect(
      await api.call('POST', '/v1/customers', { key: a.key, body: { name: 'X', productId: b.productId } }),
    ).toMatchObject({ status: 422, body: { code: 'unknown-product' } });
  });
});
