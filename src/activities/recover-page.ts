import { Context } from '@temporalio/activity';
import type { RecoverPageResult, RecoverSubscriptionInput } from '../domain/recovery';
import { closeRecovery, findTask, retryForRecovery } from '../store/notifications/recoveries';
import type { ActivityDeps } from './deps';
import { awaitAttempt } from './await-attempt';

/**
 * Period that one page covers: its size is the rate times this period. It is short, because the
 * workflow sees a cancellation only after the current page, and so that a crash loses little time.
 */
const PAGE_SECONDS = 5;
const MAX_PAGE = 100;
const DONE: RecoverPageResult = { done: true, waitSeconds: 0 };

/**
 * Creates the activity `recoverPage`. It retries the next failed notifications of a recovery in
 * turn, at most at its rate, in the same way as `POST /v1/notifications/:id/retry`.
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
        // The next turn counts from now. A delay must not be followed by a faster rate to catch up.
        turnAt = performance.now() + 1000 / task.ratePerSecond;
        await control.retry(notification, { reopened: true });
        // After one attempt that does not end in time, the page no longer waits: a slow receiver
        // delays it once, and the order is no longer guaranteed.
        if (inOrder) inOrder = await awaitAttempt(db, notificationId);
      }
      context.heartbeat();
    }
    return { done: false, waitSeconds: Math.max(0, turnAt - performance.now()) / 1000 };
  };
}
