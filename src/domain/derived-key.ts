import { hkdfSync } from 'node:crypto';

/**
 * Derives a key from the master key (HKDF, RFC 5869), so that all processes share it and no key
 * serves two purposes.
 *
 * @param masterKey - 32 bytes
 */
export function derivedKey(masterKey: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `signpost ${purpose}`, 32));
}
