import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Prefix of a generated secret; what follows is base64 of the key (Standard Webhooks, "Signature scheme"). */
const SECRET_PREFIX = 'whsec_';
const GENERATED_KEY_BYTES = 32;

/** A new signing secret: `whsec_` and base64 of 32 random bytes. */
export function generateSecret(): string {
  return SECRET_PREFIX + randomBytes(GENERATED_KEY_BYTES).toString('base64');
}

/** The HMAC key of a secret: the bytes behind `whsec_`, or the UTF-8 text of a secret that a customer brought without the prefix. */
export function signingKey(secret: string): Buffer {
  return secret.startsWith(SECRET_PREFIX)
    ? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
    : Buffer.from(secret, 'utf8');
}

/** What a receiver checks: id, time of this attempt, body. */
export interface SignedMessage {
  /** `webhook-id`: the event id, the same in every retry. */
  id: string;
  /** `webhook-timestamp`: Unix seconds of this attempt. */
  timestampSeconds: number;
  body: string;
}

/**
 * The `webhook-signature` header (Standard Webhooks): `v1,<base64 HMAC-SHA256 of id.timestamp.body>` for each secret, separated by
 * spaces, newest secret first. During a rotation there are two.
 */
export function standardSignature(message: SignedMessage, secrets: readonly string[]): string {
  const content = `${message.id}.${message.timestampSeconds}.${message.body}`;
  return secrets
    .map((secret) => `v1,${createHmac('sha256', signingKey(secret)).update(content).digest('base64')}`)
    .join(' ');
}

/** The answer that proves a URL's owner: `sha256=<base64 HMAC-SHA256(secret text, crc_token)>`. */
export function challengeResponse(secret: string, crcToken: string): string {
  return `sha256=${createHmac('sha256', secret).update(crcToken).digest('base64')}`;
}

/** Compares two texts in a time that does not depend on where they differ. */
export function equalInConstantTime(left: string, right: string): boolean {
  const a = createHmac('sha256', 'compare').update(left).digest();
  const b = createHmac('sha256', 'compare').update(right).digest();
  return timingSafeEqual(a, b);
}
