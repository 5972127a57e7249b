import { Link } from 'react-router';
import type { AuditEntry } from '../../api/types';
import { useEndpointName } from '../shared/endpoint-name';

/** Labels by the API's action names. */
const LABELS: Record<string, string> = {
  'product.create': 'Created a product',
  'product.change': 'Updated a product',
  'event-type.create': 'Created an event type',
  'event-type.change': 'Updated an event type',
  'event-type.archive': 'Archived an event type',
  'customer.create': 'Created a customer',
  'customer.change': 'Updated a customer',
  'customer.erase': 'Erased a customer',
  'subscription.create': 'Created an endpoint',
  'subscription.change': 'Updated an endpoint',
  'subscription.delete': 'Deleted an endpoint',
  'subscription.enable': 'Enabled an endpoint',
  'subscription.disable': 'Disabled an endpoint',
  'subscription.out-of-order': 'Disabled an endpoint automatically',
  'subscription.challenge': 'Ran a challenge',
  'event.replay': 'Sent an event again',
  'subscription.trigger': 'Triggered an endpoint',
  'secret.reveal': 'Revealed a secret',
  'secret.rotate': 'Rotated a secret',
  'secret.link': 'Created a secret link',
  'secret.link-open': 'Opened a secret link',
  'notification.retry': 'Retried a notification',
  'notification.cancel': 'Cancelled a notification',
  'recovery.start': 'Started a recovery',
  'recovery.cancel': 'Cancelled a recovery',
  'allowlist.create': 'Added a URL pattern',
  'allowlist.approved': 'Approved a URL',
  'allowlist.rejected': 'Rejected a URL',
  'allowlist.delete': 'Removed a URL pattern',
  'api-key.create': 'Created an API key',
  'api-key.rotate': 'Rotated an API key',
  'api-key.revoke': 'Revoked an API key',
  'oauth-client.create': 'Created an OAuth client',
  'oauth-client.rotate': 'Rotated an OAuth client secret',
  'oauth-client.revoke': 'Revoked an OAuth client',
  'deploy.create': 'Marked a deploy',
  'deploy.delete': 'Deleted a deploy',
  'play-inbox.create': 'Created an inbox',
  'play-inbox.change': 'Changed an inbox',
  'play-inbox.delete': 'Deleted an inbox',
  'play-request.read': 'Opened a captured request',
  'portal-session.create': 'Created a portal link',
  'portal-session.end': 'Ended a portal link',
  'session.end': 'Signed out',
  'service-definition.create': 'Created a service definition',
  'service-definition.change': 'Updated a service definition',
  'service-definition.delete': 'Deleted a service definition',
  'signing-key.create': 'Created a signing key',
  'signing-key.delete': 'Deleted a signing key',
  'event.read': 'Read an event',
  'event.list': 'Listed events',
  'attempt.read': 'Read an attempt',
  'attempt.sign': 'Signed a request again',
  'session.create': 'Signed in',
  'session.refuse': 'Failed to sign in',
  'token.issue': 'Got an access token',
  'token.refuse': 'Was refused an access token',
  'request.refuse': 'Was refused',
};

export const ACTIONS = Object.entries(LABELS).map(([value, text]) => ({ value, text }));

/** Returns the label of an action, or its API name if it has none. */
export const actionLabel = (action: string): string => LABELS[action] ?? action;

const SCREENS: Record<string, (id: string) => string> = {
  subscription: (id) => `/endpoints/${id}`,
  secret: (id) => `/endpoints/${id}`,
  notification: (id) => `/logs?open=${id}`,
  customer: (id) => `/customers/${id}`,
  'play-inbox': (id) => `/play/${id}`,
  'portal-session': (id) => `/customers/${id}`,
  'signing-key': (id) => `/endpoints/${id}`,
  'event-type': (id) => `/catalog/${id}`,
  'service-definition': (id) => `/catalog/${id}`,
};

/** Objects of entries that stand for many objects, or for an erased one. */
const WITHOUT_SCREEN = ['several', 'erased customer'];

/** The object of an action, linked to its screen if there is one. */
export function ObjectLink({ entry: { action, object } }: { entry: AuditEntry }) {
  const hasScreen = !object.startsWith('ers_') && !WITHOUT_SCREEN.includes(object);
  const screen = hasScreen ? SCREENS[action.split('.')[0]!] : undefined;
  return screen ? (
    <>
      <Link to={screen(encodeURIComponent(object))}>{object}</Link>
      {object.startsWith('sub_') && <EndpointOf id={object} />}
    </>
  ) : (
    <span className="muted">{object}</span>
  );
}

/** The name of an endpoint, unless it was deleted. */
function EndpointOf({ id }: { id: string }) {
  const name = useEndpointName(id);
  return name === id ? null : <div className="muted">{name}</div>;
}
