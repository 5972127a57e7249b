import type { Role } from '../../domain/types';

/** Roles that may read objects of a product. */
export const READERS = ['admin', 'product', 'viewer'] as const satisfies readonly Role[];
/** Roles that may change them. */
export const WRITERS = ['admin', 'product'] as const satisfies readonly Role[];
/** Roles that may post events. A `producer` may do nothing else. */
export const PRODUCERS = [...WRITERS, 'producer'] as const satisfies readonly Role[];
/** The same for objects of one customer, who may read and change their own. */
export const CUSTOMER_READERS = [...READERS, 'customer'] as const satisfies readonly Role[];
export const CUSTOMER_WRITERS = [...WRITERS, 'customer'] as const satisfies readonly Role[];
