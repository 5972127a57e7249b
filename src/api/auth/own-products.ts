import { Problem } from '../../domain/problems';
import type { Principal, Scope } from '../../domain/types';
import { findProductsOfSegment } from '../../store/catalog/products';
import type { Executor } from '../../store/db/database';

/** A credential, with what limits it to products. */
type Owner = Pick<Principal, 'productId' | 'segment'>;

/** The products that a credential is limited to; undefined if it is not limited to any. */
export function productsOf({ productId, segment }: Owner): readonly string[] | undefined {
  if (segment) return segment.productIds;
  return productId === null ? undefined : [productId];
}

/**
 * Whether a credential may use what belongs to a product.
 *
 * @param productId - null: it belongs to all products, so a limited credential may not use it
 */
export function mayUse(owner: Owner, productId: string | null): boolean {
  const limits = productsOf(owner);
  return !limits || (productId !== null && limits.includes(productId));
}

/**
 * The product that a request writes to: the one it names, or the only one of the credential.
 *
 * @param path - pointer to the product in the request
 * @returns null if the credential is not limited to products and the request names none
 * @throws Problem unknown-product if the credential may not use it; validation-failed if the
 *   credential has a segment and the request names no product
 */
export function productOfWrite(owner: Owner, given: string | null | undefined, path: string): string | null {
  const productId = owner.productId ?? given ?? null;
  if (productId === null && owner.segment) {
    const detail = 'A credential of a segment has no product of its own. Name a product of the segment.';
    throw new Problem('validation-failed', detail, {
      errors: [{ path, message: 'is required of a credential of a segment' }],
    });
  }
  if (productId === null || ((given ?? productId) === productId && mayUse(owner, productId))) return productId;
  throw unknownProduct(path);
}

/** The problem of a product that does not exist, or that the credential may not use. */
export function unknownProduct(path: string): Problem {
  return new Problem('unknown-product', 'The product does not exist or is not yours.', {
    errors: [{ path, message: 'does not exist or is not yours' }],
  });
}

/** The products that the filters of a list name; undefined for any. */
export async function productsOfFilter(
  db: Executor,
  { productId, segment }: { productId?: string; segment?: string },
): Promise<readonly string[] | undefined> {
  if (segment === undefined) return productId === undefined ? undefined : [productId];
  const inSegment = await findProductsOfSegment(db, segment);
  return productId === undefined ? inSegment : inSegment.filter((id) => id === productId);
}

/** Narrows a scope to the products of a segment, if a list is filtered by one. */
export async function withinSegment(db: Executor, scope: Scope, segment: string | undefined): Promise<Scope> {
  if (segment === undefined) return scope;
  const inSegment = await findProductsOfSegment(db, segment);
  const { productIds } = scope;
  return { ...scope, productIds: productIds ? inSegment.filter((id) => productIds.includes(id)) : inSegment };
}
