import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { eachConcurrently } from '../domain/concurrency';
import { SIGNAL_CONCURRENCY } from '../domain/settlement';
import { clearSettling } from '../store/subscriptions/settling';
import {
  countNotBegun,
  countPending,
  endRelease,
  findRelease,
  isSlowWithoutLine,
  releasePage,
  type ReleasedNotification,
} from '../store/subscriptions/releasing';
import type { ActivityDeps } from './deps';

const PAGE = 200;
/**
 * In the slow lane, the workflows of a page begin in any order, and first attempts that find no
 * slot come back later. So pages are small. They double while they begin quickly, and halve when
 * they do not.
 */
const SMALLEST_SLOW_PAGE = 20;
const QUICK_PAGE_MS = 500;
const LONG_PAGE_MS = 1000;
const PACE_POLL_MS = 50;
/** How long a release waits for workflows to begin before it goes on with what has none. */
const BEGIN_MS = 1000;
/** A batch ends after this time, so that a cancellation or a change of the subscription is seen. */
const BATCH_MS = 10_000;
/**
 * New notifications queue behind the held ones until this many times the first backlog was
 * released. A release that is at least twice as fast as new notifications arrive ends before.
 */
const BACKLOGS_BEFORE_OPENING = 2;

/**
 * Creates the release of held notifications: in order of acceptance, with as many in flight as the
 * receiver answers, like notifications that were just accepted.
 *
 * @returns whether notifications may be left
 */
export function createReleaseHeld({
  db,
  control,
  headStarts,
  launchReleased,
}: ActivityDeps): (subscriptionId: string, settlingSince: Date | null) => Promise<boolean> {
  /** Those with a workflow were accepted first, so they begin first. */
  async function start(page: readonly ReleasedNotification[], claimedAt: number): Promise<void> {
    const withWorkflow = page.filter(({ claimed }) => !claimed);
    const claimed = page.filter((notification) => notification.claimed);
    await eachConcurrently(withWorkflow, SIGNAL_CONCURRENCY, async (notification) => {
      // A start waits for the turn; a signal would have all of them ask for it now.
      if (!notification.linedUp || !(await control.start(notification))) await control.release(notification);
      Context.current().heartbeat();
    });
    if (withWorkflow.length > 0 && claimed.length > 0) await begun(idsOf(withWorkflow));
    launchReleased(claimed, claimedAt);
  }

  /** Waits until the workflows have begun their attempts, for a moment. */
  async function begun(notificationIds: readonly string[]): Promise<void> {
    const until = performance.now() + BEGIN_MS;
    while (performance.now() < until && (await countNotBegun(db, notificationIds)) > 0) await sleep(PACE_POLL_MS);
  }

  /**
   * Waits until the receiver has answered half of a page, in the slow lane until half of the
   * attempts have begun, or the time is over.
   */
  async function pace(ids: readonly string[], pendingBeforeNext: number, until: number): Promise<void> {
    if (ids.length <= pendingBeforeNext) return;
    while (performance.now() < until && (await countPending(db, ids)) > pendingBeforeNext) {
      Context.current().heartbeat();
      await sleep(PACE_POLL_MS);
    }
  }

  /** Lets new notifications pass if the release cannot catch up with them. */
  async function openIfOutrun(subscriptionId: string, settlingSince: Date | null): Promise<void> {
    const progress = await findRelease(db, subscriptionId);
    if (progress && progress.released >= BACKLOGS_BEFORE_OPENING * progress.backlog + PAGE)
      await clearSettling(db, subscriptionId, settlingSince);
  }

  return async function releaseHeld(subscriptionId, settlingSince) {
    const until = performance.now() + BATCH_MS;
    let slowPage = SMALLEST_SLOW_PAGE;
    let isOpen = false;
    do {
      const claimedAt = performance.now();
      const isSlow = await isSlowWithoutLine(db, subscriptionId);
      const size = isSlow ? slowPage : PAGE;
      const page = await releasePage(db, subscriptionId, headStarts.processId, size);
      await start(page, claimedAt);
      if (page.length < size) {
        await clearSettling(db, subscriptionId, settlingSince);
        // Another page, for those that were held until just now.
        if (isOpen || page.length === 0) {
          await endRelease(db, subscriptionId);
          return false;
        }
        isOpen = true;
        continue;
      }
      await openIfOutrun(subscriptionId, settlingSince);
      const paced = isSlow ? page : page.filter(({ claimed }) => claimed);
      await pace(idsOf(paced), size / 2, until);
      slowPage = nextSlowPage(slowPage, performance.now() - claimedAt);
    } while (performance.now() < until);
    return true;
  };
}

function idsOf(notifications: readonly ReleasedNotification[]): string[] {
  return notifications.map(({ notificationId }) => notificationId);
}

function nextSlowPage(size: number, tookMs: number): number {
  if (tookMs < QUICK_PAGE_MS) return Math.min(2 * size, PAGE);
  return tookMs > LONG_PAGE_MS ? Math.max(size / 2, SMALLEST_SLOW_PAGE) : size;
}
