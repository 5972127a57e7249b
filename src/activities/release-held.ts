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
  releasePage,
  type ReleasedNotification,
} from '../store/subscriptions/releasing';
import type { ActivityDeps } from './deps';

const PAGE = 200;
/** The next page follows when fewer of the last one wait for their first attempt. */
const PENDING_BEFORE_NEXT_PAGE = PAGE / 2;
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
      await control.release(notification);
      Context.current().heartbeat();
    });
    if (withWorkflow.length > 0 && claimed.length > 0)
      await begun(withWorkflow.map(({ notificationId }) => notificationId));
    launchReleased(claimed, claimedAt);
  }

  /** Waits until the workflows have begun their attempts, for a moment. */
  async function begun(notificationIds: readonly string[]): Promise<void> {
    const until = performance.now() + BEGIN_MS;
    while (performance.now() < until && (await countNotBegun(db, notificationIds)) > 0) await sleep(PACE_POLL_MS);
  }

  /** Waits until the receiver has answered most of a page, or the time is over. */
  async function pace(page: readonly ReleasedNotification[], until: number): Promise<void> {
    const ids = page.flatMap(({ claimed, notificationId }) => (claimed ? [notificationId] : []));
    if (ids.length <= PENDING_BEFORE_NEXT_PAGE) return;
    while (performance.now() < until && (await countPending(db, ids)) > PENDING_BEFORE_NEXT_PAGE) {
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
    let isOpen = false;
    do {
      const claimedAt = performance.now();
      const page = await releasePage(db, subscriptionId, headStarts.processId, PAGE);
      await start(page, claimedAt);
      if (page.length < PAGE) {
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
      await pace(page, until);
    } while (performance.now() < until);
    return true;
  };
}
