import type { Role } from '../../domain/types';

/** Who may read what belongs to a product. */
export const READERS = ['admin', 'product', 'viewer'] as const satisfies readonly Role[];
/** Who may change it. */
export const WRITERS = ['admin', 'product'] as const satisfies readonly Role[];
/** The same for what belongs to one customer, who sees and keeps their own. */
export const CUSTOMER_READERS = [...READERS, 'customer'] as const satisfies readonly Role[];
export const CUSTOMER_WRITERS = [...WRITERS, 'customer'] as const satisfies readonly Role[];
