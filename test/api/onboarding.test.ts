import { startTestApi, type TestApi } from '../support/api';
import { startReceiver } from '../support/receiver';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

let counter = 0;
const unique = (name: string) => `${name}-${++counter}`;

/** A product with a key, an event type and a customer. */
async function tenant() {
  const { productId, key } = await api.tenant(unique('product'));
  const eventType = `payment.confirmed-${++counter}.v1`;
  await api.must('PUT', `/v1/event-types/${eventType}`, {}, key);
  const customer = await api.must('POST', '/v1/customers', { name: 'Customer' }, key);
  return { productId, key, eventType, customerId: customer.id as string };
}
const settings = (overrides = {}) => ({
  name: unique('subscription'),
  url: 'http://127.0.0.1:1/hook',
  eventTypes: ['*'],
  ...overrides,
});

describe('products', () => {
  it('are created disabled and enabled by an admin; events of a disabled one are refused', async () => {
    const product = await api.must('POST', '/v1/products', { id: unique('p'), name: 'P' });
    expect(product).toMatchObject({ enabled: false, requireVerification: false });
    const { key } = await api.must('POST', '/v1/api-keys', { name: 'k', role: 'product', productId: product.id });
    const type = `disabled-${counter}.v1`;
    await api.must('PUT', `/v1/event-types/${type}`, {}, key);
    const post = () => api.call('POST', '/v1/events', { key, body: { type, data: {} } });
    expect(await post()).toMatchObject({ status: 403, body: { code: 'product-disabled' } });
    expect(await api.call('PATCH', `/v1/products/${product.id}`, { key, body: { enabled: true } })).toMatchObject({
      status: 403,
    });
    expect(await api.must('PATCH', `/v1/products/${product.id}`, { enabled: true })).toMatchObject({ enabled: true });
    expect(await post()).toMatchObject({ status: 202 });
  });

  it('keep their ids apart', async () => {
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

  it('are created, then changed, and get a sample from their schema where none is given', async () => {
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

  it('refuse a sample that breaks the schema, and a schema that is none', async () => {
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

  it('belong to one product: the name of another is taken', async () => {
    const [a, b] = [await tenant(), await tenant()];
    expect(await api.call('PUT', `/v1/event-types/${a.eventType}`, { key: b.key, body: {} })).toMatchObject({
      status: 409,
      body: { code: 'already-exists' },
    });
    expect(await api.call('GET', `/v1/event-types/${a.eventType}`, { key: b.key })).toMatchObject({ status: 404 });
  });

  it('are archived, take no more events, and come back when put again', async () => {
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
    [[86_400, 1], 'the waits add up to at most 86400 seconds'],
    [[0], 'each wait is a whole number of seconds, at least 1'],
    [[1.5], 'each wait is a whole number of seconds, at least 1'],
  ])('refuse the retry schedule %j', async (retrySchedule, message) => {
    expect(await api.call('POST', '/v1/customers', { body: { name: 'C', retrySchedule } })).toMatchObject({
      status: 422,
      body: { code: 'validation-failed', errors: expect.arrayContaining([{ path: '/retrySchedule', message }]) },
    });
  });

  it('have the default schedule unless they bring their own, which can be changed', async () => {
    const { key } = await tenant();
    const customer = await api.must('POST', '/v1/customers', { id: unique('c'), name: 'C' }, key);
    expect(customer.retrySchedule).toEqual([30, 300, 1800, 7200]);
    expect(await api.must('PATCH', `/v1/customers/${customer.id}`, { retrySchedule: [] }, key)).toMatchObject({
      retrySchedule: [],
      name: 'C',
    });
  });

  it('belong to the product that made them; one that an admin made without a product is shared by all', async () => {
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

describe('subscriptions', () => {
  it('answer their secret once, and defaults for what was not given', async () => {
    const { key, customerId, productId } = await tenant();
    const created = await api.must('POST', '/v1/subscriptions', settings({ customerId }), key);
    expect(created).toMatchObject({
      id: expect.stringMatching(/^sub_[0-9a-z]{26}$/),
      productId,
      secret: expect.stringMatching(/^whsec_/),
      status: 'enabled',
      enabled: true,
      method: 'POST',
      format: 'standard',
      channels: [],
      headers: {},
      customData: {},
      retrySchedule: null,
      timeoutSeconds: 15,
      rateLimitPerSecond: null,
      verification: { status: 'unverified', at: null },
    });
    const { secret, ...rest } = created;
    expect(await api.must('GET', `/v1/subscriptions/${created.id}`, undefined, key)).toEqual(rest);
    expect((await api.must('GET', `/v1/subscriptions/${created.id}/secret`, undefined, key)).secret).toBe(secret);
  });

  it.each([
    ['url', 'ftp://example.com'],
    ['url', 'http://user:pass@example.com/'],
    ['url', 'http://example.com/#part'],
    ['url', '/relative'],
    ['url', `http://example.com/${'x'.repeat(2100)}`],
    ['headers', { Host: 'x' }],
    ['headers', { 'Content-Length': '1' }],
    ['headers', { 'Transfer-Encoding': 'chunked' }],
    ['headers', { 'Webhook-Signature': 'x' }],
    ['headers', { 'Signpost-Attempt': '1' }],
    ['headers', { 'X-A': 'a\r\nX-B: b' }],
    ['headers', { 'bad name': 'x' }],
    ['headers', { 'X-A': '1', 'x-a': '2' }],
    ['eventTypes', []],
    ['eventTypes', ['a..b']],
    ['eventTypes', ['pay*ment']],
    ['timeoutSeconds', 0],
    ['timeoutSeconds', 601],
    ['rateLimitPerSecond', 0],
    ['retrySchedule', [1, 2, 3, 4, 5, 6]],
    ['secret', ''],
    ['secret', 'whsec_dG9vIHNob3J0'],
    ['name', ''],
    ['method', 'DELETE'],
    ['channels', ['']],
  ])('refuse %s %j with a pointer to it', async (field, value) => {
    const { key, customerId } = await tenant();
    const { status, body } = await api.call('POST', '/v1/subscriptions', {
      key,
      body: settings({ customerId, [field]: value }),
    });
    expect(status).toBe(422);
    expect(body.errors[0].path).toMatch(new RegExp(`^/${field}`));
  });

  it('name event types that are in the catalog; patterns may run ahead of it', async () => {
    const [a, b] = [await tenant(), await tenant()];
    const create = (eventTypes: string[]) =>
      api.call('POST', '/v1/subscriptions', { key: a.key, body: settings({ customerId: a.customerId, eventTypes }) });
    expect(await create([a.eventType])).toMatchObject({ status: 201 });
    expect(await create(['future.*'])).toMatchObject({ status: 201 });
    for (const unknown of ['misspelt.v1', b.eventType])
      expect(await create([unknown])).toMatchObject({ status: 422, body: { code: 'unknown-event-type' } });
  });

  it('have names that are unique for their customer', async () => {
    const { key, customerId } = await tenant();
    const body = settings({ customerId });
    await api.must('POST', '/v1/subscriptions', body, key);
    expect(await api.call('POST', '/v1/subscriptions', { key, body })).toMatchObject({
      status: 409,
      body: { code: 'already-exists', errors: [{ path: '/name' }] },
    });
  });

  it('are set up all in one call: made, changed and removed by name, with a secret where new', async () => {
    const { key, customerId } = await tenant();
    const put = async (subscriptions: object[]) =>
      (await api.must('PUT', `/v1/customers/${customerId}/subscriptions`, { subscriptions }, key)).items;
    const first = await put([settings({ name: 'a' }), settings({ name: 'b' })]);
    expect(first.map(({ name, secret }: { name: string; secret?: string }) => [name, typeof secret])).toEqual([
      ['a', 'string'],
      ['b', 'string'],
    ]);
    const second = await put([settings({ name: 'c' }), settings({ name: 'a', timeoutSeconds: 5 })]);
    expect(second.map(({ name, secret }: { name: string; secret?: string }) => [name, typeof secret])).toEqual([
      ['c', 'string'],
      ['a', 'undefined'],
    ]);
    expect(second[1]).toMatchObject({ id: first[0].id, timeoutSeconds: 5 });
    expect(await api.call('GET', `/v1/subscriptions/${first[1].id}`, { key })).toMatchObject({ status: 404 });
    // A removed name can be used again, by a new subscription.
    expect((await put([settings({ name: 'b' })]))[0].id).not.toBe(first[1].id);
    expect(await put([])).toEqual([]);
  });

  it('set up in one call are all or nothing', async () => {
    const { key, customerId } = await tenant();
    await api.must(
      'PUT',
      `/v1/customers/${customerId}/subscriptions`,
      { subscriptions: [settings({ name: 'kept' })] },
      key,
    );
    const bad = await api.call('PUT', `/v1/customers/${customerId}/subscriptions`, {
      key,
      body: { subscriptions: [settings({ name: 'new' }), settings({ name: 'bad', eventTypes: ['misspelt.v1'] })] },
    });
    expect(bad).toMatchObject({ status: 422 });
    const { items } = await api.must('GET', `/v1/subscriptions?customerId=${customerId}`, undefined, key);
    expect(items.map(({ name }: { name: string }) => name)).toEqual(['kept']);
  });

  it('are reached by their product only', async () => {
    const [a, b] = [await tenant(), await tenant()];
    const shared = await api.must('POST', '/v1/customers', { name: 'Shared' });
    const ofA = await api.must('POST', '/v1/subscriptions', settings({ customerId: shared.id }), a.key);
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { enabled: false }],
      ['DELETE', '', undefined],
      ['GET', '/secret', undefined],
      ['POST', '/secret/rotate', {}],
      ['POST', '/enable', {}],
      ['POST', '/challenge', {}],
      ['GET', '/notifications', undefined],
    ] as const) {
      expect(await api.call(method, `/v1/subscriptions/${ofA.id}${path}`, { key: b.key, body })).toMatchObject({
        status: 404,
      });
    }
    expect((await api.must('GET', '/v1/subscriptions', undefined, b.key)).items).toEqual([]);
    // Not even a name that is taken tells.
    const sameName = settings({ customerId: shared.id, name: ofA.name });
    expect(await api.call('POST', '/v1/subscriptions', { key: b.key, body: sameName })).toMatchObject({ status: 201 });
    // Setting up a shared customer's removes only one's own.
    await api.must('PUT', `/v1/customers/${shared.id}/subscriptions`, { subscriptions: [] }, b.key);
    expect(await api.must('GET', `/v1/subscriptions/${ofA.id}`, undefined, a.key)).toMatchObject({ id: ofA.id });
  });

  it('wait for approval until their URL is on the allow-list: requested by the product, approved by an admin', async () => {
    const { key, customerId, eventType } = await tenant();
    const created = await api.must(
      'POST',
      '/v1/subscriptions',
      settings({ customerId, url: 'https://hooks.customer.example/in/x' }),
      key,
    );
    expect(created.status).toBe('awaiting-approval');
    const event = await api.must('POST', '/v1/events', { type: eventType, customerId, data: {} }, key);
    expect(event.notifications[0].status).toBe('held');
    const entry = await api.must('POST', '/v1/url-allowlist', { pattern: 'https://hooks.customer.example/in' }, key);
    expect(entry).toMatchObject({ status: 'requested', decidedAt: null });
    expect(
      await api.call('PATCH', `/v1/url-allowlist/${entry.id}`, { key, body: { status: 'approved' } }),
    ).toMatchObject({ status: 403 });
    expect(
      (await api.must('GET', '/v1/url-allowlist?status=requested')).items.map(({ id }: { id: string }) => id),
    ).toContain(entry.id);
    api.settled.length = 0;
    await api.must('PATCH', `/v1/url-allowlist/${entry.id}`, { status: 'approved' });
    expect(await api.must('GET', `/v1/subscriptions/${created.id}`, undefined, key)).toMatchObject({
      status: 'enabled',
    });
    expect(api.settled).toEqual([created.id]);
    expect(await api.call('DELETE', `/v1/url-allowlist/${entry.id}`, { key })).toMatchObject({ status: 204 });
    expect(await api.must('GET', `/v1/subscriptions/${created.id}`, undefined, key)).toMatchObject({
      status: 'awaiting-approval',
    });
  });

  it("are not approved by another product's entry", async () => {
    const [a, b] = [await tenant(), await tenant()];
    const entry = await api.must('POST', '/v1/url-allowlist', { pattern: 'https://only-a.example' }, a.key);
    await api.must('PATCH', `/v1/url-allowlist/${entry.id}`, { status: 'approved' });
    const status = async ({ key, customerId }: { key: string; customerId: string }) =>
      (await api.must('POST', '/v1/subscriptions', settings({ customerId, url: 'https://only-a.example/x' }), key))
        .status;
    expect(await status(a)).toBe('enabled');
    expect(await status(b)).toBe('awaiting-approval');
  });

  it('are disabled and enabled, and a changed URL has to be verified again', async () => {
    const { key, customerId } = await tenant();
    const receiver = await startReceiver();
    const { id, secret } = await api.must(
      'POST',
      '/v1/subscriptions',
      settings({ customerId, url: receiver.url('/a') }),
      key,
    );
    receiver.answerChallenges(secret);
    expect(await api.must('POST', `/v1/subscriptions/${id}/challenge`, {}, key)).toMatchObject({
      status: 'verified',
      responseStatus: 200,
    });
    expect(await api.must('GET', `/v1/subscriptions/${id}`, undefined, key)).toMatchObject({
      verification: { status: 'verified', at: expect.any(String) },
    });
    expect(await api.must('PATCH', `/v1/subscriptions/${id}`, { description: 'D' }, key)).toMatchObject({
      verification: { status: 'verified' },
    });
    expect(await api.must('PATCH', `/v1/subscriptions/${id}`, { url: receiver.url('/b') }, key)).toMatchObject({
      verification: { status: 'unverified', at: null },
    });
    expect(await api.must('POST', `/v1/subscriptions/${id}/disable`, {}, key)).toMatchObject({
      status: 'disabled',
      enabled: false,
    });
    expect(await api.must('POST', `/v1/subscriptions/${id}/enable`, {}, key)).toMatchObject({
      status: 'enabled',
      enabled: true,
    });
    await receiver.close();
  });

  it('say in plain words why a challenge failed', async () => {
    const { key, customerId } = await tenant();
    const receiver = await startReceiver();
    const { id } = await api.must('POST', '/v1/subscriptions', settings({ customerId, url: receiver.url() }), key);
    const challenge = () => api.must('POST', `/v1/subscriptions/${id}/challenge`, {}, key);
    receiver.answerWith({
      status: 200,
      body: '{"response_token":"sha256=wrong"}',
      headers: { 'content-type': 'application/json' },
    });
    expect(await challenge()).toMatchObject({
      status: 'failed',
      responseStatus: 200,
      detail: expect.stringContaining('response_token'),
    });
    receiver.answerWith(500);
    expect(await challenge()).toMatchObject({ status: 'failed', responseStatus: 500 });
    await receiver.close();
    expect(await challenge()).toMatchObject({
      status: 'failed',
      responseStatus: null,
      detail: expect.stringContaining('refused'),
    });
    const { items } = await api.must('GET', `/v1/subscriptions/${id}/challenges`, undefined, key);
    expect(items).toHaveLength(3);
  });
});

describe('secrets', () => {
  it('can be brought, revealed (which is noted) and rotated with an overlap', async () => {
    const { key, customerId } = await tenant();
    const { id } = await api.must(
      'POST',
      '/v1/subscriptions',
      settings({ customerId, secret: 'brought-by-customer' }),
      key,
    );
    expect(await api.must('GET', `/v1/subscriptions/${id}/secret`, undefined, key)).toMatchObject({
      secret: 'brought-by-customer',
      previous: null,
    });
    const rotated = await api.must('POST', `/v1/subscriptions/${id}/secret/rotate`, { overlapSeconds: 60 }, key);
    expect(rotated).toMatchObject({
      secret: expect.stringMatching(/^whsec_/),
      previous: { expiresAt: expect.any(String) },
    });
    expect(await api.must('POST', `/v1/subscriptions/${id}/secret/rotate`, { overlapSeconds: 0 }, key)).toMatchObject({
      previous: null,
    });
    const { rows } = await api.database.db.query({
      text: 'select action from audit where object = $1 order by id',
      values: [id],
    });
    expect(rows.map(({ action }) => action)).toEqual([
      'subscription.create',
      'secret.reveal',
      'secret.rotate',
      'secret.rotate',
    ]);
  });

  it('lie encrypted in the database', async () => {
    const { key, customerId } = await tenant();
    await api.must('POST', '/v1/subscriptions', settings({ customerId, secret: 'a-very-plain-secret' }), key);
    const { rows } = await api.database.db.query<{ ciphertext: Buffer }>({
      text: 'select ciphertext from subscription_secrets',
    });
    for (const { ciphertext } of rows) expect(ciphertext.toString('latin1')).not.toContain('a-very-plain-secret');
  });
});

describe('API keys', () => {
  it('are shown once, work by either header, and stop when revoked', async () => {
    const { key, id } = await api.must('POST', '/v1/api-keys', { name: 'k', role: 'viewer' });
    const bearer = () => api.call('GET', '/v1/products', { key: null, headers: { authorization: `Bearer ${key}` } });
    expect(await bearer()).toMatchObject({ status: 200 });
    const listed = (await api.must('GET', '/v1/api-keys')).items.find((item: { id: string }) => item.id === id);
    expect(JSON.stringify(listed)).not.toContain(key);
    expect(await api.call('DELETE', `/v1/api-keys/${id}`)).toMatchObject({ status: 204 });
    expect(await bearer()).toMatchObject({ status: 401 });
    expect(
      (await api.must('GET', '/v1/api-keys')).items.find((item: { id: string }) => item.id === id).revokedAt,
    ).not.toBeNull();
  });

  it('have what their role needs and nothing that does not go with it', async () => {
    const { productId, customerId } = await tenant();
    const create = (body: object) => api.call('POST', '/v1/api-keys', { body: { name: 'k', ...body } });
    expect(await create({ role: 'product' })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/productId' }] },
    });
    expect(await create({ role: 'customer' })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/customerId' }] },
    });
    expect(await create({ role: 'admin', productId })).toMatchObject({ status: 422 });
    expect(await create({ role: 'product', productId: 'nobody' })).toMatchObject({
      status: 422,
      body: { code: 'unknown-product' },
    });
    expect(await create({ role: 'customer', customerId })).toMatchObject({ status: 201 });
  });

  it('cannot revoke themselves', async () => {
    const { key, id } = await api.must('POST', '/v1/api-keys', { name: 'k', role: 'admin' });
    expect(await api.call('DELETE', `/v1/api-keys/${id}`, { key })).toMatchObject({
      status: 409,
      body: { code: 'own-credential' },
    });
  });

  it('of a viewer with a product show that product only', async () => {
    const [a, b] = [await tenant(), await tenant()];
    const { key } = await api.must('POST', '/v1/api-keys', { name: 'k', role: 'viewer', productId: a.productId });
    expect((await api.must('GET', '/v1/products', undefined, key)).items.map(({ id }: { id: string }) => id)).toEqual([
      a.productId,
    ]);
    expect(await api.call('GET', `/v1/customers/${b.customerId}`, { key })).toMatchObject({ status: 404 });
  });
});

describe('Idempotency-Key', () => {
  const create = (key: string, body: object) =>
    api.call('POST', '/v1/customers', { body, headers: { 'idempotency-key': key } });

  it('gives the first answer for the same key and body, and a conflict for another body', async () => {
    const key = unique('key');
    const first = await create(key, { name: 'C' });
    expect(first.status).toBe(201);
    const second = await create(key, { name: 'C' });
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect(await create(key, { name: 'D' })).toMatchObject({ status: 409, body: { code: 'idempotency-key-conflict' } });
  });

  it('makes one of many calls at the same moment', async () => {
    const key = unique('key');
    const answers = await Promise.all(Array.from({ length: 6 }, () => create(key, { name: 'C' })));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201, 201]);
  });

  it('is free again after a call that failed', async () => {
    const key = unique('key');
    expect(await create(key, { name: '' })).toMatchObject({ status: 422 });
    expect(await create(key, { name: 'C' })).toMatchObject({ status: 201 });
  });

  it('belongs to its caller, and holds for 24 hours', async () => {
    const key = unique('key');
    const first = await create(key, { name: 'C' });
    const { key: other } = await api.must('POST', '/v1/api-keys', { name: 'k', role: 'admin' });
    const ofOther = await api.call('POST', '/v1/customers', {
      key: other,
      body: { name: 'C' },
      headers: { 'idempotency-key': key },
    });
    expect(ofOther.body.id).not.toBe(first.body.id);
    await api.database.db.query({
      text: "update idempotency_keys set created_at = created_at - interval '25 hours' where key = $1",
      values: [key],
    });
    expect((await create(key, { name: 'C' })).body.id).not.toBe(first.body.id);
  });

  it('keeps a secret that was answered sealed', async () => {
    const { customerId } = await tenant();
    const key = unique('key');
    const body = settings({ customerId, secret: 'a-secret-in-an-answer' });
    const first = await api.call('POST', '/v1/subscriptions', { body, headers: { 'idempotency-key': key } });
    const again = await api.call('POST', '/v1/subscriptions', { body, headers: { 'idempotency-key': key } });
    expect(again.body).toEqual(first.body);
    expect(again.body.secret).toBe('a-secret-in-an-answer');
    const { rows } = await api.database.db.query<{ answer: Buffer }>({
      text: 'select answer from idempotency_keys where key = $1',
      values: [key],
    });
    expect(rows[0]!.answer.toString('latin1')).not.toContain('a-secret-in-an-answer');
  });

  it('of a bad length is refused', async () => {
    expect(await create('x'.repeat(300), { name: 'C' })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'header/idempotency-key' }] },
    });
  });
});

it('lists page through without gaps or repeats', async () => {
  const { key, customerId } = await tenant();
  const made: string[] = [];
  for (let i = 0; i < 7; i++)
    made.unshift((await api.must('POST', '/v1/subscriptions', settings({ customerId }), key)).id);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: { id: string }[]; nextCursor: string | null } = await api.must(
      'GET',
      `/v1/subscriptions?limit=3${cursor ? `&cursor=${cursor}` : ''}`,
      undefined,
      key,
    );
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor);
  expect(seen).toEqual(made);
});
