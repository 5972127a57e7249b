import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { MASTER_KEY_BYTES } from '../../domain/master-key';
import type { Sealed } from '../../domain/sealed';
import { sha256 } from '../../domain/sha256';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAX_OPENED = 1000;
/** A larger text is not kept: it is no secret that every delivery opens. */
const MAX_OPENED_BYTES = 1024;

/**
 * Encrypts secrets at rest (AES-256-GCM). Opening needs the context used for sealing, such as the
 * owner's id, so rows cannot be swapped.
 */
export interface Sealer {
  seal(plaintext: string, context: string): Sealed;
  /** @throws Error if another master key sealed the secret, or the row was changed */
  open(sealed: Sealed, context: string): string;
}

/** @param masterKey - 32 bytes */
export function createSealer(masterKey: Buffer): Sealer {
  if (masterKey.length !== MASTER_KEY_BYTES)
    throw new Error(`The master key must be ${MASTER_KEY_BYTES} bytes, not ${masterKey.length}.`);
  const keyId = sha256('signpost-master-key', masterKey).toString('hex').slice(0, 16);
  // Every delivery opens the same few secrets, and they are in memory while it signs anyway.
  const opened = new Map<string, string>();
  function decrypt({ ciphertext, keyId: sealedBy }: Sealed, context: string): string {
    if (sealedBy !== keyId)
      throw new Error(`The secret was sealed with master key ${sealedBy}; this process has ${keyId}.`);
    const decipher = createDecipheriv(ALGORITHM, masterKey, ciphertext.subarray(0, NONCE_BYTES)).setAAD(
      Buffer.from(context),
    );
    decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(ciphertext.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString(
      'utf8',
    );
  }

  return {
    seal(plaintext, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, masterKey, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return { ciphertext: Buffer.concat([nonce, body, cipher.getAuthTag()]), keyId };
    },
    open(sealed, context) {
      const { ciphertext, keyId: sealedBy } = sealed;
      if (ciphertext.length > MAX_OPENED_BYTES) return decrypt(sealed, context);
      const cacheKey = `${sealedBy} ${context} ${ciphertext.toString('latin1')}`;
      const cached = opened.get(cacheKey);
      if (cached !== undefined) return cached;
      const plaintext = decrypt(sealed, context);
      if (opened.size >= MAX_OPENED) opened.clear();
      opened.set(cacheKey, plaintext);
      return plaintext;
    },
  };
}
