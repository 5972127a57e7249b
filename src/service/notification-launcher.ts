import type { HeadStart, HeadStarts } from '../attempts/head-start/head-starts';
import type { NotificationLauncher, NotificationToLaunch } from '../api/ports';
import type { HeadStartDelivery } from '../domain/head-start';
import type { WorkflowStarter } from '../temporal/workflow-starter';

/** Stands for all customers of an event without a customer. No customer id is empty. */
const EVERYBODY = '';

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
    hasRoom: (customerId, notifications) => workflowStarter.hasRoom(customerId ?? EVERYBODY, notifications),
    launch(notifications) {
      const workflowIds = workflowStarter.enqueue(
        notifications.map(({ notification, delivery }) => ({ ...notification, hasHeadStart: delivery !== null })),
      );
      headStarts.begin(
        notifications.flatMap(({ notification, delivery, claimedAt }, index) => {
          return delivery ? [headStartOf(notification, workflowIds[index]!, claimedAt, delivery)] : [];
        }),
      );
    },
  };
}

function headStartOf(
  { notificationId, subscriptionId, customerId, schedule, host }: NotificationToLaunch['notification'],
  workflowId: string,
  claimedAt: number,
  accepted: HeadStartDelivery,
): HeadStart {
  return { notificationId, subscriptionId, customerId, schedule, host, workflowId, claimedAt, accepted };
}
