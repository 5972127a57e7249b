import { notFound } from '../../domain/problems';
import { type Subscription } from '../../domain/types';
import { findSubscription, lockSubscription } from '../../store/subscriptions/subscriptions';
import { scopeOf } from '../auth/auth';
import { type Context } from '../http/route';

/**
 * Finds the subscription of a route's `:id`.
 *
 * @throws Problem not-found if there is none in the caller's scope
 */
export async function subscriptionOf(
  { db, principal }: Pick<Context, 'db' | 'principal'>,
  id: string,
): Promise<Subscription> {
  const subscription = await findSubscription(db, id, scopeOf(principal));
  if (!subscription) throw notFound('subscription');
  return subscription;
}

/**
 * Finds the subscription of a route's `:id` and locks it until the end of the transaction, for
 * calls that change it.
 *
 * @throws Problem not-found if there is none in the caller's scope
 */
export async function lockedSubscriptionOf(
  { db, principal }: Pick<Context, 'db' | 'principal'>,
  id: string,
): Promise<Subscription> {
  const subscription = await lockSubscription(db, id, scopeOf(principal));
  if (!subscription) throw notFound('subscription');
  return subscription;
}
