import { z } from 'zod';
import { notFound, Problem } from '../../domain/problems';
import type { Customer, Subscription } from '../../domain/types';
import { findCustomer, lockCustomer } from '../../store/catalog/customers';
import { newSecret } from '../../store/subscriptions/secrets';
import { lockSubscriptionsOf } from '../../store/subscriptions/subscriptions';
import { scopeOf } from '../auth/auth';
import { changeCustomer, isCustomerChange } from '../customers/change-customer';
import { createCustomer, type NewCustomer } from '../customers/new-customer';
import { parseOrThrow, prefixingPointers } from '../http/parse-input';
import type { Context } from '../http/route';
import { DEFAULT_OVERLAP_SECONDS, newCustomerId } from '../schemas/schemas';
import type { ShownSubscription } from './private-settings';
import { productOf } from './product-of';
import type { NewSettings, SubscriptionService } from './subscription-service';
import { asWritten } from './written-settings';

const path = z.object({ id: newCustomerId });

/** A subscription in the list. Its product and secret are kept if they are absent. */
export type ListedSubscription = NewSettings & { productId?: string | null };

/** The names of the subscriptions that a set-up touched. */
export interface SetUpPlan {
  create: string[];
  update: string[];
  remove: string[];
}

/**
 * Makes a customer and its subscriptions equal to a request, in the transaction of the call. What
 * is so already does not change.
 *
 * @returns the subscriptions in the order of the request, and what was done
 */
export async function setUp(
  service: SubscriptionService,
  context: Context,
  customerId: string,
  desired: { customer?: NewCustomer; subscriptions: readonly ListedSubscription[] },
): Promise<{ items: ShownSubscription[]; plan: SetUpPlan }> {
  const customer = await customerFor(service, context, customerId, desired.customer);
  const existing = await lockSubscriptionsOf(context.db, customer.id, scopeOf(context.principal));
  const plan: SetUpPlan = { create: [], update: [], remove: [] };
  for (const one of existing) {
    if (desired.subscriptions.some(({ name }) => name === one.name)) continue;
    await service.remove(context, one);
    plan.remove.push(one.name);
  }
  const items: ShownSubscription[] = [];
  for (const [index, listed] of desired.subscriptions.entries()) {
    const before = existing.find(({ name }) => name === listed.name);
    const written = asWritten(listed, context, 'subscriptions', index);
    const { item, isTouched } = await prefixingPointers(`/subscriptions/${index}`, () =>
      before ? change(service, context, before, customer, written) : create(service, context, customer, written),
    );
    if (isTouched) plan[before ? 'update' : 'create'].push(listed.name);
    items.push(item);
  }
  return { items, plan };
}

interface Done {
  item: ShownSubscription;
  isTouched: boolean;
}

async function create(
  service: SubscriptionService,
  context: Context,
  customer: Customer,
  { productId: given, ...settings }: ListedSubscription,
): Promise<Done> {
  const productId = await productOf(context, customer, given);
  return { item: await service.create(context, customer, productId, settings), isTouched: true };
}

async function change(
  service: SubscriptionService,
  context: Context,
  before: Subscription,
  customer: Customer,
  { productId, secret, ...settings }: ListedSubscription,
): Promise<Done> {
  if (productId !== undefined && productId !== before.productId)
    throw fixed('/productId', `is ${before.productId ?? 'null'}: create another subscription`);
  const { item, isChanged } = await service.change(context, before, customer, settings);
  const isRotated =
    secret !== undefined && (await service.rotateSecret(context, before, newSecret(secret), DEFAULT_OVERLAP_SECONDS));
  return { item, isTouched: isChanged || isRotated };
}

/** Finds the customer, and creates or changes it if the request says what it should be. */
async function customerFor(
  { settlement }: SubscriptionService,
  context: Context,
  id: string,
  desired: NewCustomer | undefined,
): Promise<Customer> {
  const { db, principal } = context;
  const scope = scopeOf(principal);
  const mayCreate = desired !== undefined && principal.role !== 'customer';
  const found = await findCustomer(db, id, scope);
  if (!found && mayCreate) {
    parseOrThrow(path, { id }, 'path');
    const created = await createCustomer(context, id, desired, '/customer');
    if (created) return created;
  }
  // A concurrent call may have created it. The customer of another owner is like none.
  const before = found ?? (await findCustomer(db, id, scope));
  if (!before) throw notFound('customer');
  if (!desired) return before;
  const { productId, ...change } = desired;
  if (productId !== undefined && productId !== before.productId)
    throw fixed('/customer/productId', `is ${before.productId ?? 'null'}`);
  const own = mayCreate ? await lockCustomer(db, id, scope) : undefined;
  if (own) return changeCustomer(context, settlement, own, change, '/customer');
  // A request that changes nothing needs no permission.
  if (isCustomerChange(before, change)) throw foreignCustomer();
  return before;
}

function fixed(path: string, message: string): Problem {
  return new Problem('fixed-after-creation', `${path.slice(1)} cannot change: it ${message}.`, {
    errors: [{ path, message: `cannot change: it ${message}` }],
  });
}

function foreignCustomer(): Problem {
  return new Problem('forbidden', 'This credential may not change the customer. Leave out `customer`.', {
    errors: [{ path: '/customer', message: 'may not be changed by this credential' }],
  });
}
