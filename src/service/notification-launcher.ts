import type { HeadStart, HeadStarts } from '../attempts/head-start/head-starts';
import type { NotificationLauncher, NotificationToLaunch } from '../api/ports';
import type { NotificationRef } from '../domain/delivery';
import type { HeadStartDelivery } from '../domain/head-start';
import { NO_TRACING, type Tracing } from '../process/tracing';
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
  tracing: Tracing = NO_TRACING,
): NotificationLauncher {
  return {
    processId: headStarts.processId,
    hasRoom: (customerId, notifications) => workflowStarter.hasRoom(customerId ?? EVERYBODY, notifications),
    launch(notifications) {
      // Launched work outlives the request, and is made together with that of other requests.
      tracing.continue(undefined, () => {
        const workflowIds = workflowStarter.enqueue(
          notifications.map(({ notification, delivery }) => ({ ...notification, hasHeadStart: delivery !== null })),
        );
        headStarts.begin(
          notifications.flatMap(({ notification, delivery, claimedAt }, index) => {
            return delivery ? [headStartOf(notification, workflowIds[index]!, claimedAt, delivery)] : [];
          }),
        );
      });
    },
  };
}

function headStartOf(
  { notificationId, subscriptionId, customerId, host }: NotificationToLaunch['notification'],
  workflowId: string,
  claimedAt: number,
  accepted: HeadStartDelivery,
): HeadStart {
  return { notificationId, subscriptionId, customerId, host, workflowId, claimedAt, accepted };
}

/**
 * Launches notifications that were released by this process, which has claimed their first
 * attempts.
 */
export function createReleaseLauncher(
  workflowStarter: Pick<WorkflowStarter, 'enqueue'>,
  headStarts: Pick<HeadStarts, 'begin'>,
  tracing: Tracing = NO_TRACING,
): (notifications: readonly NotificationRef[], claimedAt: number) => void {
  return (notifications, claimedAt) => {
    tracing.continue(undefined, () => {
      const workflowIds = workflowStarter.enqueue(
        notifications.map((notification) => ({ ...notification, hasHeadStart: true })),
      );
      headStarts.begin(
        notifications.map((notification, index) => ({ ...notification, workflowId: workflowIds[index]!, claimedAt })),
      );
    });
  };
}

/** Queues the starts of workflows of notifications without a head start. */
export function createStarter(
  workflowStarter: Pick<WorkflowStarter, 'enqueue'>,
): (notifications: readonly NotificationRef[]) => void {
  return (notifications) =>
    void workflowStarter.enqueue(notifications.map((notification) => ({ ...notification, hasHeadStart: false })));
}
