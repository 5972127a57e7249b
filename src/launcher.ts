import type { HeadStarts } from './activities/head-starts';
import type { Launcher } from './api/ports';
import type { Starter } from './temporal/starter';

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
        notifications.flatMap(({ notification: { schedule }, delivery, claimedAt }, index) =>
          delivery ? [{ delivery, schedule, workflowId: workflowIds[index]!, claimedAt }] : [],
        ),
      );
    },
  };
}
