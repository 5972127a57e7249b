import { Context } from '@temporalio/activity';
import { type SettleBatchResult } from '../domain/settlement';
import {
  cancelOpen,
  clearSettling,
  endChecks,
  findSettling,
  listOpen,
  type Settling,
} from '../store/subscriptions/settling';
import type { ActivityDeps } from './deps';
import type { PacedQueue } from './paced-queue';
import { createReleaseHeld } from './release-held';
import { createWakeLine } from './wake-line';

const CANCEL_PAGE = 1000;
const HEARTBEAT_INTERVAL_MS = 10_000;
/** How long a batch signals the workflows of what it cancelled. */
const SIGNAL_MS = 300_000;
/** A signal costs Temporal far less than what its workflow does then. */
const PAUSES_AFTER_CANCEL = 4;
/**
 * An accept that read the old status may still be running when the last notification is released.
 */
const STRAGGLER_SECONDS = 2;

/**
 * Creates the activity `settleBatch`, which settles one batch of a subscription's notifications.
 */
export function createSettleBatch(
  deps: ActivityDeps,
  paced: PacedQueue,
): (input: { subscriptionId: string }) => Promise<SettleBatchResult> {
  const { db, control } = deps;
  const releaseHeld = createReleaseHeld(deps);
  const wakeLine = createWakeLine(deps);

  /**
   * The record comes first, so it never waits for Temporal. Nobody waits for the signals after
   * that, each of which wakes a workflow: they are sent one by one. The reconciler sends those that
   * are left after five minutes, or after a crash.
   */
  async function cancelAll(subscriptionId: string, customerId: string): Promise<boolean> {
    const open: string[] = [];
    for (let page = await listOpen(db, subscriptionId, CANCEL_PAGE); page.length > 0;) {
      await cancelOpen(db, page);
      open.push(...page);
      page = await listOpen(db, subscriptionId, CANCEL_PAGE);
    }
    const context = Context.current();
    const heartbeat = setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
    const until = performance.now() + SIGNAL_MS;
    try {
      for (const notificationId of open) {
        if (performance.now() > until) break;
        await paced.run(`cancel ${customerId}`, () => control.cancel(notificationId), PAUSES_AFTER_CANCEL);
        await endChecks(db, [notificationId]);
      }
    } finally {
      clearInterval(heartbeat);
    }
    return open.length > 0;
  }

  /** @returns whether notifications may be left */
  async function settle(subscriptionId: string, { customerId, deleted, status, since }: Settling): Promise<boolean> {
    if (deleted) return cancelAll(subscriptionId, customerId);
    return status === 'enabled' && releaseHeld(subscriptionId, since);
  }

  return async function settleBatch({ subscriptionId }) {
    const settling = await findSettling(db, subscriptionId);
    if (!settling) return { done: true };
    const isLeft = await settle(subscriptionId, settling);
    const wake = settling.deleted ? { done: true } : await wakeLine(subscriptionId);
    if (isLeft) return { done: false };
    if (settling.since === null) return wake;
    await clearSettling(db, subscriptionId, settling.since);
    return { done: false, waitSeconds: Math.min(STRAGGLER_SECONDS, wake.waitSeconds ?? STRAGGLER_SECONDS) };
  };
}
