import { createHmac } from 'node:crypto';
import { equal } from './compare.js';
import { VerificationError } from './errors.js';
import { requireSecret } from './secrets.js';

/** The payload of format `envelope`. */
export interface EnvelopePayload {
  /** The event's `data`, and its type as `messageType`. */
  details: { messageType: string } & Record<string, unknown>;
  /** The event's id, the same in every retry. */
  messageId: string;
  /** When the event happened: RFC 3339, UTC. */
  timestamp: string;
  /** Who caused the event; absent if the producer gave none. */
  user?: Record<string, unknown>;
}

/**
 * Verifies a body of format `envelope`. The signature covers `payloadAsString`, so that is what
 * this returns; the `payload` beside it is not signed.
 *
 * @param body - the raw body
 * @param secret - the subscription's secret as text
 * @throws {@link VerificationError} if the body is not an envelope or its signature does not match
 * @example
 * ```ts
 * const { details, messageId } = verifyEnvelope(rawBody, secret);
 * ```
 */
export function verifyEnvelope(body: string | Buffer, secret: string): EnvelopePayload {
  const { signature, payloadAsString } = parseObject(body, 'The body');
  if (typeof signature !== 'string' || typeof payloadAsString !== 'string')
    throw new VerificationError('The body is not an envelope: signature or payloadAsString is missing.');
  if (!equal(hmacSha256(secret, payloadAsString).digest('hex'), signature))
    throw new VerificationError('The signature of the envelope does not match; check the secret.');
  return JSON.parse(payloadAsString) as EnvelopePayload;
}

/** The claims of format `trigger`: in the token, and for POST also in the body. */
export interface TriggerClaims {
  /** Subscription id. */
  webhook_id: string;
  webhook_name: string;
  /** Event type. */
  object_class: string;
  /** Customer id. */
  account_id: string;
  product_id: string;
  api_url: string;
  /** RFC 3339, UTC. */
  triggered_at: string;
  /** RFC 3339, UTC; `null` if no delivery has succeeded yet. */
  last_success_at: string | null;
  /** RFC 3339, UTC; `null` if no delivery has failed yet. */
  last_failure_at: string | null;
  /** Timeout of the delivery, in seconds. */
  processing_timeout: number;
  /** The subscription's `customData`, with the event's data as `event`. */
  data: Record<string, unknown>;
  /** Expiry, in Unix seconds. */
  exp: number;
}

/**
 * Verifies the token of format `trigger` (JWT, HS256) and its expiry.
 *
 * @param authorization - the `Authorization` header: `Bearer <token>`
 * @param secret - the subscription's secret as text
 * @throws {@link VerificationError} if the token is missing, has another algorithm or signature, or
 * has expired
 * @example
 * ```ts
 * const { object_class, data } = verifyTrigger(request.headers.authorization, secret);
 * ```
 */
export function verifyTrigger(authorization: string | undefined, secret: string): TriggerClaims {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  const [header, claims, signature, ...rest] = token?.split('.') ?? [];
  if (!header || !claims || !signature || rest.length > 0)
    throw new VerificationError('The Authorization header contains no JWT (Bearer <header>.<claims>.<signature>).');
  // Accepting any other algorithm would let the sender choose how the token is verified.
  if (parseObject(Buffer.from(header, 'base64url'), 'The token header').alg !== 'HS256')
    throw new VerificationError('The algorithm of the token is not HS256.');
  if (!equal(hmacSha256(secret, `${header}.${claims}`).digest('base64url'), signature))
    throw new VerificationError('The signature of the token does not match; check the secret.');
  const verified = parseObject(Buffer.from(claims, 'base64url'), 'The token') as unknown as TriggerClaims;
  if (!(verified.exp > Date.now() / 1000))
    throw new VerificationError('The token has expired; check the clock of this machine.');
  return verified;
}

/**
 * Verifies a body of format `flat`, which contains the shared secret in clear text.
 *
 * @param body - the raw body
 * @param secret - the subscription's secret as text
 * @returns the body without `secret`
 * @throws {@link VerificationError} if the secret is missing or different
 * @example
 * ```ts
 * const { paymentId } = verifyFlat(rawBody, secret);
 * ```
 */
export function verifyFlat(body: string | Buffer, secret: string): Record<string, unknown> {
  const { secret: received, ...data } = parseObject(body, 'The body');
  if (typeof received !== 'string' || !equal(received, requireSecret(secret)))
    throw new VerificationError('The secret in the body is missing or does not match.');
  return data;
}

function hmacSha256(secret: string, text: string) {
  return createHmac('sha256', requireSecret(secret)).update(text);
}

function parseObject(json: string | Buffer, subject: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json.toString());
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Reported below.
  }
  throw new VerificationError(`${subject} is not a JSON object.`);
}
