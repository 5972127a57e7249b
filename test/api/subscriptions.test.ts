import { startTestApi, type TestApi } from '../support/api';
import { startReceiver } from '../support/receiver';
import { makeTenant, settings } from '../support/tenant';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const tenant = () => makeTenant(api);

describe('subscriptions', () => {
  it('a new subscription returns its secret once, with defaults for absent fields', async () => {
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
    ['rateLimitPerSecond', 1e-300],
    ['rateLimitPerSecond', 1 / 86_401],
    ['rateLimitPerSecond', 1000.1],
    ['retrySchedule', [1, 2, 3, 4, 5, 6]],
    ['secret', ''],
    ['secret', 'whsec_dG9vIHNob3J0'],
    ['name', ''],
    ['method', 'DELETE'],
    ['channels', ['']],
  ])('refuses a subscription with %s %j, with a pointer to it', async (field, value) => {
    const { key, customerId } = await tenant();
    const { status, body } = await api.call('POST', '/v1/subscriptions', {
      key,
      body: settings({ customerId, [field]: value }),
    });
    expect(status).toBe(422);
    expect(body.errors[0].path).toMatch(new RegExp(`^/${field}`));
  });

  it('a subscription names event types of the catalog, while patterns may precede them', async () => {
    const [a, b] = [await tenant(), await tenant()];
    const create = (eventTypes: string[]) =>
      api.call('POST', '/v1/subscriptions', { key: a.key, body: settings({ customerId: a.customerId, eventTypes }) });
    expect(await create([a.eventType])).toMatchObject({ status: 201 });
    expect(await create(['future.*'])).toMatchObject({ status: 201 });
    for (const unknown of ['misspelt.v1', b.eventType])
      expect(await create([unknown])).toMatchObject({ status: 422, body: { code: 'unknown-event-type' } });
  });

  it('a subscription name is unique for its customer', async () => {
    const { key, customerId } = await tenant();
    const body = settings({ customerId });
    await api.must('POST', '/v1/subscriptions', body, key);
    expect(await api.call('POST', '/v1/subscriptions', { key, body })).toMatchObject({
      status: 409,
      body: { code: 'already-exists', errors: [{ path: '/name' }] },
    });
  });

  it('PUT of all subscriptions creates, changes and removes them by name, with a secret for new ones', async () => {
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
    // The name of a removed subscription can be used again, by a new subscription.
    expect((await put([settings({ name: 'b' })]))[0].id).not.toBe(first[1].id);
    expect(await put([])).toEqual([]);
  });

  it('PUT of all subscriptions changes all or nothing', async () => {
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

  it('a subscription is visible to its product only', async () => {
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
    // A name in use by the other product is free here, so it reveals nothing.
    const sameName = settings({ customerId: shared.id, name: ofA.name });
    expect(await api.call('POST', '/v1/subscriptions', { key: b.key, body: sameName })).toMatchObject({ status: 201 });
    // Setting up a shared customer removes only one's own subscriptions.
    await api.must('PUT', `/v1/customers/${shared.id}/subscriptions`, { subscriptions: [] }, b.key);
    expect(await api.must('GET', `/v1/subscriptions/${ofA.id}`, undefined, a.key)).toMatchObject({ id: ofA.id });
  });

  it('a subscription is disabled and enabled, and a changed URL must be verified again', async () => {
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

  it('a failed challenge explains the reason', async () => {
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
  it('a secret can be given, revealed (with an audit entry) and rotated with an overlap', async () => {
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

  it('secrets are encrypted in the database', async () => {
    const { key, customerId } = await tenant();
    await api.must('POST', '/v1/subscriptions', settings({ customerId, secret: 'a-very-plain-secret' }), key);
    const { rows } = await api.database.db.query<{ ciphertext: Buffer }>({
      text: 'select ciphertext from subscription_secrets',
    });
    for (const { ciphertext } of rows) expect(ciphertext.toString('latin1')).not.toContain('a-very-plain-secret');
  });
});

it('lists page through all subscriptions without gaps or repeats', async () => {
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
