import { get } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../support/api';

/** Compressed responses, as they are on the connection. */
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.call('POST', '/v1/products', { body: { id: 'long', name: 'Long', enabled: true } });
  for (let index = 0; index < 20; index++)
    await api.call('POST', '/v1/customers', {
      body: { id: `customer-${index}`, name: 'n'.repeat(100), productId: 'long' },
    });
});
afterAll(() => api?.stop());

interface Raw {
  coding: string | undefined;
  vary: string | undefined;
  body: Buffer;
}

/** `fetch` would decompress the body and hide its length. */
function read(path: string, acceptEncoding?: string): Promise<Raw> {
  const headers = { 'x-api-key': ADMIN_KEY, ...(acceptEncoding && { 'accept-encoding': acceptEncoding }) };
  return new Promise((resolve, reject) => {
    get(api.url + path, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          coding: response.headers['content-encoding'],
          vary: response.headers.vary,
          body: Buffer.concat(chunks),
        }),
      );
    }).on('error', reject);
  });
}

it('a long list is compressed for clients that accept gzip, and for no other', async () => {
  const plain = await read('/v1/customers');
  expect([plain.coding, plain.vary]).toEqual([undefined, 'accept-encoding']);
  for (const accepted of ['gzip', 'br, gzip;q=0.5', '*']) {
    const { coding, vary, body } = await read('/v1/customers', accepted);
    expect([accepted, coding, vary]).toEqual([accepted, 'gzip', 'accept-encoding']);
    expect(gunzipSync(body).toString()).toBe(plain.body.toString());
    expect(body.length).toBeLessThan(plain.body.length / 5);
  }
  for (const refused of ['identity', 'br', 'gzip;q=0'])
    expect((await read('/v1/customers', refused)).body.toString()).toBe(plain.body.toString());
});

it('a short response is not compressed', async () => {
  expect((await read('/v1/customers/customer-1', 'gzip')).coding).toBeUndefined();
});

it('a response with a secret is never compressed, and does not vary', async () => {
  const name = 'a'.repeat(200);
  const { body } = await api.call('POST', '/v1/subscriptions', {
    body: { customerId: 'customer-1', name, url: 'https://example.com/hooks', eventTypes: ['*'] },
  });
  for (const path of [`/v1/subscriptions/${body.id}/secret`, '/v1/session']) {
    const { coding, vary } = await read(path, 'gzip');
    expect([path, coding, vary]).toEqual([path, undefined, undefined]);
  }
});
