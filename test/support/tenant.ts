import type { TestApi } from './api';

let counter = 0;
/** A name that no other test of the file uses. */
export const unique = (name: string) => `${name}-${++counter}`;

/** Creates a product with a key, an event type and a customer. */
export async function makeTenant(api: TestApi) {
  const { productId, key } = await api.tenant(unique('product'));
  const eventType = `payment.confirmed-${++counter}.v1`;
  await api.must('PUT', `/v1/event-types/${eventType}`, {}, key);
  const customer = await api.must('POST', '/v1/customers', { name: 'Customer' }, key);
  return { productId, key, eventType, customerId: customer.id as string };
}

/** The required fields of a subscription, with overrides. */
export const settings = (overrides = {}) => ({
  name: unique('subscription'),
  url: 'http://127.0.0.1:1/hook',
  eventTypes: ['*'],
  ...overrides,
});
