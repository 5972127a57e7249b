/** Random numbers that depend only on the seed. */

/** @returns a function that draws numbers from 0 up to 1 (mulberry32) */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws an exponentially distributed duration, as is assumed for outages. */
export function exponential(random, mean) {
  return -Math.log(1 - random()) * mean;
}
