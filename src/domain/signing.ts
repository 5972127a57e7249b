import { createHmac, createPrivateKey, generateKeyPairSync, randomBytes, sign, timingSafeEqual } from 'node:crypto';
import { withMember } from './json-text';

/**
 * Prefix of a generated secret, before the base64 of the key (Standard Webhooks, "Signature
 * scheme").
 */
const SECRET_PREFIX = 'whsec_';
const GENERATED_KEY_BYTES = 32;
/**
 * Prefixes of the keys of a pair, before their base64 (Standard Webhooks, "Signature scheme",
 * asymmetric).
 */
const PRIVATE_KEY_PREFIX = 'whsk_';
const PUBLIC_KEY_PREFIX = 'whpk_';
const ED25519_BYTES = 32;

/** Generates a signing secret: `whsec_` and base64 of 32 random bytes. */
export function generateSecret(): string {
  return SECRET_PREFIX + randomBytes(GENERATED_KEY_BYTES).toString('base64');
}

/**
 * The HMAC key of a secret: the bytes after `whsec_`, or the UTF-8 text of a customer's own secret
 * without the prefix.
 */
export function signingKey(secret: string): Buffer {
  return secret.startsWith(SECRET_PREFIX)
    ? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
    : Buffer.from(secret, 'utf8');
}

/**
 * Generates an ed25519 key pair as text: `whsk_` and base64 of seed and public key (64 bytes).
 * {@link publicKeyOf} extracts the public key.
 */
export function generateSigningKey(): string {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return PRIVATE_KEY_PREFIX + Buffer.concat([d!, x!].map((part) => Buffer.from(part, 'base64url'))).toString('base64');
}

/** The key that verifies `v1a` signatures: `whpk_` and base64 of 32 bytes. */
export function publicKeyOf(privateKey: string): string {
  return PUBLIC_KEY_PREFIX + halvesOf(privateKey).publicHalf.toString('base64');
}

function halvesOf(privateKey: string): { seed: Buffer; publicHalf: Buffer } {
  const bytes = Buffer.from(privateKey.slice(PRIVATE_KEY_PREFIX.length), 'base64');
  return { seed: bytes.subarray(0, ED25519_BYTES), publicHalf: bytes.subarray(ED25519_BYTES) };
}

/** The parts of a delivery that are signed. */
export interface SignedMessage {
  /** The header `webhook-id`: the generated id of the event, the same in every retry. */
  id: string;
  /** The header `webhook-timestamp`: the time of this attempt in Unix seconds. */
  timestampSeconds: number;
  body: string;
}

/**
 * The `webhook-signature` header (Standard Webhooks): `v1,<base64 HMAC-SHA256 of
 * id.timestamp.body>` for each secret, then `v1a,<base64 ed25519 of the same>` for each private
 * key. Signatures are separated by spaces. During a rotation there are two secrets.
 *
 * @param secrets - newest first
 * @param privateKeys - as returned by {@link generateSigningKey}, newest first
 */
export function standardSignature(
  message: SignedMessage,
  secrets: readonly string[],
  privateKeys: readonly string[] = [],
): string {
  const content = `${message.id}.${message.timestampSeconds}.${message.body}`;
  return [
    ...secrets.map((secret) => secretSignature(secret, content)),
    ...privateKeys.map((privateKey) => keyPairSignature(privateKey, content)),
  ].join(' ');
}

/** The signature of `id.timestamp.body` with a secret, as {@link standardSignature} lists it. */
export function secretSignature(secret: string, content: string | Buffer): string {
  return `v1,${createHmac('sha256', signingKey(secret)).update(content).digest('base64')}`;
}

/** The signature of `id.timestamp.body` with a key pair: always the same for the same content. */
export function keyPairSignature(privateKey: string, content: string | Buffer): string {
  const { seed, publicHalf } = halvesOf(privateKey);
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: seed.toString('base64url'), x: publicHalf.toString('base64url') };
  return `v1a,${sign(null, Buffer.from(content), createPrivateKey({ key: jwk, format: 'jwk' })).toString('base64')}`;
}

const TOKEN_HEADER = Buffer.from('{"typ":"JWT","alg":"HS256"}').toString('base64url');
const TOKEN = new RegExp(`${TOKEN_HEADER}\\.[\\w-]*(?:\\.[\\w-]*)?`, 'g');

/**
 * The token of format `trigger`: a JWT with HS256 and the secret's text as the key. Its claims are
 * the members of the body and `exp`.
 */
export function triggerToken(body: string, secret: string, expiresAtSeconds: number): string {
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  const claims = withMember(body, 'exp', String(expiresAtSeconds), 'last');
  const signed = `${TOKEN_HEADER}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** Replaces tokens of format `trigger` in a text, also one that the end of the text cuts. */
export function replaceTokens(text: string, replacement: string): string {
  return text.replace(TOKEN, replacement);
}

/**
 * The response token that passes a challenge: `sha256=<base64 HMAC-SHA256(secret text,
 * crc_token)>`.
 */
export function challengeResponse(secret: string, crcToken: string): string {
  return `sha256=${createHmac('sha256', secret).update(crcToken).digest('base64')}`;
}

/** Compares two texts in a time that does not depend on where they differ. */
export function equalInConstantTime(left: string, right: string): boolean {
  const a = createHmac('sha256', 'compare').update(left).digest();
  const b = createHmac('sha256', 'compare').update(right).digest();
  return timingSafeEqual(a, b);
}
