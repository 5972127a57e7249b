import { createHmac } from 'node:crypto';
import { equal } from './compare.js';
import { VerificationError } from './errors.js';

/** What format `envelope` holds. */
export interface EnvelopePayload {
  details: { messageType: string } & Record<string, unknown>;
  /** The event's id: the same in every retry. */
  messageId: string;
  timestamp: string;
  user?: Record<string, unknown>;
}

/**
 * Verifies a body of format `envelope`: the signature is over `payloadAsString`, so that is what is read, not the `payload` beside it.
 *
 * @throws VerificationError
 */
export function verifyEnvelope(body: string | Buffer, secret: string): EnvelopePayload {
  const { signature, payloadAsString } = jsonOf(body);
  if (typeof signature !== 'string' || typeof payloadAsString !== 'string')
    throw new VerificationError('This is no envelope.');
  if (!equal(createHmac('sha256', secret).update(payloadAsString).digest('hex'), signature))
    throw new VerificationError('The signature does not fit.');
  return JSON.parse(payloadAsString) as EnvelopePayload;
}

/** What format `trigger` tells, in its token and, by POST, in its body. */
export interface TriggerClaims {
  webhook_id: string;
  webhook_name: string;
  object_class: string;
  account_id: string;
  product_id: string;
  api_url: string;
  triggered_at: string;
  last_success_at: string | null;
  last_failure_at: string | null;
  processing_timeout: number;
  data: Record<string, unknown>;
  /** Unix seconds. */
  exp: number;
}

/**
 * Verifies the token of format `trigger` (JWT, HS256) and that it has not expired.
 *
 * @param authorization - the header
 * @throws VerificationError
 */
export function verifyTrigger(authorization: string | undefined, secret: string): TriggerClaims {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  const [header, claims, signature, ...rest] = token?.split('.') ?? [];
  if (!header || !claims || !signature || rest.length > 0) throw new VerificationError('There is no token.');
  // Only this algorithm: one that the token chooses would be the sender's choice.
  if (jsonOf(Buffer.from(header, 'base64url')).alg !== 'HS256') throw new VerificationError('The token is not HS256.');
  if (!equal(createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url'), signature))
    throw new VerificationError('The signature of the token does not fit.');
  const told = jsonOf(Buffer.from(claims, 'base64url')) as unknown as TriggerClaims;
  if (!(told.exp > Date.now() / 1000)) throw new VerificationError('The token has expired.');
  return told;
}

/** Verifies a body of format `flat`, which carries the shared secret. @returns the rest of it @throws VerificationError */
export function verifyFlat(body: string | Buffer, secret: string): Record<string, unknown> {
  const { secret: given, ...data } = jsonOf(body);
  if (typeof given !== 'string' || !equal(given, secret)) throw new VerificationError('The secret is another.');
  return data;
}

function jsonOf(body: string | Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString());
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new VerificationError('The body is not JSON of an object.');
}
