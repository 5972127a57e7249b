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

/**
 * The priority of workflows that settle, recover or erase, and of their activities. They go before
 * deliveries, whose priority is 3. Tenants take turns: one with many subscriptions has as many
 * settlements.
 *
 * @param tenantId - undefined: it takes its turn with all others whose tenant is unknown
 */
export function controlPriority(tenantId: string | undefined): { priorityKey: number; fairnessKey?: string } {
  return { priorityKey: 1, ...(tenantId !== undefined && { fairnessKey: fairnessKey(tenantId) }) };
}

/** Who pays for a request: the customer of its credential, its product, or else the credential. */
export function tenantOf({ id, customerId, productId }: Principal): string {
  return customerId ?? productId ?? id;
}
