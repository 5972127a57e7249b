import { createPublicKey, type KeyObject } from 'node:crypto';
import { encryptBody, type BodyEncryption } from '../../domain/body-encryption';
import { Problem, type FieldError } from '../../domain/problems';
import type { SubscriptionSettings } from '../../store/subscriptions/subscriptions';

const MIN_RSA_BITS = 2048;
/** A larger key makes every delivery slower, and no safer in practice. */
const MAX_RSA_BITS = 8192;
/** FIPS 186-5 §5.4. With the exponent 1, the key of a body would be sent in the clear. */
const MIN_RSA_EXPONENT = 65_537n;
const KEY = '/encryption/publicKey';

/**
 * Refuses the encryption of bodies where there is no body, or where its contents are sent in the
 * clear besides.
 *
 * @throws Problem validation-failed
 */
export function refuseEncryptionWithoutBody({
  encryption,
  format,
  method,
}: Pick<SubscriptionSettings, 'encryption' | 'format' | 'method'>): void {
  if (!encryption) return;
  if (format === 'trigger')
    throw unusable({
      path: '/encryption',
      message: 'cannot be combined with format trigger, whose token has the data',
    });
  if (method === 'GET')
    throw unusable({ path: '/encryption', message: 'requires method POST or PUT: GET has no body' });
}

/**
 * Refuses a key with which no body could be encrypted, or not safely.
 *
 * @throws Problem validation-failed
 */
export async function refuseFaultyEncryption(encryption: BodyEncryption | null): Promise<void> {
  const fault = encryption && (await keyFault(encryption));
  if (fault) throw unusable(fault);
}

async function keyFault(encryption: BodyEncryption): Promise<FieldError | undefined> {
  const { publicKey } = encryption;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: publicKey, format: 'jwk' });
  } catch {
    return { path: KEY, message: 'is not a valid key' };
  }
  const fault = publicKey.kty === 'RSA' ? rsaFault(key) : undefined;
  if (fault) return fault;
  try {
    await encryptBody('{}', 'application/json', encryption);
    return undefined;
  } catch {
    // For example X25519 points of small order (RFC 7748 §6.1).
    return { path: KEY, message: 'cannot be used to encrypt' };
  }
}

function rsaFault({ asymmetricKeyDetails }: KeyObject): FieldError | undefined {
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {};
  if (modulusLength < MIN_RSA_BITS || modulusLength > MAX_RSA_BITS)
    return { path: `${KEY}/n`, message: `has ${modulusLength} bits: expected ${MIN_RSA_BITS} to ${MAX_RSA_BITS}` };
  if (publicExponent < MIN_RSA_EXPONENT || publicExponent % 2n === 0n)
    return { path: `${KEY}/e`, message: `expected an odd exponent of at least ${MIN_RSA_EXPONENT} (AQAB)` };
  return undefined;
}

function unusable(error: FieldError): Problem {
  return new Problem('validation-failed', 'The encryption of bodies is not possible with these settings.', {
    errors: [error],
  });
}
