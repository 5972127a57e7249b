import { SLOW_ATTEMPT_MS, type NotificationRef } from '../domain/delivery';
import type { Executor } from '../store/db/database';
import { postponeFirst } from '../store/notifications/transitions';
import type { LaneGate } from './lane-gate';

/** A shorter delay is not worth a statement. */
const MIN_DELAY_MS = 1000;

/**
 * Plans the workflow of a notification whose first attempt goes to the slow lane. If many start
 * together, they would find no slot, and each would wait, and wake, in Temporal.
 *
 * @returns the milliseconds after which the workflow begins; undefined if none has to be started
 */
export function createStartPlanner(
  db: Executor,
  slowLane: Pick<LaneGate, 'plan'>,
): (notification: NotificationRef) => Promise<number | undefined> {
  return async function planStart({ notificationId, customerId, subscriptionId, lane, slow }) {
    if (lane === 'fast') return 0;
    const delayMs = slowLane.plan(customerId, subscriptionId, 0, slow ? SLOW_ATTEMPT_MS : 0);
    if (delayMs < MIN_DELAY_MS) return 0;
    const planned = await postponeFirst(db, notificationId, delayMs / 1000);
    if (planned === 'closed') return undefined;
    return planned === 'postponed' ? delayMs : 0;
  };
}
