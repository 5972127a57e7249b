import type { RoutedSubscription } from '../../api/types';

/** How many types or channels a reason names. */
const NAMED = 4;

function some(names: readonly string[]): string {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Says why an endpoint did not get an event. The endpoint is compared as it is now. */
export function routingReason(
  { result, eventTypes, channels, missingCapabilities }: RoutedSubscription,
  event: { type: string; channels: readonly string[] },
): string {
  switch (result) {
    case 'created-later':
      return 'Created after this event.';
    case 'product':
      return 'Listens to another product.';
    case 'event-type':
      return `Not subscribed to this type. Listens to ${some(eventTypes)}.`;
    case 'channels':
      return `Channel does not match. Needs ${some(channels)}; the event ${
        event.channels.length > 0 ? `has ${some(event.channels)}` : 'has no channel'
      }.`;
    case 'capability':
      return `The customer lacks a capability of this type: ${some(missingCapabilities)}.`;
    case 'changed-later':
      return 'Matches now, but did not when the event arrived.';
    default:
      return '';
  }
}
