import { useChoices } from '../../api/queries';
import type { EventType, Subscription } from '../../api/types';
import { receives } from './event-types';

/** The types of the catalog that an endpoint gets, those that it names first: so does the API choose one to trigger. */
export function useTypesOf(subscription: Subscription): EventType[] {
  const all = useChoices<EventType>('/v1/event-types', { productId: subscription.productId, archived: 'false' });
  return all
    .filter(({ name }) => receives(subscription.eventTypes, name))
    .sort(
      (one, other) =>
        Number(subscription.eventTypes.includes(other.name)) - Number(subscription.eventTypes.includes(one.name)) ||
        one.name.localeCompare(other.name),
    );
}
