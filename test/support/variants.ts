const isLongRun = Boolean(process.env.SIGNPOST_LONG_FAULTS);
const nothing = Object.assign(() => undefined, { each: () => () => undefined });

/**
 * Registers a fault test for `npm run faults` only, because CI has another one with the same kind
 * of fault.
 */
export const itInLongRuns = isLongRun ? it : (nothing as unknown as typeof it);

/**
 * Variants of a fault test: all of them with `npm run faults`, and the first one in CI, which has
 * less time. The first one is the one that can go wrong in most ways.
 */
export function variants<T>(first: T, ...others: T[]): T[] {
  return isLongRun ? [first, ...others] : [first];
}
