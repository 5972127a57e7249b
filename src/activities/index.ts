import type { RecoverSubscriptionInput } from '../domain/recovery';
import { closeRecovery } from '../store/notifications/recoveries';
import { createMaintain } from './maintain';
import { createAwaitBurst } from './await-burst';
import { createCancelNotification } from './cancel-notification';
import { createDeliver } from './deliver';
import type { ActivityDeps } from './deps';
import { createEraseBatch } from './erase-batch';
import { createRecoverPage } from './recover-page';
import { createSettleBatch } from './settle-batch';

/** Creates the activities of the worker. Their names are wire names and never change meaning. */
export function createActivities(deps: ActivityDeps) {
  return {
    /** Makes one attempt and records it. */
    deliver: createDeliver(deps),

    /** Awaits the first attempts of many notifications. */
    awaitBurst: createAwaitBurst(deps),

    /** Records that a notification was cancelled, unless it is closed or was reopened. */
    cancelNotification: createCancelNotification(deps),

    /** Settles one batch of a subscription's notifications. */
    settleBatch: createSettleBatch(deps),

    /** Retries the next failed notifications of a recovery. */
    recoverPage: createRecoverPage(deps),

    /** Records that a recovery was cancelled, unless it has ended. */
    async cancelRecovery({ recoveryId }: RecoverSubscriptionInput): Promise<void> {
      await closeRecovery(deps.db, recoveryId, 'cancelled');
    },

    /** Erases more of a customer. */
    eraseBatch: createEraseBatch(deps),

    /** Daily maintenance: creates partitions for the days ahead and removes what has expired. */
    maintain: createMaintain(deps),
  };
}

/** The activities as workflows call them. */
export type Activities = ReturnType<typeof createActivities>;
