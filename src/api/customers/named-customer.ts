import { Problem } from '../../domain/problems';
import type { Customer } from '../../domain/types';
import { findCustomer } from '../../store/catalog/customers';
import { scopeOf } from '../auth/auth';
import type { Context } from '../http/route';

/**
 * Finds the customer that a request names.
 *
 * @param where - pointer to the name
 * @throws Problem unknown-customer if the caller's scope has no such customer
 */
export async function namedCustomer(
  { db, principal }: Pick<Context, 'db' | 'principal'>,
  id: string,
  where = '/customerId',
): Promise<Customer> {
  const customer = await findCustomer(db, id, scopeOf(principal));
  if (customer) return customer;
  throw new Problem('unknown-customer', 'The customer does not exist.', {
    errors: [{ path: where, message: 'does not exist' }],
  });
}
