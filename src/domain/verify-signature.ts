import type { SignatureResult } from './play';
import { equalInConstantTime, keyPairSignature, secretSignature } from './signing';

/** Receivers refuse a message whose time is further from their own (Standard Webhooks). */
const TOLERANCE_SECONDS = 300;

/** The parts of a received request that the signature is about. */
export interface ReceivedMessage {
  id: string | undefined;
  timestamp: string | undefined;
  signature: string | undefined;
  body: Buffer;
}

/** What a subscription signs with. */
export interface SigningSecrets {
  /** Its name, for people. */
  name: string;
  /** The current one first. */
  secrets: readonly string[];
  privateKeys: readonly string[];
}

/**
 * Verifies the signature of a received request as a receiver should (Standard Webhooks).
 *
 * @returns the result, and the index of the signer whose secret fits
 */
export function verifySignature(
  { id, timestamp, signature, body }: ReceivedMessage,
  signers: readonly SigningSecrets[],
  nowMs: number,
): SignatureResult & { signer?: number } {
  const absent = Object.entries({ 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature })
    .filter(([, value]) => !value)
    .map(([name]) => name);
  if (absent.length > 0) return failed(`Not signed: ${absent.join(', ')} missing.`);
  if (signers.length === 0)
    return {
      status: 'unknown',
      detail: 'No endpoint of this customer has the URL of this inbox, so no secret is known.',
    };
  const given = signature!.split(' ').filter(Boolean);
  const match = findSigner(given, Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]), signers);
  if (!match) {
    const names = signers.map(({ name }) => name).join(', ');
    return failed(
      `No signature fits the secret of ${names}. The body, the id or the time was changed, or the secret is another.`,
    );
  }
  const { signer, detail } = match;
  const ageSeconds = /^\d{1,15}$/.test(timestamp!) ? nowMs / 1000 - Number(timestamp) : NaN;
  if (Math.abs(ageSeconds) <= TOLERANCE_SECONDS) return { status: 'verified', detail, signer };
  const seconds = Math.round(Math.abs(ageSeconds));
  return {
    ...failed(
      Number.isNaN(ageSeconds)
        ? 'webhook-timestamp is not a time in Unix seconds.'
        : `The time is ${seconds} s ${ageSeconds > 0 ? 'ago' : 'ahead'}. Receivers allow ${TOLERANCE_SECONDS} s.`,
    ),
    signer,
  };
}

/**
 * Makes each signature at most once, because the caller chooses how many to send. Stops at the one
 * that fits, and makes none of a kind that was not sent: the body may be large.
 */
function findSigner(
  given: readonly string[],
  content: Buffer,
  signers: readonly SigningSecrets[],
): { signer: number; detail: string } | undefined {
  const kinds = [
    { prefix: 'v1,', what: 'secret', keysOf: (one: SigningSecrets) => one.secrets, make: secretSignature },
    { prefix: 'v1a,', what: 'key pair', keysOf: (one: SigningSecrets) => one.privateKeys, make: keyPairSignature },
  ];
  for (const { prefix, what, keysOf, make } of kinds) {
    const sent = given.filter((one) => one.startsWith(prefix));
    if (sent.length === 0) continue;
    for (const [signer, each] of signers.entries()) {
      for (const [index, key] of keysOf(each).entries()) {
        const expected = make(key, content);
        if (sent.some((one) => one.length === expected.length && equalInConstantTime(one, expected)))
          return { signer, detail: `Signed with the ${index === 0 ? 'current' : 'previous'} ${what} of ${each.name}.` };
      }
    }
  }
  return undefined;
}

const failed = (detail: string): SignatureResult => ({ status: 'failed', detail });
