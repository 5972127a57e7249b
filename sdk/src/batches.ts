/** Most events that the API accepts in one batch. */
const MAX_BATCH = 1000;
/** The API accepts 8 MiB; the rest is room for the JSON around the events. */
const MAX_BATCH_BYTES = 7.5 * 1024 * 1024;

/**
 * Splits values into batches that fit one API call, in order. A value that is too large for any
 * batch gets a batch of its own.
 */
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
