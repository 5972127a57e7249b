import { startTestApi, type TestApi } from '../support/api';

/**
 * The rules of products, event types and customers at their edges. The usual walk is in
 * test/api/onboarding.
 */
let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

describe('products', () => {
  it('a product has a branding, of which a change keeps the rest', async () => {
    const none = { name: null, logoUrl: null, accentColor: null };
    expect(await api.must('POST', '/v1/products', { id: 'branded', name: 'P' })).toMatchObject({ branding: none });
    const logoUrl = `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')}`;
    const change = { name: ' Acme Pay ', logoUrl, accentColor: '#0A5C3B' };
    const branding = { name: 'Acme Pay', logoUrl, accentColor: '#0a5c3b' };
    expect(await api.must('PATCH', '/v1/products/branded', { branding: change })).toMatchObject({ branding });
    const { modifiedAt } = await api.must('PATCH', '/v1/products/branded', { branding: {} });
    expect(await api.must('PATCH', '/v1/products/branded', { branding: change })).toMatchObject({ modifiedAt });
    expect(await api.must('PATCH', '/v1/products/branded', { branding: { logoUrl: null } })).toMatchObject({
      branding: { ...branding, logoUrl: null },
    });
    const { items } = await api.must('GET', '/v1/audit?action=product.change');
    expect(items[0].changes.branding).toEqual({ from: branding, to: { ...branding, logoUrl: null } });
  });

  it.each([
    [{ logoUrl: 'http://acme.example/logo.png' }, '/branding/logoUrl'],
    [{ logoUrl: 'javascript:alert(1)' }, '/branding/logoUrl'],
    [{ logoUrl: 'https://user:password@acme.example/logo.png' }, '/branding/logoUrl'],
    [{ logoUrl: 'data:text/html;base64,PGI+' }, '/branding/logoUrl'],
    [{ logoUrl: 'data:image/svg+xml,<svg/>' }, '/branding/logoUrl'],
    [{ logoUrl: `data:image/png;base64,${'A'.repeat(8192)}` }, '/branding/logoUrl'],
    [{ accentColor: 'red' }, '/branding/accentColor'],
    [{ accentColor: '#abc' }, '/branding/accentColor'],
    // 4.48:1 with white, just below what WCAG asks.
    [{ accentColor: '#777777' }, '/branding/accentColor'],
    [{ name: ' ' }, '/branding/name'],
    [{ color: '#000000' }, '/branding/color'],
  ])('a product refuses the branding %j with a pointer', async (branding, path) => {
    const refused = await api.call('POST', '/v1/products', { body: { name: 'P', branding } });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ path }] } });
  });

  it('a product takes an accent colour with a contrast of 4.5:1 with white', async () => {
    const branding = { accentColor: '#767676' };
    expect((await api.call('POST', '/v1/products', { body: { name: 'P', branding } })).status).toBe(201);
  });

  it('products are grouped by segment, and listed by it', async () => {
    for (const [id, segment] of [
      ['seg-a', 'Payments & Cash'],
      ['seg-b', 'Payments & Cash'],
      ['seg-c', 'Claims'],
    ])
      await api.must('POST', '/v1/products', { id, name: id, segment });
    const ids = async (segment: string) =>
      (await api.must('GET', `/v1/products?segment=${encodeURIComponent(segment)}`)).items.map(
        (item: { id: string }) => item.id,
      );
    expect(await ids('Payments & Cash')).toEqual(['seg-b', 'seg-a']);
    expect(await ids('Payments')).toEqual([]);
    await api.must('PATCH', '/v1/products/seg-b', { segment: 'Claims' });
    expect(await ids('Claims')).toEqual(['seg-c', 'seg-b']);
    expect(await api.must('PATCH', '/v1/products/seg-b', { segment: null })).toMatchObject({ segment: null });
    expect(await ids('Claims')).toEqual(['seg-c']);
    for (const segment of ['', 'x'.repeat(129), 'a\u0000b'])
      expect(await api.call('POST', '/v1/products', { body: { name: 'P', segment } })).toMatchObject({
        status: 422,
        body: { errors: [{ path: '/segment' }] },
      });
    expect((await api.call('GET', '/v1/products?segment=')).status).toBe(422);
  });

  it('a product may be created with a given id, which must be unique', async () => {
    expect(await api.must('POST', '/v1/products', { id: 'own:id', name: 'A' })).toMatchObject({ id: 'own:id' });
    expect(await api.call('POST', '/v1/products', { body: { id: 'own:id', name: 'B' } })).toMatchObject({
      status: 409,
      body: { code: 'already-exists', errors: [{ path: '/id' }] },
    });
    expect(await api.must('GET', '/v1/products/own:id')).toMatchObject({ name: 'A' });
  });

  it('PATCH of a product changes only the given fields', async () => {
    const { id } = await api.must('POST', '/v1/products', { name: 'Before', enabled: true });
    await api.must('PATCH', `/v1/products/${id}`, { name: 'After' });
    await api.must('PATCH', `/v1/products/${id}`, { requireVerification: true });
    expect(await api.must('GET', `/v1/products/${id}`)).toMatchObject({
      name: 'After',
      enabled: true,
      requireVerification: true,
    });
  });
});

describe('event types', () => {
  const schema = {
    type: 'object',
    properties: { amount: { type: 'number' }, currency: { type: 'string', enum: ['EUR', 'USD'] } },
    required: ['amount'],
    additionalProperties: false,
  };
  let tenant: { productId: string; key: string };

  beforeAll(async () => {
    tenant = await api.tenant('types');
  });

  it('the first PUT creates an event type and the next one changes it', async () => {
    const path = '/v1/event-types/type.put.v1';
    const created = await api.call('PUT', path, { key: tenant.key, body: { description: 'first' } });
    expect(created).toMatchObject({
      status: 201,
      body: {
        name: 'type.put.v1',
        productId: tenant.productId,
        description: 'first',
        schema: null,
        sample: null,
        archived: false,
      },
    });
    const changed = await api.call('PUT', path, {
      key: tenant.key,
      body: { description: 'second', schema, sample: { amount: 1 } },
    });
    expect(changed).toMatchObject({
      status: 200,
      body: { description: 'second', schema, sample: { amount: 1 }, createdAt: created.body.createdAt },
    });
    expect(await api.must('GET', path)).toEqual(changed.body);
  });

  it('requires productId of an admin who writes an event type', async () => {
    expect(await api.call('PUT', '/v1/event-types/type.of-nobody.v1', { body: {} })).toMatchObject({
      status: 422,
      body: {
        code: 'validation-failed',
        detail: 'An admin credential has no product of its own. Send `productId`.',
        errors: [{ path: '/productId', message: 'is required for an admin' }],
      },
    });
  });

  it('refuses an event type of an unknown product', async () => {
    expect(
      await api.call('PUT', '/v1/event-types/type.of-nobody.v1', { body: { productId: 'nothing' } }),
    ).toMatchObject({ status: 422, body: { code: 'unknown-product' } });
  });

  it('an event type without a sample gets one generated from its schema', async () => {
    const { sample } = await api.must('PUT', '/v1/event-types/type.generated.v1', { schema }, tenant.key);
    expect(typeof sample.amount).toBe('number');
    expect(await api.call('POST', '/v1/events', { body: { type: 'type.generated.v1', data: sample } })).toMatchObject({
      status: 202,
    });
  });

  it('an event type may use a schema of draft 07, named by $schema', async () => {
    const draft07 = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      properties: { pair: { type: 'array', items: [{ type: 'number' }, { type: 'string' }] } },
    };
    await api.must('PUT', '/v1/event-types/type.draft07.v1', { schema: draft07 }, tenant.key);
    const post = (pair: unknown[]) =>
      api.call('POST', '/v1/events', { key: tenant.key, body: { type: 'type.draft07.v1', data: { pair } } });
    expect(await post([1, 'a'])).toMatchObject({ status: 202 });
    expect(await post([1, 2])).toMatchObject({ status: 422, body: { errors: [{ path: '/data/pair/1' }] } });
  });

  it.each(['.a', 'a.', 'a..b', 'a b', 'a*', 'ä', 'a'.repeat(129)])('refuses the event type name %s', async (name) => {
    expect(
      await api.call('PUT', `/v1/event-types/${encodeURIComponent(name)}`, { key: tenant.key, body: {} }),
    ).toMatchObject({ status: 422, body: { code: 'validation-failed', errors: [{ path: 'path/name' }] } });
  });
});

describe('customers', () => {
  it('a customer may have five retries that add up to a day', async () => {
    const longest = [1, 1, 1, 1, 86_396];
    const { id } = await api.must('POST', '/v1/customers', { name: 'C', retrySchedule: longest });
    expect(await api.must('GET', `/v1/customers/${id}`)).toMatchObject({ retrySchedule: longest });
  });

  it.each([
    ['six retries', [1, 1, 1, 1, 1, 1]],
    ['a second more than a day', [86_400, 1]],
    ['a wait of zero', [0]],
    ['a negative wait', [-30]],
    ['a fractional wait', [1.5]],
    ['a wait that is not a number', ['30']],
  ])('refuses a retry schedule with %s for a customer', async (_, retrySchedule) => {
    const refusal = {
      status: 422,
      body: {
        code: 'validation-failed',
        errors: [{ path: expect.stringMatching(/^\/retrySchedule/), message: expect.any(String) }],
      },
    };
    expect(
      await api.call('POST', '/v1/customers', { body: { id: 'refused', name: 'C', retrySchedule } }),
    ).toMatchObject(refusal);
    expect(await api.call('GET', '/v1/customers/refused')).toMatchObject({ status: 404 });
    const { id } = await api.must('POST', '/v1/customers', { name: 'C' });
    expect(await api.call('PATCH', `/v1/customers/${id}`, { body: { retrySchedule } })).toMatchObject(refusal);
  });

  it('a customer may be created with an id of 1 to 128 safe characters, which must be unique', async () => {
    const id = `Customer_1.a:b-${'x'.repeat(113)}`;
    expect(await api.must('POST', '/v1/customers', { id, name: 'C' })).toMatchObject({ id });
    expect(await api.call('POST', '/v1/customers', { body: { id, name: 'D' } })).toMatchObject({
      status: 409,
      body: { code: 'already-exists', errors: [{ path: '/id' }] },
    });
    for (const bad of ['', `${id}x`, 'a b', 'a/b', 'é']) {
      expect(await api.call('POST', '/v1/customers', { body: { id: bad, name: 'C' } })).toMatchObject({
        status: 422,
        body: { errors: [{ path: '/id' }] },
      });
    }
  });

  it('PATCH of a customer changes only the given fields', async () => {
    const { id } = await api.must('POST', '/v1/customers', { name: 'Before', retrySchedule: [5] });
    expect(await api.must('PATCH', `/v1/customers/${id}`, { name: 'After' })).toMatchObject({
      name: 'After',
      retrySchedule: [5],
    });
  });
});
