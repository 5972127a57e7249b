import { createHmac, createPublicKey, verify as verifySignature } from 'node:crypto';
import { equal } from './compare.js';
import { VerificationError } from './errors.js';

/** Header names in any case, as Node and the Fetch API give them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>> | { get(name: string): string | null };

export interface StandardOptions {
  /** Of the subscription: `whsec_…`, or the text that was brought along. Several while one replaces another. */
  secret?: string | readonly string[];
  /** For signatures of kind `v1a`: `whpk_…`. */
  publicKey?: string;
  /** Older and newer messages are refused. In seconds. @default 300 */
  toleranceSeconds?: number;
}

const TOLERANCE_SECONDS = 300;
/** What stands before the 32 bytes of an ed25519 key in SubjectPublicKeyInfo (RFC 8410 §4). */
const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * Verifies what every delivery carries, whatever its format (Standard Webhooks).
 *
 * @param body - as it came: the bytes or their text, never JSON that was parsed and written again
 * @returns the event's id, by which repeats are told, and when it was signed
 * @throws VerificationError
 */
export function verifyStandard(
  body: string | Buffer,
  headers: Headers,
  options: StandardOptions,
): { id: string; timestamp: Date } {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headerOf(headers, name),
  );
  if (!id || !timestamp || !signatures) throw new VerificationError('The headers of the signature are missing.');
  const seconds = Number(timestamp);
  const tolerance = options.toleranceSeconds ?? TOLERANCE_SECONDS;
  if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - seconds) > tolerance)
    throw new VerificationError('The message is too old, or from the future.');
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)]);
  const keys = [options.secret ?? []].flat().map(keyOf);
  for (const signature of signatures.split(' ')) {
    const [kind, value = ''] = signature.split(/,(.*)/s);
    if (kind === 'v1' && keys.some((key) => equal(createHmac('sha256', key).update(signed).digest('base64'), value)))
      return { id, timestamp: new Date(seconds * 1000) };
    if (kind === 'v1a' && options.publicKey && isSignedBy(options.publicKey, signed, value))
      return { id, timestamp: new Date(seconds * 1000) };
  }
  throw new VerificationError('No signature fits.');
}

function headerOf(headers: Headers, name: string): string | undefined {
  if (typeof headers.get === 'function')
    return (headers as { get(name: string): string | null }).get(name) ?? undefined;
  const value = (headers as Record<string, string | string[] | undefined>)[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A generated secret is its bytes; one that was brought without the prefix its text. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
}

function isSignedBy(publicKey: string, signed: Buffer, signature: string): boolean {
  const raw = Buffer.from(publicKey.replace(/^whpk_/, ''), 'base64');
  if (raw.length !== 32) throw new TypeError('publicKey must be whpk_ and base64 of 32 bytes.');
  const key = createPublicKey({ key: Buffer.concat([ED25519_SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
  return verifySignature(null, signed, key, Buffer.from(signature, 'base64'));
}
