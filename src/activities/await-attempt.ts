import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../store/db/database';
import { hasMovedOn } from '../store/subscriptions/settling';

/**
 * Maximum wait for an attempt before the next notification follows. It keeps the order while the
 * receiver is quick, and makes progress while it is slow.
 */
const ORDER_WINDOW_MS = 1000;
const POLL_MS = 20;

/**
 * Waits for the attempt of a notification that was just released or retried, to keep the order.
 *
 * @returns whether it ended in time
 */
export async function awaitAttempt(db: Database, notificationId: string): Promise<boolean> {
  const until = Date.now() + ORDER_WINDOW_MS;
  while (Date.now() < until) {
    if (await hasMovedOn(db, notificationId)) return true;
    await sleep(POLL_MS);
  }
  return false;
}
