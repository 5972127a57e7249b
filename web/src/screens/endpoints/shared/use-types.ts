import { useChoices, useRead } from '../../../api/queries';
import type { Customer, EventType, Subscription } from '../../../api/types';
import { receives } from './event-types';

/** A customer, once one is chosen. */
export function useCustomer(id: string): Customer | undefined {
  return useRead<Customer>(
    `/v1/customers/${encodeURIComponent(id)}`,
    {},
    { enabled: id !== '', retry: false, placeholderData: undefined },
  ).data;
}

/** The types of the catalog that an endpoint gets, those that it names first: so does the API choose one to trigger. */
export function useTypesOf(subscription: Pick<Subscription, 'customerId' | 'productId' | 'eventTypes'>): EventType[] {
  const customer = useCustomer(subscription.customerId);
  const productId = subscription.productId ?? customer?.productId;
  const all = useChoices<EventType>('/v1/event-types', { productId, archived: 'false' });
  return all
    .filter(({ name }) => receives(subscription.eventTypes, name))
    .sort(
      (one, other) =>
        Number(subscription.eventTypes.includes(other.name)) - Number(subscription.eventTypes.includes(one.name)) ||
        one.name.localeCompare(other.name),
    );
}
