/**
 * Random numbers from 0 to 1 that a failed run can be repeated with: the seed is printed, and
 * SIGNPOST_TEST_SEED gives it back.
 */
export function seededRandom(): () => number {
  const seed = Number(process.env.SIGNPOST_TEST_SEED ?? Date.now() % 1_000_000);
  process.stderr.write(`random seed ${seed} (SIGNPOST_TEST_SEED=${seed} repeats it)\n`);
  let state = seed;
  // Mulberry32.
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
