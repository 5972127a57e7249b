import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { NotificationRef } from '../domain/delivery';
import {
  cancelOpen,
  clearSettling,
  findSettling,
  listHeld,
  markSettling,
  releaseHeld,
} from '../store/subscriptions/settling';
import type { ActivityDeps } from './deps';
import { awaitAttempt } from './await-attempt';

const BATCH = 50;
/**
 * An accept that read the old status may still be running when the last notification is released.
 */
const STRAGGLER_MS = 2000;

/**
 * Creates the activity `settleBatch`, which settles one batch of a subscription's notifications.
 */
export function createSettleBatch(
  deps: ActivityDeps,
): (input: { subscriptionId: string }) => Promise<{ done: boolean }> {
  const { db } = deps;

  async function cancelAll(subscriptionId: string): Promise<number> {
    const cancelled = await cancelOpen(db, subscriptionId, BATCH);
    for (const notificationId of cancelled) {
      await deps.control.cancel(notificationId);
      Context.current().heartbeat();
    }
    return cancelled.length;
  }

  async function release(notification: NotificationRef): Promise<void> {
    if (!(await releaseHeld(db, notification.notificationId))) return;
    await deps.control.release(notification);
    await awaitAttempt(db, notification.notificationId);
    Context.current().heartbeat();
  }

  return async function settleBatch({ subscriptionId }) {
    const settling = await findSettling(db, subscriptionId);
    if (!settling) return { done: true };
    if (settling.deleted) {
      if ((await cancelAll(subscriptionId)) > 0) return { done: false };
    } else if (settling.status === 'enabled') {
      const held = await listHeld(db, subscriptionId, BATCH);
      for (const notification of held) await release(notification);
      if (held.length > 0) return { done: false };
    }
    await clearSettling(db, subscriptionId, settling.since);
    await sleep(STRAGGLER_MS);
    const more = await markSettling(db, { subscriptionId });
    return { done: more.length === 0 };
  };
}
