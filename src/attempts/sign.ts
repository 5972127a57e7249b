import { encryptBody, ENCRYPTED_TYPE } from '../domain/body-encryption';
import type { Composed } from '../domain/composing';
import { buildBody, buildComposedBody, type Body, type FormatContext } from '../domain/formats';
import { likelySecretsIn } from '../domain/mask';
import type { OAuth2Auth } from '../domain/private-settings';
import type { ReceiverAccess, TlsIdentity } from '../domain/receiver-access';
import { standardSignature, triggerToken } from '../domain/signing';
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
  /** The secrets in the request, which a response may echo. */
  secrets: readonly string[];
  /** Whether the request has a token of format `trigger`, which a response may echo as well. */
  sendsToken?: boolean;
}

export interface Signer {
  sealer: Sealer;
  /** The URL at which clients outside reach the API. */
  publicUrl(): string;
}

/**
 * Builds and signs the request of one attempt: the body in the subscription's format, encrypted if
 * the subscription has a key, the Standard Webhooks headers, and the token of format `trigger`.
 *
 * @param access - the headers and credentials of the subscription
 * @param composed - what is sent instead of the event's data, if it was composed
 * @param now - time of this attempt
 * @returns the request; a promise only for an encrypted body
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
  const timestampSeconds = Math.floor(now.getTime() / 1000);
  const sign = (body: Body, contentType: string): SignedRequest => {
    const text = method === 'GET' ? '' : body.text;
    // Spreads in this literal would take more time than the signature.
    const headers: Record<string, string> = {
      'webhook-id': event.webhookId,
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': standardSignature(
        { id: event.webhookId, timestampSeconds, body: text },
        secrets,
        privateKeys,
      ),
      'signpost-attempt': String(delivery.attempts + 1),
      'signpost-notification': delivery.notificationId,
    };
    for (const name in access.headers) if (!Object.hasOwn(headers, name)) headers[name] = access.headers[name]!;
    headers['user-agent'] ??= USER_AGENT;
    if (text !== '') headers['content-type'] = contentType;
    return {
      method,
      url: subscription.url,
      headers,
      body: method === 'GET' ? undefined : text,
      shownBody: method === 'GET' ? null : body.shown,
      oauth2: access.oauth2,
      tls: access.tls,
      privateNames: access.privateNames,
      secrets:
        (subscription.format === 'flat' && subscription.sharesSecret) || composed?.holdsSecret
          ? [...access.secrets, secret]
          : access.secrets,
    };
  };
  const contentType = access.headers['content-type'] ?? 'application/json';
  if (subscription.encryption && method !== 'GET')
    // The ciphertext is what is signed, stored and shown. Only the receiver can read the rest.
    return encryptBody(built.text, contentType, subscription.encryption).then((text) =>
      sign({ text, shown: text }, ENCRYPTED_TYPE),
    );
  const request = sign(built, contentType);
  if (subscription.format !== 'trigger') return request;
  const token = triggerToken(built.text, secret, timestampSeconds + subscription.timeoutSeconds);
  request.headers.authorization = `Bearer ${token}`;
  return {
    ...request,
    sendsToken: true,
    secrets: [...request.secrets, ...likelySecretsIn(JSON.parse(subscription.customData))],
  };
}
