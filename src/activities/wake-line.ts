import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { eachConcurrently } from '../domain/concurrency';
import { SIGNAL_CONCURRENCY, type SettleBatchResult } from '../domain/settlement';
import {
  countInLine,
  endWake,
  findWake,
  listLine,
  noteWoken,
  showDue,
  type LinedUp,
  type Wake,
} from '../store/subscriptions/rate-wakes';
import type { ActivityDeps } from './deps';

const PAGE = 200;
const SHORT_LINE = 20;
/**
 * Notifications that are due now are woken in groups of this size: the next one when half of the
 * last has had its turn. More would only wait for each other, in slots.
 */
const GROUP = 10;
const GROUP_POLL_MS = 50;
/** How long a group is waited for. Some may be late, or have left the line. */
const GROUP_MS = 3000;
/** A batch ends after this time, so that it occupies no slot while others wait for one. */
const BATCH_MS = 10_000;
/** Those due later than this ask once, and sleep until then. */
const DUE_SOON_MS = 1000;
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
  /** Waits until most of a group have had their turn. */
  async function served(group: readonly LinedUp[]): Promise<void> {
    if (group.at(-1)!.dueInMs > DUE_SOON_MS) return;
    const ids = group.map(({ notificationId }) => notificationId);
    const until = performance.now() + GROUP_MS;
    while (performance.now() < until && (await countInLine(db, ids)) > GROUP / 2) {
      Context.current().heartbeat();
      await sleep(GROUP_POLL_MS);
    }
  }

  /** The limit may be changed again, or the subscription deleted. */
  async function isCurrent(subscriptionId: string, { since }: Wake): Promise<boolean> {
    return (await findWake(db, subscriptionId))?.since.getTime() === since.getTime();
  }

  return async function wakeLine(subscriptionId) {
    const until = performance.now() + BATCH_MS;
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
      for (let begin = 0; begin < asleep.length && (await isCurrent(subscriptionId, wake)); begin += GROUP) {
        const group = asleep.slice(begin, begin + GROUP);
        await eachConcurrently(group, concurrency, (waiting) => control.release(waiting));
        Context.current().heartbeat();
        if (begin + GROUP >= asleep.length) break;
        await served(group);
        if (performance.now() < until) continue;
        await noteWoken(db, subscriptionId, wake, group.at(-1)!.seq);
        return { done: false };
      }
      if (now.length > 0) await noteWoken(db, subscriptionId, wake, now.at(-1)!.seq);
      if (tooEarly >= 0) return { done: false, waitSeconds: (line[tooEarly]!.dueInMs - AHEAD_MS / 2) / 1000 };
      if (line.length < PAGE) await endWake(db, subscriptionId, wake);
      else if (performance.now() > until) return { done: false };
    }
  };
}

/**
 * Its workflow sleeps beyond the time at which it is due now. One that has not asked yet will ask.
 */
function sleepsTooLong({ dueInMs, wakesInMs }: LinedUp): boolean {
  return wakesInMs !== null && wakesInMs > dueInMs + TOLERANCE_MS;
}
