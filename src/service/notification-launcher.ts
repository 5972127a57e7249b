import type { HeadStarts } from '../attempts/head-start/head-starts';
import type { NotificationLauncher } from '../api/ports';
import type { NotificationRef } from '../domain/delivery';
import type { WorkflowStarter } from '../temporal/workflow-starter';

/**
 * Launches accepted notifications: queues the start of each workflow, and immediately begins the
 * first attempts that this process has claimed.
 */
export function createNotificationLauncher(
  workflowStarter: WorkflowStarter,
  headStarts: HeadStarts,
): NotificationLauncher {
  return {
    processId: headStarts.processId,
    get hasRoom() {
      return workflowStarter.hasRoom;
    },
    launch(notifications) {
      const workflowIds = workflowStarter.enqueue(
        notifications.map(({ notification, delivery }) => ({ ...notification, hasHeadStart: delivery !== null })),
      );
      headStarts.begin(
        notifications.flatMap(({ notification, delivery, claimedAt }, index) => {
          const { notificationId, subscriptionId, schedule } = notification;
          const workflowId = workflowIds[index]!;
          return delivery
            ? [{ notificationId, subscriptionId, schedule, workflowId, claimedAt, accepted: delivery }]
            : [];
        }),
      );
    },
  };
}

/** Launches notifications that were released by this process, which has claimed their first attempts. */
export function createReleaseLauncher(
  workflowStarter: Pick<WorkflowStarter, 'enqueue'>,
  headStarts: Pick<HeadStarts, 'begin'>,
): (notifications: readonly NotificationRef[], claimedAt: number) => void {
  return (notifications, claimedAt) => {
    const workflowIds = workflowStarter.enqueue(
      notifications.map((notification) => ({ ...notification, hasHeadStart: true })),
    );
    headStarts.begin(
      notifications.map((notification, index) => ({ ...notification, workflowId: workflowIds[index]!, claimedAt })),
    );
  };
}
