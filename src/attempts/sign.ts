import { CompactSign } from 'jose';
import type { Composed } from '../domain/composing';
import { buildBody, buildComposedBody, type FormatContext } from '../domain/formats';
import { withMember } from '../domain/json-text';
import { maskSecret } from '../domain/mask';
import { standardSignature } from '../domain/signing';
import type { HttpMethod } from '../domain/types';
import type { Sealer } from '../store/db/crypto';
import type { DeliverySubscription } from '../store/notifications/delivery-subscription';
import { openSigningKey } from '../store/subscriptions/signing-keys';
import { VERSION } from '../process/version';
import type { DeliveryFacts } from '../domain/attempt';

/** A request ready to be sent. It is signed at the moment of sending: a signature carries a time, which must not age in a queue. */
export interface SignedRequest {
  method: HttpMethod;
  url: string;
  headers: Record<string, string>;
  /** Absent for GET. */
  body: string | undefined;
  /** The body as it may be kept; `null` where it follows from the event, or there is none. */
  shownBody: string | null;
  /** What the receiver answers may be an echo: takes out of it the secret that was sent, if one was. */
  maskEcho(text: string): string;
}

export interface Signer {
  sealer: Sealer;
  /** Where the API is reached from outside. */
  publicUrl(): string;
}

/**
 * Builds and signs the request of one attempt: the body in the subscription's format, the Standard Webhooks headers, and the token of format `trigger`.
 *
 * @param composed - what is sent in place of the event's data, where something is
 * @param now - time of this attempt
 * @returns the request, at once but for the token's format
 * @throws Error where no secret can be opened
 */
export function signRequest(
  { sealer, publicUrl }: Signer,
  delivery: DeliveryFacts,
  subscription: DeliverySubscription,
  composed: Composed | undefined,
  now: Date,
): SignedRequest | Promise<SignedRequest> {
  const { event } = delivery;
  const { method } = subscription;
  const secrets = subscription.secrets.map((sealed) => sealer.open(sealed, subscription.id));
  const [secret] = secrets;
  if (secret === undefined) throw new Error('The subscription has no secret.');
  const privateKeys = subscription.signingKeys.map((sealed) => openSigningKey(sealer, subscription.id, sealed));
  const context: FormatContext = {
    event,
    subscription,
    apiUrl: `${publicUrl()}/v1/subscriptions/${subscription.id}`,
    secret,
    now,
  };
  const built = composed
    ? buildComposedBody(subscription.format, context, composed)
    : buildBody(subscription.format, context);
  const body = method === 'GET' ? '' : built.text;
  const timestampSeconds = Math.floor(now.getTime() / 1000);
  const request: SignedRequest = {
    method,
    url: subscription.url,
    headers: {
      ...subscription.headers,
      ...(body === '' ? {} : { 'content-type': 'application/json' }),
      'user-agent': `Signpost/${VERSION}`,
      'webhook-id': event.id,
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': standardSignature({ id: event.id, timestampSeconds, body }, secrets, privateKeys),
      'signpost-attempt': String(delivery.attempts + 1),
      'signpost-notification': delivery.notificationId,
    },
    body: method === 'GET' ? undefined : body,
    shownBody: method === 'GET' ? null : built.shown,
    maskEcho: (text) => (subscription.format === 'flat' || composed?.holdsSecret ? maskSecret(text, secret) : text),
  };
  if (subscription.format !== 'trigger') return request;
  return withToken(request, built.text, secret, timestampSeconds + subscription.timeoutSeconds);
}

/** Adds the token of format `trigger` (document 002): HS256 with the secret's text as key; its claims are the body and when it ends. */
async function withToken(
  request: SignedRequest,
  body: string,
  secret: string,
  expiresAtSeconds: number,
): Promise<SignedRequest> {
  const claims = withMember(body, 'exp', String(expiresAtSeconds), 'last');
  const token = await new CompactSign(Buffer.from(claims))
    .setProtectedHeader({ typ: 'JWT', alg: 'HS256' })
    .sign(Buffer.from(secret, 'utf8'));
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } };
}
