import { Context } from '@temporalio/activity';
import type { RecoverPageResult } from '../domain/recovery';

/**
 * Period that one page covers: its size is the rate times this period. It is short, because the
 * workflow sees a cancellation only after the current page, and so that a crash loses little time.
 */
const PAGE_SECONDS = 5;
export const MAX_PAGE = 100;

/** Notifications of one page at a rate. */
export const pageSize = (ratePerSecond: number) =>
  Math.min(MAX_PAGE, Math.max(1, Math.floor(ratePerSecond * PAGE_SECONDS)));

/**
 * Changes the notifications of a page in turn, at most at the rate of their recovery.
 *
 * @param change - changes one, and returns what to do then. `stopped`: the recovery is not running.
 *   Undefined: it was not changed, which takes no turn
 */
export async function changeInTurn<T>(
  page: readonly T[],
  ratePerSecond: number,
  change: (item: T) => Promise<(() => Promise<unknown>) | 'stopped' | undefined>,
): Promise<RecoverPageResult> {
  const context = Context.current();
  let turnAt = performance.now();
  for (const item of page) {
    const leftMs = turnAt - performance.now();
    if (leftMs > 0) await context.sleep(leftMs);
    const then = await change(item);
    if (then === 'stopped') return { done: false, waitSeconds: 0 };
    if (then) {
      // The next turn counts from now. A delay must not be followed by a faster rate to catch up.
      turnAt = performance.now() + 1000 / ratePerSecond;
      await then();
    }
    context.heartbeat();
  }
  return { done: false, waitSeconds: Math.max(0, turnAt - performance.now()) / 1000 };
}
