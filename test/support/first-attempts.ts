import type { HeadStarts } from '../../src/attempts/head-start/head-starts';
import { decodeId } from '../../src/domain/ids';
import { notificationWorkflowId } from '../../src/domain/types';
import { acceptEvents } from '../../src/store/notifications/accept';
import { eventFor, type Seeded } from './seed';
import { useSpine } from './use-spine';
import { headStartDelivery } from '../../src/domain/head-start';
import type { AcceptedNotification } from '../../src/domain/acceptance';

/** A notification that a process claimed, if it could, and has not attempted yet. */
export interface Claimed {
  notification: AcceptedNotification;
  /** Makes the first attempt. */
  begin(by: HeadStarts, workflowId?: string): void;
}

/** What `useSpine` gives, and the steps that tests of head starts and bursts take on it. */
export function useFirstAttempts() {
  const on = useSpine();
  return Object.assign(on, {
    /** Names the process that the worker runs in. */
    mine: () => on.spine.headStarts.processId,
    /** Accepts an event as a process would, which claims what it can. */
    async accept(seeded: Seeded, processId: string): Promise<Claimed> {
      const event = eventFor(seeded);
      const claimedAt = performance.now();
      const [result] = await acceptEvents(on.spine.db, [event], processId);
      if (result?.kind !== 'accepted') throw new Error('not accepted');
      const notification = result.notifications[0]!;
      return {
        notification,
        begin(by, workflowId = notificationWorkflowId(notification.notificationId)) {
          const accepted = headStartDelivery(event, notification)!;
          by.begin([{ ...notification, workflowId, claimedAt, accepted }]);
        },
      };
    },
    /** As if the time of a claim had run out. */
    lapse: (id: string) =>
      on.spine.db.query({
        text: "update notifications set claimed_until = now() - interval '1 ms' where id = $1",
        values: [decodeId('ntf', id)],
      }),
  });
}
