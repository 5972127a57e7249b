import { useChoices } from '../../../api/queries';
import type { EventType, Subscription } from '../../../api/types';
import { useCustomerQuery } from '../../shared/use-customer';
import { receives } from './event-types';

/**
 * Returns the catalog's types that an endpoint receives. Types it names come before types a pattern
 * matches, which is the order in which the API chooses one to trigger.
 */
export function useReceivedTypes(
  subscription: Pick<Subscription, 'customerId' | 'productId' | 'eventTypes'>,
): EventType[] {
  const customer = useCustomerQuery(subscription.customerId);
  const productId = subscription.productId ?? customer.data?.productId;
  // Without the customer, these would be the types of every product, and then change.
  const isKnown = subscription.productId !== null || !customer.isLoading;
  const all = useChoices<EventType>('/v1/event-types', { productId, archived: 'false' }, isKnown);
  return all
    .filter(({ name }) => receives(subscription.eventTypes, name))
    .sort(
      (one, other) =>
        Number(subscription.eventTypes.includes(other.name)) - Number(subscription.eventTypes.includes(one.name)) ||
        one.name.localeCompare(other.name),
    );
}
