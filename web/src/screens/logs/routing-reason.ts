import { t } from '@lingui/core/macro';
import type { RoutedSubscription } from '../../api/types';

/** How many types or channels a reason names. */
const NAMED = 4;

function some(names: readonly string[]): string {
  const more = names.length - NAMED;
  const named = names.slice(0, NAMED).join(', ');
  return more > 0 ? t`${named} and ${more} more` : named;
}

/** Says why an endpoint did not get an event. The endpoint is compared as it is now. */
export function routingReason(
  { result, eventTypes, channels, missingCapabilities }: RoutedSubscription,
  event: { type: string; channels: readonly string[] },
): string {
  switch (result) {
    case 'created-later':
      return t`Created after this event.`;
    case 'product':
      return t`Listens to another product.`;
    case 'event-type':
      return t`Not subscribed to this type. Listens to ${some(eventTypes)}.`;
    case 'channels':
      return event.channels.length > 0
        ? t`Channel does not match. Needs ${some(channels)}; the event has ${some(event.channels)}.`
        : t`Channel does not match. Needs ${some(channels)}; the event has no channel.`;
    case 'capability':
      return t`The customer lacks a capability of this type: ${some(missingCapabilities)}.`;
    case 'changed-later':
      return t`Matches now, but did not when the event arrived.`;
    default:
      return '';
  }
}
