import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../store/db/database';
import { hasMovedOn } from '../store/subscriptions/settling';

/** A notification gets this long for its attempt before the next one follows: order where the receiver is quick, progress where not. */
const ORDER_WINDOW_MS = 1000;
const POLL_MS = 20;

/** Waits for the attempt of a notification that was just let go, so that the next one comes after it. @returns whether it was made in time */
export async function awaitAttempt(db: Database, notificationId: string): Promise<boolean> {
  const until = Date.now() + ORDER_WINDOW_MS;
  while (Date.now() < until) {
    if (await hasMovedOn(db, notificationId)) return true;
    await sleep(POLL_MS);
  }
  return false;
}
