/** Length of the key that encrypts secrets at rest (AES-256). */
export const MASTER_KEY_BYTES = 32;
