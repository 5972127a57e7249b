import { loggedPath } from '../../../src/api/http/logged-path';

it.each([
  ['/v1/customers/jane.doe@example', '/v1/customers/:id'],
  ['/v1/customers/jane/subscriptions', '/v1/customers/:id/subscriptions'],
  ['/v1/events/order-of-jane', '/v1/events/:id'],
  ['/v1/events/batch', '/v1/events/batch'],
  ['/v1/events/batches', '/v1/events/:id'],
  ['/v1/customers', '/v1/customers'],
  ['/v1/subscriptions/sub_1', '/v1/subscriptions/sub_1'],
])('the path %s is logged as %s', (path, logged) => {
  expect(loggedPath(path)).toBe(logged);
});
