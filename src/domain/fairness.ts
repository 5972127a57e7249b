import { sha256 } from './sha256';
import type { Principal } from './types';

/** Temporal refuses longer keys. */
const MAX_KEY_BYTES = 64;

/**
 * The fairness key of a customer: Temporal lets customers take turns in a backlog. Servers that do
 * not know fairness keys ignore them.
 */
export function fairnessKey(customerId: string): string {
  return customerId.length <= MAX_KEY_BYTES ? customerId : sha256(customerId).toString('hex');
}

/** Settling, recovering and maintaining go before deliveries, whose priority is 3. */
export const CONTROL_PRIORITY = { priorityKey: 1 };

/** Who pays for a request: the customer of its credential, its product, or else the credential. */
export function tenantOf({ id, customerId, productId }: Principal): string {
  return customerId ?? productId ?? id;
}
