/** Longer than the limit of the SDK, 5 s. */
const PAUSE_MS = 6000;

/** Stops its thread, as a pause of the whole process does. */
export async function pausing(): Promise<string> {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  return 'ended';
}
