import type { SettleBatchResult } from '../domain/settlement';
import { clearSettling, findSettling, holdLinedUp, type Settling } from '../store/subscriptions/settling';
import { OpenCanceller } from './cancel-open';
import type { ActivityDeps } from './deps';
import { createReleaseHeld } from './release-held';
import { createReschedule } from './reschedule';
import { createWakeLine } from './wake-line';

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
  const { db } = deps;
  const releaseHeld = createReleaseHeld(deps);
  const wakeLine = createWakeLine(deps);
  const reschedule = createReschedule(deps);
  const canceller = new OpenCanceller(deps);

  /** @returns whether notifications may be left */
  async function settle(subscriptionId: string, { customerId, deleted, status, since }: Settling): Promise<boolean> {
    if (deleted) return canceller.cancelAll({ customerId, subscriptionId });
    if (status === 'enabled') return releaseHeld(subscriptionId, since);
    // If it was enabled meanwhile, the next batch releases what this one held.
    return holdLinedUp(db, subscriptionId);
  }

  return async function settleBatch({ subscriptionId }) {
    const settling = await findSettling(db, subscriptionId);
    if (!settling) return { done: true };
    const isLeft = await settle(subscriptionId, settling);
    const waiting = settling.deleted ? [] : [await wakeLine(subscriptionId)];
    if (settling.rescheduling) waiting.push(await reschedule(subscriptionId));
    const waitSeconds = waiting.flatMap((result) => (result.done ? [] : (result.waitSeconds ?? 0)));
    if (isLeft) return { done: false };
    if (settling.since === null)
      return waitSeconds.length === 0 ? { done: true } : { done: false, waitSeconds: Math.min(...waitSeconds) };
    await clearSettling(db, subscriptionId, settling.since);
    return { done: false, waitSeconds: Math.min(STRAGGLER_SECONDS, ...waitSeconds) };
  };
}
