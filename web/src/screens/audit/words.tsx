import { Link } from 'react-router';
import type { AuditEntry } from '../../api/types';

/** As the API names them. */
const WORDS: Record<string, string> = {
  'product.create': 'Made a product',
  'product.change': 'Changed a product',
  'event-type.create': 'Made an event type',
  'event-type.change': 'Changed an event type',
  'event-type.archive': 'Archived an event type',
  'customer.create': 'Made a customer',
  'customer.change': 'Changed a customer',
  'subscription.create': 'Made an endpoint',
  'subscription.change': 'Changed an endpoint',
  'subscription.delete': 'Deleted an endpoint',
  'subscription.enable': 'Enabled an endpoint',
  'subscription.disable': 'Disabled an endpoint',
  'subscription.challenge': 'Ran a challenge',
  'subscription.trigger': 'Triggered an endpoint',
  'secret.reveal': 'Looked at a secret',
  'secret.rotate': 'Rotated a secret',
  'secret.link': 'Made a link to a secret',
  'secret.link-open': 'Opened a link to a secret',
  'notification.retry': 'Retried a notification',
  'notification.cancel': 'Cancelled a notification',
  'recovery.start': 'Started a recovery',
  'recovery.cancel': 'Cancelled a recovery',
  'allowlist.create': 'Added to the allow-list',
  'allowlist.approved': 'Approved a URL',
  'allowlist.rejected': 'Rejected a URL',
  'allowlist.delete': 'Took a URL off the list',
  'api-key.create': 'Made an API key',
  'api-key.revoke': 'Revoked an API key',
  'oauth-client.create': 'Made an OAuth client',
  'oauth-client.revoke': 'Revoked an OAuth client',
  'portal-session.create': 'Opened a portal',
  'service-definition.create': 'Made a service definition',
  'service-definition.change': 'Changed a service definition',
  'service-definition.delete': 'Deleted a service definition',
};

export const ACTIONS = Object.entries(WORDS).map(([value, text]) => ({ value, text }));

/** An action in words. */
export const sayAction = (action: string): string => WORDS[action] ?? action;

const PLACES: Record<string, (id: string) => string> = {
  subscription: (id) => `/endpoints/${id}`,
  secret: (id) => `/endpoints/${id}`,
  notification: (id) => `/logs?open=${id}`,
  customer: (id) => `/customers/${id}`,
  'portal-session': (id) => `/customers/${id}`,
  'event-type': (id) => `/catalog/${id}`,
  'service-definition': (id) => `/catalog/${id}`,
};

/** What was acted on, with a link where there is a screen for it. */
export function ObjectLink({ entry: { action, object } }: { entry: AuditEntry }) {
  const place = PLACES[action.split('.')[0]!];
  return place ? <Link to={place(encodeURIComponent(object))}>{object}</Link> : <span className="muted">{object}</span>;
}
