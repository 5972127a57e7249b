import { changesOf } from '../../domain/audit';
import { Problem } from '../../domain/problems';
import type { Customer } from '../../domain/types';
import { updateCustomer } from '../../store/catalog/customers';
import { markRescheduling } from '../../store/subscriptions/rescheduling';
import type { Context } from '../http/route';
import type { Settlement } from '../ports';
import { DEFAULT_CUSTOMER_PREFIX } from '../schemas/schemas';
import { CUSTOMER_FIELDS, refuseAudienceOfNone } from './new-customer';

type Change = Partial<Pick<Customer, (typeof CUSTOMER_FIELDS)[number]>>;

/** Whether a change would change anything. */
export function isCustomerChange(before: Customer, change: Change): boolean {
  return Object.keys(changesOf(before, { ...before, ...change }, CUSTOMER_FIELDS)).length > 0;
}

/**
 * Changes a customer that the caller has locked, and writes it to the audit log. A change to what
 * the customer is already does nothing. A new retry schedule also plans waiting notifications
 * again.
 */
export async function changeCustomer(
  { db, audit, afterCommit, requireFeature }: Pick<Context, 'db' | 'audit' | 'afterCommit' | 'requireFeature'>,
  settlement: Pick<Settlement, 'start'>,
  before: Customer,
  change: Change,
  where = '',
): Promise<Customer> {
  refuseAudienceOfNone(change.audience, before.productId, where);
  refuseDeafDefault(before, change, where);
  const after = { ...before, ...change };
  const changes = changesOf(before, after, CUSTOMER_FIELDS);
  if (Object.keys(changes).length === 0) return before;
  if (changes.audience && after.audience === 'product') requireFeature('product-audience');
  await audit('customer.change', before.id, { customerId: before.id, productId: before.productId, changes });
  const changed = await updateCustomer(db, after);
  if (changes.retrySchedule) {
    const marked = await markRescheduling(db, { customerId: before.id });
    if (marked.length > 0) afterCommit(() => settlement.start(marked));
  }
  return changed;
}

/** @throws Problem validation-failed if a default customer would not get its product's events */
function refuseDeafDefault(before: Customer, change: Change, where: string): void {
  if (change.audience !== 'self' || before.audience === 'self') return;
  if (!before.id.startsWith(DEFAULT_CUSTOMER_PREFIX)) return;
  throw new Problem(
    'validation-failed',
    "The webhooks of a default customer get the product's events for every customer.",
    { errors: [{ path: `${where}/audience`, message: 'expected product, because it is a default customer' }] },
  );
}
