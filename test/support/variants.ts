/**
 * Variants of a fault test: all of them with `npm run faults`, and the first one in CI, which has
 * less time. The first one is the one that can go wrong in most ways.
 */
export function variants<T>(first: T, ...others: T[]): T[] {
  return process.env.SIGNPOST_LONG_FAULTS ? [first, ...others] : [first];
}
