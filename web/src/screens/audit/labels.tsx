import { t } from '@lingui/core/macro';
import { Link } from 'react-router';
import type { AuditEntry } from '../../api/types';
import { useEndpointName } from '../shared/endpoint-name';

/** Labels by the API's action names. */
const LABELS: Record<string, string> = {
  'product.create': t`Created a product`,
  'product.change': t`Updated a product`,
  'event-type.create': t`Created an event type`,
  'event-type.change': t`Updated an event type`,
  'event-type.archive': t`Archived an event type`,
  'customer.create': t`Created a customer`,
  'customer.change': t`Updated a customer`,
  'customer.erase': t`Erased a customer`,
  'subscription.create': t`Created an endpoint`,
  'subscription.change': t`Updated an endpoint`,
  'subscription.delete': t`Deleted an endpoint`,
  'subscription.enable': t`Enabled an endpoint`,
  'subscription.disable': t`Disabled an endpoint`,
  'subscription.out-of-order': t`Disabled an endpoint automatically`,
  'subscription.challenge': t`Ran a challenge`,
  'event.replay': t`Sent an event again`,
  'subscription.trigger': t`Triggered an endpoint`,
  'secret.reveal': t`Revealed a secret`,
  'secret.rotate': t`Rotated a secret`,
  'secret.link': t`Created a secret link`,
  'secret.link-open': t`Opened a secret link`,
  'notification.retry': t`Retried a notification`,
  'notification.cancel': t`Cancelled a notification`,
  'recovery.start': t`Started a recovery`,
  'recovery.cancel': t`Cancelled a recovery`,
  'allowlist.create': t`Added a URL pattern`,
  'allowlist.approved': t`Approved a URL`,
  'allowlist.rejected': t`Rejected a URL`,
  'allowlist.delete': t`Removed a URL pattern`,
  'api-key.create': t`Created an API key`,
  'api-key.rotate': t`Rotated an API key`,
  'api-key.revoke': t`Revoked an API key`,
  'oauth-client.create': t`Created an OAuth client`,
  'oauth-client.rotate': t`Rotated an OAuth client secret`,
  'oauth-client.revoke': t`Revoked an OAuth client`,
  'deploy.create': t`Marked a deploy`,
  'deploy.delete': t`Deleted a deploy`,
  'play-inbox.create': t`Created an inbox`,
  'play-inbox.change': t`Changed an inbox`,
  'play-inbox.delete': t`Deleted an inbox`,
  'play-request.read': t`Opened a captured request`,
  'portal-session.create': t`Created a portal link`,
  'portal-session.end': t`Ended a portal link`,
  'session.end': t`Signed out`,
  'service-definition.create': t`Created a service definition`,
  'service-definition.change': t`Updated a service definition`,
  'service-definition.delete': t`Deleted a service definition`,
  'signing-key.create': t`Created a signing key`,
  'signing-key.delete': t`Deleted a signing key`,
  'event.read': t`Read an event`,
  'event.list': t`Listed events`,
  'attempt.read': t`Read an attempt`,
  'attempt.sign': t`Signed a request again`,
  'session.create': t`Signed in`,
  'session.refuse': t`Failed to sign in`,
  'token.issue': t`Got an access token`,
  'token.refuse': t`Was refused an access token`,
  'request.refuse': t`Was refused`,
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
const WITHOUT_SCREEN = ['several', t`erased customer`];

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
