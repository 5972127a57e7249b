import { SLOW_ATTEMPT_MS, type RefToStart } from '../domain/delivery';
import { dueAtMs, leadMs, LONG_WAIT_MS, rateIntervalMs } from '../domain/rate-line';
import type { Executor } from '../store/db/database';
import { postponeFirst } from '../store/notifications/transitions';
import { findPlace, readLine, showFirstTurn, withoutGivenUp } from '../store/subscriptions/rate-line';
import type { LaneGate } from './lane-gate';

/** A shorter delay is not worth a statement. */
const MIN_DELAY_MS = 1000;

/**
 * A cancellation does not end a delay, so the workflow of a cancelled notification would stay open
 * for longer. Those whose turn is later ask immediately, and sleep on a timer of their own.
 */
const MAX_LINE_DELAY_MS = 60_000;

/**
 * Plans when the workflow of a notification begins. If its first attempt waits in the line of a
 * rate limit, it begins shortly before its turn, and need not ask twice. If it goes to the slow
 * lane and many start together, most would find no slot, and each would wait, and wake, in
 * Temporal.
 *
 * @returns the milliseconds after which the workflow begins; undefined if none has to be started
 */
export function createStartPlanner(
  db: Executor,
  slowLane: Pick<LaneGate, 'plan'>,
): (notification: RefToStart) => Promise<number | undefined> {
  /** @returns undefined if it is in no line */
  async function planInLine({ notificationId, subscriptionId }: RefToStart): Promise<number | undefined> {
    const place = await findPlace(db, notificationId);
    if (!place) return undefined;
    const intervalMs = rateIntervalMs(place.ratePerSecond);
    const { nowMs, ...line } = await readLine(db, subscriptionId);
    let dueMs = dueAtMs(line, place.seq, intervalMs, nowMs);
    if (dueMs - nowMs > LONG_WAIT_MS) {
      const moved = await withoutGivenUp(db, subscriptionId, line, [notificationId]);
      dueMs = dueAtMs(moved, place.seq, intervalMs, nowMs);
    }
    const delayMs = dueMs - leadMs(intervalMs) - nowMs;
    if (delayMs < MIN_DELAY_MS || delayMs > MAX_LINE_DELAY_MS) return 0;
    return (await showFirstTurn(db, notificationId, place.seq, dueMs)) ? delayMs : 0;
  }

  async function planInSlowLane({ notificationId, customerId, subscriptionId, slow }: RefToStart) {
    const delayMs = slowLane.plan(customerId, subscriptionId, 0, slow ? SLOW_ATTEMPT_MS : 0);
    if (delayMs < MIN_DELAY_MS) return 0;
    const planned = await postponeFirst(db, notificationId, delayMs / 1000);
    if (planned === 'closed') return undefined;
    return planned === 'postponed' ? delayMs : 0;
  }

  return async function planStart(notification) {
    if (notification.hasHeadStart) return 0;
    const inLine = await planInLine(notification);
    if (inLine !== undefined) return inLine;
    return notification.lane === 'fast' ? 0 : planInSlowLane(notification);
  };
}
