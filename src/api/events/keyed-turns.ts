import type { Principal } from '../../domain/types';
import { Turns } from '../limits/turns';

/**
 * Transactions of one customer, of the four connections of posts with an `Idempotency-Key`. If they
 * wait for a lock, those of others still find a connection.
 */
const KEYED_AT_ONCE = 2;
const MAX_KEYED_WAITING = 200;

/** The turns of posts with an `Idempotency-Key`. */
export function keyedTurns(): Turns {
  return new Turns(KEYED_AT_ONCE, MAX_KEYED_WAITING);
}

/** The customer of the events if they have one in common, or else the credential. */
export function commonTenantOf({ id }: Pick<Principal, 'id'>, posted: readonly { customerId?: string }[]): string {
  const [first] = posted;
  const isCommon = first?.customerId !== undefined && posted.every(({ customerId }) => customerId === first.customerId);
  return isCommon ? first.customerId! : id;
}
