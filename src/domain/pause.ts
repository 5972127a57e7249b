/** Pauses are this much shorter: as long as Temporal answers quickly, none is made. */
const QUICK_MS = 15;
const MAX_PAUSE_MS = 500;

/**
 * The pause after a call to Temporal in the background, so that it leaves most of a busy Temporal
 * to others.
 *
 * @param tookMs - how long the call took, in milliseconds
 * @param times - how many times as long the pause is
 * @returns in milliseconds, at most 500
 */
export function pauseAfterMs(tookMs: number, times = 1): number {
  return Math.min(MAX_PAUSE_MS, Math.max(0, times * tookMs - QUICK_MS));
}
