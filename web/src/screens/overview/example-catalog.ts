import { api, at } from '../../api/client';

const PRODUCT = { id: 'example', name: 'Example shop', enabled: true };
const amount = { type: 'string', pattern: '^[0-9]+\\.[0-9]{2}$' };
const EVENT_TYPES = [
  {
    name: 'order.created.v1',
    description: 'A customer placed an order.',
    schema: {
      type: 'object',
      properties: { orderId: { type: 'string' }, amount, currency: { type: 'string' } },
      required: ['orderId', 'amount', 'currency'],
    },
    sample: { orderId: 'A-1001', amount: '125.50', currency: 'EUR' },
  },
  {
    name: 'order.shipped.v1',
    description: 'An order left the warehouse.',
    schema: {
      type: 'object',
      properties: { orderId: { type: 'string' }, carrier: { type: 'string' } },
      required: ['orderId'],
    },
    sample: { orderId: 'A-1001', carrier: 'DHL' },
  },
];

/** Creates a product with event types to try Signpost out. */
export async function loadExampleCatalog(): Promise<void> {
  await api.post('/v1/products', PRODUCT);
  for (const { name, ...type } of EVENT_TYPES)
    await api.put(at`/v1/event-types/${name}`, { productId: PRODUCT.id, ...type });
}
