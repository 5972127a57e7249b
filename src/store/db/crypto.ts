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

/** A sealer and the ids of its keys. It seals with the first one, and opens what either sealed. */
export interface KeyRing extends Sealer {
  readonly keyId: string;
  /** The other key during a rotation. */
  readonly previousKeyId: string | undefined;
  /** @returns the number of seals since the last call. Each uses one random nonce of the key */
  takeSeals(): number;
}

/** The id that is stored with everything a master key seals. It does not reveal the key. */
function keyIdOf(masterKey: Buffer): string {
  if (masterKey.length !== MASTER_KEY_BYTES)
    throw new Error(`The master key must be ${MASTER_KEY_BYTES} bytes, not ${masterKey.length}.`);
  return sha256('signpost-master-key', masterKey).toString('hex').slice(0, 16);
}

/**
 * @param masterKey - 32 bytes
 * @param previousKey - 32 bytes; opens what it sealed, and seals nothing
 */
export function createSealer(masterKey: Buffer, previousKey?: Buffer): KeyRing {
  const keyId = keyIdOf(masterKey);
  const previousKeyId = previousKey && keyIdOf(previousKey);
  const keys = new Map([[keyId, masterKey]]);
  if (previousKey && previousKeyId !== undefined) keys.set(previousKeyId, previousKey);
  let seals = 0;
  // Every delivery opens the same few secrets, and they are in memory while it signs anyway.
  const opened = new Map<string, string>();
  function decrypt({ ciphertext, keyId: sealedBy }: Sealed, context: string): string {
    const key = keys.get(sealedBy);
    if (!key)
      throw new Error(
        `The secret was sealed with master key ${sealedBy}; this process has ${[...keys.keys()].join(' and ')}.`,
      );
    const decipher = createDecipheriv(ALGORITHM, key, ciphertext.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    }).setAAD(Buffer.from(context));
    decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(ciphertext.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString(
      'utf8',
    );
  }

  return {
    keyId,
    previousKeyId: keys.size > 1 ? previousKeyId : undefined,
    seal(plaintext, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, masterKey, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      seals += 1;
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
    takeSeals() {
      const taken = seals;
      seals = 0;
      return taken;
    },
  };
}
