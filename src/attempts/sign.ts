import { CompactSign } from 'jose';
import type { Composed } from '../domain/composing';
import { buildBody, buildComposedBody, type FormatContext } from '../domain/formats';
import { withMember } from '../domain/json-text';
import type { OAuth2Auth } from '../domain/private-settings';
import type { ReceiverAccess, TlsIdentity } from '../domain/receiver-access';
import { standardSignature } from '../domain/signing';
import type { HttpMethod } from '../domain/types';
import type { Sealer } from '../store/db/crypto';
import type { DeliverySubscription } from '../store/notifications/delivery-subscription';
import { openSigningKey } from '../store/subscriptions/signing-keys';
import { VERSION } from '../process/version';
import type { DeliveryFacts } from '../domain/attempt';

const USER_AGENT = `Signpost/${VERSION}`;

/**
 * A request that is ready to send. It is signed just before it is sent, because a signature
 * contains a timestamp, which must not get old in a queue.
 */
export interface SignedRequest {
  method: HttpMethod;
  url: string;
  headers: Record<string, string>;
  /** Absent for GET. */
  body: string | undefined;
  /** The body as it may be stored; null if it follows from the event, or if there is no body. */
  shownBody: string | null;
  /** Credentials that the request needs an access token of. */
  oauth2?: OAuth2Auth;
  tls?: TlsIdentity;
  /** The names of headers whose values may not be stored. */
  privateNames: ReadonlySet<string>;
  /** The secrets in the request, which a response may echo, the longest first. */
  secrets: readonly string[];
}

export interface Signer {
  sealer: Sealer;
  /** The URL at which clients outside reach the API. */
  publicUrl(): string;
}

/**
 * Builds and signs the request of one attempt: the body in the subscription's format, the Standard
 * Webhooks headers, and the token of format `trigger`.
 *
 * @param access - the headers and credentials of the subscription
 * @param composed - what is sent instead of the event's data, if it was composed
 * @param now - time of this attempt
 * @returns the request; a promise only for format `trigger`, whose token is signed asynchronously
 * @throws Error if a secret cannot be opened
 */
export function signRequest(
  { sealer, publicUrl }: Signer,
  delivery: DeliveryFacts,
  subscription: DeliverySubscription,
  access: ReceiverAccess,
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
  // Spreads in this literal would take more time than the signature.
  const headers: Record<string, string> = {
    'webhook-id': event.webhookId,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': standardSignature({ id: event.webhookId, timestampSeconds, body }, secrets, privateKeys),
    'signpost-attempt': String(delivery.attempts + 1),
    'signpost-notification': delivery.notificationId,
  };
  for (const name in access.headers) if (!Object.hasOwn(headers, name)) headers[name] = access.headers[name]!;
  headers['user-agent'] ??= USER_AGENT;
  if (body !== '') headers['content-type'] ??= 'application/json';
  const request: SignedRequest = {
    method,
    url: subscription.url,
    headers,
    body: method === 'GET' ? undefined : body,
    shownBody: method === 'GET' ? null : built.shown,
    oauth2: access.oauth2,
    tls: access.tls,
    privateNames: access.privateNames,
    secrets: subscription.format === 'flat' || composed?.holdsSecret ? [...access.secrets, secret] : access.secrets,
  };
  if (subscription.format !== 'trigger') return request;
  return withToken(request, built.text, secret, timestampSeconds + subscription.timeoutSeconds);
}

/**
 * Adds the token of format `trigger`: a JWT with HS256 and the secret's text as the
 * key. Its claims are the members of the body and `exp`.
 */
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
