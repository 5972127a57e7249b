import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { startTestApi, type TestApi } from '../support/api';

/**
 * The catalogs that ship as examples, put into the real API, which validates every sample against
 * its schema.
 */
interface Catalog {
  product: { id: string; name: string };
  eventTypes: { name: string; description: string; schema: object; sample: object }[];
}

const DIRECTORY = path.join(__dirname, '..', '..', 'examples', 'catalogs');
const catalogs: [string, Catalog][] = readdirSync(DIRECTORY)
  .sort()
  .map((file) => [file, parse(readFileSync(path.join(DIRECTORY, file), 'utf8')) as Catalog]);

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

it.each(catalogs)(
  'every event type of the example catalog %s can be created, and its sample posted',
  async (_, { product, eventTypes }) => {
    await api.must('POST', '/v1/products', { ...product, enabled: true });
    const { id: customerId } = await api.must('POST', '/v1/customers', { name: 'C', productId: product.id });
    for (const { name, description, schema, sample } of eventTypes) {
      expect(description).not.toBe('');
      const body = { productId: product.id, description, schema, sample };
      expect(await api.must('PUT', `/v1/event-types/${name}`, body)).toMatchObject({ sample });
      expect(await api.call('POST', '/v1/events', { body: { type: name, customerId, data: sample } })).toMatchObject({
        status: 202,
      });
      expect(await api.call('POST', '/v1/events', { body: { type: name, customerId, data: {} } })).toMatchObject({
        body: { code: 'data-breaks-schema' },
      });
    }
  },
);

it('the example catalogs contain every kind of trigger and the two event codes of a ledger', () => {
  const names = new Map(catalogs.map(([file, { eventTypes }]) => [file, eventTypes.map(({ name }) => name)]));
  const validations = (name: string) => [`${name}.draft_validation`, `${name}.inquiring_validation`];
  expect(names.get('marketplace.yaml')!.sort()).toEqual(
    [
      'listing_requests',
      'billing_requests',
      'fulfillment_requests',
      'tier_account_requests',
      'tier_config_requests',
      'usage_files',
      ...validations('change_requests'),
      ...validations('purchase_requests'),
      ...validations('tier1_config_setup_requests'),
      ...validations('tier1_config_update_requests'),
      ...validations('tier2_config_setup_requests'),
      ...validations('tier2_config_update_requests'),
    ].sort(),
  );
  expect(names.get('ledger.yaml')).toEqual(['ledgerpayment', 'statuschange']);
});
