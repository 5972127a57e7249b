import { Session } from 'node:inspector';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';

/** By how much the heap may grow, in percent of what lives in it, before it is swept. */
const HEAP_GROWTH_PERCENT = 100;

/** V8 itself goes from little growth after a quiet time (a pause every few seconds) to fourfold under load (memory for nothing): see ADR 0007. */
export function growEvenly(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
}

/**
 * Gives back what only the start needed (some 30 MB), which V8 would otherwise keep until load makes it look.
 * The event loop stands still for a tenth of a second: for when nobody waits.
 */
export async function sweepHeap(): Promise<void> {
  // V8's own `gc()` leaves the young generation as large as the start made it; this is what memory pressure would do.
  const session = new Session();
  session.connect();
  await new Promise((resolve) => session.post('HeapProfiler.collectGarbage', resolve));
  // The answer comes from within the session, which must not end before it is told.
  await nextTurn();
  session.disconnect();
}
