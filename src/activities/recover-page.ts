import type { RecoverPageResult, RecoverSubscriptionInput } from '../domain/recovery';
import { findFilterTask } from '../store/notifications/filter-recoveries';
import { closeRecovery, findTask, retryForRecovery } from '../store/notifications/recoveries';
import type { ActivityDeps } from './deps';
import { awaitAttempt } from './await-attempt';
import { recoverByFilter } from './recover-by-filter';
import { changeInTurn, MAX_PAGE, pageSize } from './recovery-pace';

const DONE: RecoverPageResult = { done: true, waitSeconds: 0 };

/**
 * Creates the activity `recoverPage`. It retries the next failed notifications of a recovery in
 * turn, at most at its rate, in the same way as `POST /v1/notifications/:id/retry`.
 */
export function createRecoverPage(deps: ActivityDeps): (input: RecoverSubscriptionInput) => Promise<RecoverPageResult> {
  const { db, control } = deps;

  return async function recoverPage({ recoveryId }) {
    const byFilter = await findFilterTask(db, recoveryId);
    if (byFilter) return recoverByFilter(deps, recoveryId, byFilter);
    const task = await findTask(db, recoveryId, MAX_PAGE);
    if (!task) return DONE;
    if (task.subscriptionDeleted || task.notificationIds.length === 0) {
      await closeRecovery(db, recoveryId, task.subscriptionDeleted ? 'failed' : 'completed');
      return DONE;
    }
    const page = task.notificationIds.slice(0, pageSize(task.ratePerSecond));
    let inOrder = true;
    return changeInTurn(page, task.ratePerSecond, async (notificationId) => {
      const notification = await retryForRecovery(db, recoveryId, notificationId);
      if (notification === undefined || notification === 'stopped') return notification;
      return async () => {
        await control.retry(notification, { reopened: true, attempts: notification.attempts });
        // After one attempt that does not end in time, the page no longer waits: a slow receiver
        // delays it once, and the order is no longer guaranteed.
        if (inOrder) inOrder = await awaitAttempt(db, notificationId);
      };
    });
  };
}
