import type { HeadStarts } from '../../src/attempts/head-start/head-starts';
import { decodeId } from '../../src/domain/ids';
import { notificationWorkflowId } from '../../src/domain/types';
import { acceptEvents } from '../../src/store/notifications/accept';
import { eventFor, type Seeded } from './seed';
import { usePipeline } from './use-pipeline';
import { headStartDelivery } from '../../src/domain/head-start';
import type { AcceptedNotification } from '../../src/domain/acceptance';

/**
 * An accepted notification, claimed by a process if a claim was possible, without an attempt so
 * far.
 */
export interface Claimed {
  notification: AcceptedNotification;
  /** Makes the first attempt. */
  begin(by: HeadStarts, workflowId?: string): void;
}

/** A pipeline, with the steps that tests of head starts and bursts share. */
export function useFirstAttempts() {
  const on = usePipeline();
  return Object.assign(on, {
    /** The id of the process that the worker runs in. */
    mine: () => on.pipeline.headStarts.processId,
    /** Accepts an event on behalf of a process, which claims the notification if it can. */
    async accept(seeded: Seeded, processId: string): Promise<Claimed> {
      const event = eventFor(seeded);
      const claimedAt = performance.now();
      const [result] = await acceptEvents(on.pipeline.db, [event], processId);
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
    /** Makes the claim of a notification lapse. */
    lapse: (id: string) =>
      on.pipeline.db.query({
        text: "update notifications set claimed_until = now() - interval '1 ms' where id = $1",
        values: [decodeId('ntf', id)],
      }),
  });
}
