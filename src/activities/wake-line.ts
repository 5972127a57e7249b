import { Context } from '@temporalio/activity';
import { eachConcurrently } from '../domain/concurrency';
import { SIGNAL_CONCURRENCY, type SettleBatchResult } from '../domain/settlement';
import { endWake, findWake, listLine, noteWoken, showDue, type LinedUp } from '../store/subscriptions/rate-wakes';
import type { ActivityDeps } from './deps';

const PAGE = 200;
const SHORT_LINE = 20;
/**
 * Notifications are woken this long before they are due, so that a long line is not woken as a
 * crowd.
 */
const AHEAD_MS = 10_000;
/** A notification that wakes by itself at most this much later than it is due is not woken. */
const TOLERANCE_MS = 500;

/**
 * Creates the waking of those that wait for their turn under a rate limit, after it was changed.
 * They ask for their turn again, in order.
 */
export function createWakeLine({ db, control }: ActivityDeps): (subscriptionId: string) => Promise<SettleBatchResult> {
  return async function wakeLine(subscriptionId) {
    for (;;) {
      const wake = await findWake(db, subscriptionId);
      if (!wake) return { done: true };
      const line = await listLine(db, subscriptionId, wake, PAGE);
      const tooEarly = line.findIndex((waiting) => sleepsTooLong(waiting) && waiting.dueInMs > AHEAD_MS);
      const now = tooEarly < 0 ? line : line.slice(0, tooEarly);
      await showDue(db, line);
      const asleep = now.filter(sleepsTooLong);
      // A short line is woken one by one, so that they ask in order.
      const concurrency = asleep.length > SHORT_LINE ? SIGNAL_CONCURRENCY : 1;
      await eachConcurrently(asleep, concurrency, async (waiting) => {
        await control.release(waiting);
        Context.current().heartbeat();
      });
      if (now.length > 0) await noteWoken(db, subscriptionId, wake, now.at(-1)!.seq);
      if (tooEarly >= 0) return { done: false, waitSeconds: (line[tooEarly]!.dueInMs - AHEAD_MS / 2) / 1000 };
      if (line.length < PAGE) await endWake(db, subscriptionId, wake);
    }
  };
}

/**
 * Its workflow sleeps beyond the time at which it is due now. One that has not asked yet will ask.
 */
function sleepsTooLong({ dueInMs, wakesInMs }: LinedUp): boolean {
  return wakesInMs !== null && wakesInMs > dueInMs + TOLERANCE_MS;
}
