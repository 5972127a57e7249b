import { createHmac, createPublicKey, verify as verifySignature } from 'node:crypto';
import { equal } from './compare.js';
import { VerificationError } from './errors.js';
import { requireSecret } from './secrets.js';

/** Headers as Node (lower-case names) or the Fetch API provides them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>> | { get(name: string): string | null };

/** Options of {@link verifyStandard}. Give `secret`, `publicKey` or both. */
export interface StandardOptions {
  /**
   * The subscription's secret: `whsec_…`, or the text that the customer chose. During a rotation,
   * the new and the old one.
   */
  secret?: string | readonly string[];
  /** The subscription's public key, `whpk_…`, to verify `v1a` signatures (ed25519). */
  publicKey?: string;
  /**
   * Largest difference between `webhook-timestamp` and this machine's clock, in seconds.
   * @default 300
   */
  toleranceSeconds?: number;
}

const DEFAULT_TOLERANCE_SECONDS = 300;
/** Header of a 32-byte ed25519 key in SubjectPublicKeyInfo (RFC 8410 §4). */
const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * Verifies the signature that every delivery carries, in any format (Standard Webhooks). One
 * matching signature is enough: during a rotation a delivery carries one per secret.
 *
 * @param body - the raw body, as bytes or text; empty for GET. Never JSON that was parsed and
 * serialised again
 * @returns the event's id, which is the same in every retry, and when this attempt was signed
 * @throws {@link VerificationError} if a header is missing, the timestamp is outside the tolerance
 * or no signature matches
 * @throws TypeError if a secret is empty or the public key is malformed
 * @example
 * ```ts
 * const rawBody = Buffer.from(await request.arrayBuffer());
 * const { id } = verifyStandard(rawBody, request.headers, { secret });
 * ```
 */
export function verifyStandard(
  body: string | Buffer,
  headers: Headers,
  options: StandardOptions,
): { id: string; timestamp: Date } {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headerOf(headers, name),
  );
  if (!id || !timestamp || !signatures)
    throw new VerificationError('A header is missing: webhook-id, webhook-timestamp or webhook-signature.');
  const seconds = Number(timestamp);
  const toleranceSeconds = options.toleranceSeconds ?? DEFAULT_TOLERANCE_SECONDS;
  if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - seconds) > toleranceSeconds)
    throw new VerificationError(
      `webhook-timestamp is not within ${toleranceSeconds} s of this machine's clock, or not in Unix seconds.`,
    );
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)]);
  // Made once for each secret: whoever sends the request chooses how many signatures it has.
  const expected = [options.secret ?? []]
    .flat()
    .map((secret) => createHmac('sha256', keyOf(secret)).update(signed).digest('base64'));
  for (const signature of signatures.split(' ')) {
    const [kind, value = ''] = signature.split(/,(.*)/s);
    if (kind === 'v1' && expected.some((each) => equal(each, value)))
      return { id, timestamp: new Date(seconds * 1000) };
    if (kind === 'v1a' && options.publicKey && isSignedBy(options.publicKey, signed, value))
      return { id, timestamp: new Date(seconds * 1000) };
  }
  throw new VerificationError('No signature matches; check the secret, and that the body is the raw one.');
}

export function headerOf(headers: Headers, name: string): string | undefined {
  if (typeof headers.get === 'function')
    return (headers as { get(name: string): string | null }).get(name) ?? undefined;
  const value = (headers as Record<string, string | string[] | undefined>)[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The key is the decoded bytes of a generated secret, or the text of one that a customer chose. */
function keyOf(secret: string): Buffer {
  const text = requireSecret(secret);
  const key = text.startsWith('whsec_') ? Buffer.from(text.slice('whsec_'.length), 'base64') : Buffer.from(text);
  if (key.length === 0) throw new TypeError('The secret is whsec_ without base64 after it; pass it in full.');
  return key;
}

function isSignedBy(publicKey: string, signed: Buffer, signature: string): boolean {
  const raw = Buffer.from(publicKey.replace(/^whpk_/, ''), 'base64');
  if (raw.length !== 32) throw new TypeError('publicKey must be whpk_ followed by the base64 of 32 bytes.');
  const key = createPublicKey({ key: Buffer.concat([ED25519_SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
  return verifySignature(null, signed, key, Buffer.from(signature, 'base64'));
}
