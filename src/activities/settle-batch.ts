import { Context } from '@temporalio/activity';
import { eachConcurrently } from '../domain/concurrency';
import { SIGNAL_CONCURRENCY, type SettleBatchResult } from '../domain/settlement';
import {
  cancelOpen,
  clearSettling,
  endChecks,
  findSettling,
  listOpen,
  type Settling,
} from '../store/subscriptions/settling';
import type { ActivityDeps } from './deps';
import { createReleaseHeld } from './release-held';
import { createWakeLine } from './wake-line';

/** Notifications that are recorded as cancelled before their workflows are signalled. */
const CANCEL_PAGE = 1000;
/**
 * An accept that read the old status may still be running when the last notification is released.
 */
const STRAGGLER_SECONDS = 2;

/**
 * Creates the activity `settleBatch`, which settles one batch of a subscription's notifications.
 */
export function createSettleBatch(
  deps: ActivityDeps,
): (input: { subscriptionId: string }) => Promise<SettleBatchResult> {
  const { db, control } = deps;
  const releaseHeld = createReleaseHeld(deps);
  const wakeLine = createWakeLine(deps);

  /** The record comes first, so it never waits for Temporal. Signals that a crash loses are repeated. */
  async function cancelAll(subscriptionId: string): Promise<boolean> {
    const open = await listOpen(db, subscriptionId, CANCEL_PAGE);
    await cancelOpen(db, open);
    await eachConcurrently(open, SIGNAL_CONCURRENCY, async (notificationId) => {
      await control.cancel(notificationId);
      Context.current().heartbeat();
    });
    await endChecks(db, open);
    return open.length > 0;
  }

  /** @returns whether notifications may be left */
  async function settle(subscriptionId: string, { deleted, status, since }: Settling): Promise<boolean> {
    if (deleted) return cancelAll(subscriptionId);
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
