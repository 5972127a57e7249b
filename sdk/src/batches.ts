/** What one batch takes. */
const MAX_BATCH = 1000;
/** The API takes 8 MiB; some of it is for what is around the events. */
const MAX_BATCH_BYTES = 7.5 * 1024 * 1024;

/** Puts values into batches that one call takes, in order; what is too large for any is alone in its own. */
export function batchesOf<T>(values: readonly T[]): T[][] {
  const batches: T[][] = [];
  let bytes = Infinity;
  for (const value of values) {
    const size = Buffer.byteLength(JSON.stringify(value)) + 1;
    const current = batches.at(-1);
    if (current && current.length < MAX_BATCH && bytes + size <= MAX_BATCH_BYTES) {
      current.push(value);
      bytes += size;
    } else {
      batches.push([value]);
      bytes = size;
    }
  }
  return batches;
}
