import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares two texts in constant time, so that the time does not reveal where they differ. */
export function equal(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
