import { useChoices } from '../../api/queries';
import type { Product } from '../../api/types';

/** Of what Signpost tells of itself: people subscribe to it, and nobody posts for it. */
const OWN_PRODUCT = 'signpost';

/** The product lines, without Signpost itself. */
export function useProducts(): Product[] {
  return useChoices<Product>('/v1/products').filter(({ id }) => id !== OWN_PRODUCT);
}
