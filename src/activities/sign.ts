import { standardBody } from '../domain/formats';
import { standardSignature } from '../domain/signing';
import type { HttpMethod } from '../domain/types';
import type { Sealer } from '../store/crypto';
import type { Delivery } from '../store/deliveries';
import type { DeliverySubscription } from '../store/delivery-subscription';
import { VERSION } from '../version';

/** A request ready to be sent. It is signed at the moment of sending: a signature carries a time, which must not age in a queue. */
export interface SignedRequest {
  method: HttpMethod;
  url: string;
  headers: Record<string, string>;
  /** Absent for GET. */
  body: string | undefined;
}

/**
 * Builds and signs the request of one attempt (Standard Webhooks headers).
 *
 * @param now - time of this attempt
 * @throws Error where no secret can be opened
 */
export function signRequest(
  sealer: Sealer,
  delivery: Delivery,
  subscription: DeliverySubscription,
  now: Date,
): SignedRequest {
  const secrets = subscription.secrets.map((sealed) => sealer.open(sealed, subscription.id));
  if (secrets.length === 0) throw new Error('The subscription has no secret.');
  const body = subscription.method === 'GET' ? '' : standardBody(delivery.event);
  const timestampSeconds = Math.floor(now.getTime() / 1000);
  return {
    method: subscription.method,
    url: subscription.url,
    headers: {
      ...subscription.headers,
      ...(body === '' ? {} : { 'content-type': 'application/json' }),
      'user-agent': `Signpost/${VERSION}`,
      'webhook-id': delivery.event.id,
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': standardSignature({ id: delivery.event.id, timestampSeconds, body }, secrets),
      'signpost-attempt': String(delivery.attempts + 1),
      'signpost-notification': delivery.notificationId,
    },
    body: subscription.method === 'GET' ? undefined : body,
  };
}
