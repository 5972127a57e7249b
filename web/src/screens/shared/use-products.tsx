import { useChoices } from '../../api/queries';
import type { Product } from '../../api/types';

/** The product of Signpost's own events. Endpoints subscribe to it, but nobody posts to it. */
const OWN_PRODUCT = 'signpost';

/** The name of a product, or its ID if it is not among those that were read. */
export function ProductName({ products, id }: { products: readonly Product[]; id: string }) {
  return <span title={id}>{products.find((product) => product.id === id)?.name ?? id}</span>;
}

/** Returns the segments of products, sorted. */
export function segmentsOf(products: readonly Product[]): string[] {
  return [...new Set(products.flatMap(({ segment }) => segment ?? []))].sort();
}

/** Returns all products except Signpost's own. */
export function useProducts(): Product[] {
  return useChoices<Product>('/v1/products').filter(({ id }) => id !== OWN_PRODUCT);
}
