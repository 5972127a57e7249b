import type { HeadStarts } from '../attempts/head-start/head-starts';
import type { Launcher } from '../api/ports';
import type { Starter } from '../temporal/starter';

/** Launches accepted notifications: each gets the workflow that looks after it, and the first attempt at once where it is this process's to make. */
export function createLauncher(starter: Starter, headStarts: HeadStarts): Launcher {
  return {
    processId: headStarts.processId,
    get hasRoom() {
      return starter.hasRoom;
    },
    launch(notifications) {
      const workflowIds = starter.enqueue(
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
