import type { HeadStarts } from '../../src/activities/head-starts';
import { decodeId } from '../../src/domain/ids';
import { notificationWorkflowId, type Notification } from '../../src/domain/types';
import { acceptEvents, headStartDelivery, type AcceptedNotification } from '../../src/store/accept';
import { findNotification } from '../../src/store/notifications';
import { startReceiver, type Receiver } from './receiver';
import { eventFor, type Seeded } from './seed';
import { startSpine, type Spine } from './spine';
import { connectTestTemporal } from './temporal';
import { until } from './until';

/** A notification that a process claimed, if it could, and has not attempted yet. */
export interface Claimed {
  notification: AcceptedNotification;
  /** Makes the first attempt. */
  begin(by: HeadStarts, workflowId?: string): void;
}

/**
 * Registers the hooks that bring up what tests of head starts and bursts need, with a receiver for each test. @returns that, the steps that they
 * take on it, and what they look at afterwards
 */
export function useFirstAttempts() {
  let temporal: Awaited<ReturnType<typeof connectTestTemporal>>;
  let spine: Spine;
  let receiver: Receiver;
  beforeAll(async () => {
    temporal = await connectTestTemporal();
    spine = await startSpine(temporal);
  });
  afterAll(async () => {
    await spine?.stop();
    await temporal?.close();
  });
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  const find = async (id: string): Promise<Notification> => (await findNotification(spine.db, id, {}))!;
  return {
    get spine() {
      return spine;
    },
    get receiver() {
      return receiver;
    },
    /** Names the process that the worker runs in. */
    mine: () => spine.headStarts.processId,
    /** Accepts an event as a process would, which claims what it can. */
    async accept(seeded: Seeded, processId: string): Promise<Claimed> {
      const event = eventFor(seeded);
      const claimedAt = performance.now();
      const [result] = await acceptEvents(spine.db, [event], processId);
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
    find,
    reaches: (id: string, wanted: string) =>
      until(
        () => find(id),
        ({ status }) => status === wanted,
      ),
    workflow: (id: string) => temporal.client.workflow.getHandle(notificationWorkflowId(id)),
    /** As if the time of a claim had run out. */
    lapse: (id: string) =>
      spine.db.query({
        text: "update notifications set claimed_until = now() - interval '1 ms' where id = $1",
        values: [decodeId('ntf', id)],
      }),
  };
}
