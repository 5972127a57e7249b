import { Session } from 'node:inspector';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';

/** How much the heap may grow before a collection, in percent of the live objects. */
const HEAP_GROWTH_PERCENT = 100;

/**
 * Fixes the growth of the heap. By default V8 allows little growth after a quiet period, which
 * means a pause every few seconds, and fourfold growth under load, which wastes memory. See ADR
 * 0007.
 */
export function growEvenly(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
}

/**
 * Frees the memory that only the start needed (some 30 MB). V8 would otherwise keep it until load
 * triggers a collection. Blocks the event loop for about 0.1 s, so call it before serving traffic.
 */
export async function sweepHeap(): Promise<void> {
  // Like a collection under memory pressure, this also shrinks the young generation; `gc()` does
  // not.
  const session = new Session();
  session.connect();
  await new Promise((resolve) => session.post('HeapProfiler.collectGarbage', resolve));
  // The callback runs inside the session: disconnect only after it has returned.
  await nextTurn();
  session.disconnect();
}
