/** Stops this thread, as a long garbage collection or a signal would. Other processes go on. */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
