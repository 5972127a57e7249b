import { Problem } from '../../domain/problems';
import type { Customer } from '../../domain/types';
import { findProduct } from '../../store/catalog/products';
import { productOfWrite } from '../auth/own-products';
import type { Context } from '../http/route';

/**
 * The product whose events a new subscription gets.
 *
 * @param given - as in the request
 * @param path - pointer to it
 * @returns null: every product that the customer belongs to
 * @throws Problem unknown-product
 */
export async function productOf(
  { db, principal }: Pick<Context, 'db' | 'principal'>,
  customer: Customer,
  given: string | null | undefined,
  path = '/productId',
): Promise<string | null> {
  const productId = productOfWrite(principal, given ?? (principal.segment && customer.productId), path);
  if (productId === null) return null;
  const isAllowed = (customer.productId ?? productId) === productId;
  if (isAllowed && (await findProduct(db, productId))) return productId;
  throw new Problem('unknown-product', 'The product does not exist or is not a product of this customer.', {
    errors: [{ path, message: 'is not a product of this customer' }],
  });
}
