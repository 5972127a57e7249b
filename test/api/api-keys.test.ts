import { startTestApi, type TestApi } from '../support/api';
import { makeTenant } from '../support/tenant';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const tenant = () => makeTenant(api);

describe('API keys', () => {
  it('an API key is shown once, works by either header, and is refused after revocation', async () => {
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

  it('an API key needs the product or customer of its role and takes no other', async () => {
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
    expect(await create({ role: 'customer', customerId: 'nobody' })).toMatchObject({
      status: 422,
      body: { code: 'unknown-customer', errors: [{ path: '/customerId' }] },
    });
    expect(await create({ role: 'customer', customerId })).toMatchObject({ status: 201 });
  });

  it('an API key cannot revoke itself', async () => {
    const { key, id } = await api.must('POST', '/v1/api-keys', { name: 'k', role: 'admin' });
    expect(await api.call('DELETE', `/v1/api-keys/${id}`, { key })).toMatchObject({
      status: 409,
      body: { code: 'own-credential' },
    });
  });

  it('a viewer key with a product sees only that product', async () => {
    const [a, b] = [await tenant(), await tenant()];
    const { key } = await api.must('POST', '/v1/api-keys', { name: 'k', role: 'viewer', productId: a.productId });
    expect((await api.must('GET', '/v1/products', undefined, key)).items.map(({ id }: { id: string }) => id)).toEqual([
      a.productId,
    ]);
    expect(await api.call('GET', `/v1/customers/${b.customerId}`, { key })).toMatchObject({ status: 404 });
  });
});
