import { createHash } from 'node:crypto';

/** SHA-256 of the concatenated parts. */
export function sha256(...parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
