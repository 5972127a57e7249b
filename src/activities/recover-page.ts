import { Context } from '@temporalio/activity';
import type { RecoverPageResult, RecoverSubscriptionInput } from '../domain/recovery';
import { closeRecovery, findTask, retryForRecovery } from '../store/notifications/recoveries';
import type { ActivityDeps } from './deps';
import { awaitAttempt } from './await-attempt';

/** A page is what the rate allows in so many seconds: a cancellation is never far away, and a crash costs little. */
const PAGE_SECONDS = 5;
const MAX_PAGE = 100;
const DONE: RecoverPageResult = { done: true, waitSeconds: 0 };

/**
 * The activity `recoverPage`: retries the next failed notifications of a recovery, one after the other, as
 * `POST /v1/notifications/:id/retry` does, no faster than its rate.
 */
export function createRecoverPage(deps: ActivityDeps): (input: RecoverSubscriptionInput) => Promise<RecoverPageResult> {
  const { db, control } = deps;

  return async function recoverPage({ recoveryId }) {
    const context = Context.current();
    const task = await findTask(db, recoveryId, MAX_PAGE);
    if (!task) return DONE;
    if (task.subscriptionDeleted || task.notificationIds.length === 0) {
      await closeRecovery(db, recoveryId, task.subscriptionDeleted ? 'failed' : 'completed');
      return DONE;
    }
    const page = task.notificationIds.slice(0, Math.max(1, Math.floor(task.ratePerSecond * PAGE_SECONDS)));
    let turnAt = performance.now();
    let inOrder = true;
    for (const notificationId of page) {
      const leftMs = turnAt - performance.now();
      if (leftMs > 0) await context.sleep(leftMs);
      const notification = await retryForRecovery(db, recoveryId, notificationId);
      if (notification === 'stopped') return { done: false, waitSeconds: 0 };
      if (notification) {
        // Whoever was slow does not catch up by being fast: each turn counts from the one before as it really was.
        turnAt = performance.now() + 1000 / task.ratePerSecond;
        await control.retry(notification);
        // A slow receiver costs its order, and not more than one wait a page.
        if (inOrder) inOrder = await awaitAttempt(db, notificationId);
      }
      context.heartbeat();
    }
    return { done: false, waitSeconds: Math.max(0, turnAt - performance.now()) / 1000 };
  };
}
