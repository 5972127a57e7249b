import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { CompactEncrypt } from 'jose';

/** Encryption of the key of a body (RFC 7518 §4). The first of each kind of key is its default. */
export const ENCRYPTION_ALGORITHMS = {
  RSA: ['RSA-OAEP-256'],
  EC: ['ECDH-ES+A256KW', 'ECDH-ES'],
  OKP: ['ECDH-ES+A256KW', 'ECDH-ES'],
} as const;
export type EncryptionAlgorithm = (typeof ENCRYPTION_ALGORITHMS)['RSA' | 'EC'][number];

/** How the body itself is encrypted (RFC 7518 §5.3). */
const CONTENT_ENCRYPTION = 'A256GCM';
/** Media type of a compact JWE (RFC 7515 §9.2.1). */
export const ENCRYPTED_TYPE = 'application/jose';

/** A public key of a receiver (RFC 7517). */
export interface PublicKey extends JsonWebKey {
  kty: keyof typeof ENCRYPTION_ALGORITHMS;
  kid?: string;
}

/** Encryption of the bodies of a subscription. */
export interface BodyEncryption {
  publicKey: PublicKey;
  algorithm: EncryptionAlgorithm;
}

/**
 * Encrypts a body as a compact JWE (RFC 7516 §3.1), so that only the holder of the private key can
 * read it. Two encryptions of the same body differ.
 *
 * @param contentType - media type of the body, which the receiver finds in the header `cty`
 * @throws Error if the key is not usable
 */
export async function encryptBody(
  body: string,
  contentType: string,
  { publicKey, algorithm }: BodyEncryption,
): Promise<string> {
  const key = createPublicKey({ key: publicKey, format: 'jwk' });
  return new CompactEncrypt(Buffer.from(body, 'utf8'))
    .setProtectedHeader({
      alg: algorithm,
      enc: CONTENT_ENCRYPTION,
      ...(publicKey.kid !== undefined && { kid: publicKey.kid }),
      cty: contentType,
    })
    .encrypt(key);
}
