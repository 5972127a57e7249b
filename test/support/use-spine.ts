import { notificationWorkflowId, type Notification } from '../../src/domain/types';
import { findNotification } from '../../src/store/notifications/notifications';
import { startReceiver, type Receiver } from './receiver';
import { startSpine, type Spine } from './spine';
import { connectTestTemporal } from './temporal';
import { until } from './until';

/**
 * Registers the hooks that bring up a spine for the tests of a file, and a receiver for each of them. @returns both, and what tests look at on them
 */
export function useSpine(options: Parameters<typeof startSpine>[1] = {}) {
  let temporal: Awaited<ReturnType<typeof connectTestTemporal>>;
  let spine: Spine;
  let receiver: Receiver;
  beforeAll(async () => {
    temporal = await connectTestTemporal();
    spine = await startSpine(temporal, options);
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
    find,
    /** Waits until a notification has a status. @returns it as it is then */
    reaches: (id: string, wanted: string) =>
      until(
        () => find(id),
        ({ status }) => status === wanted,
      ),
    /** The workflow of a notification of its own. */
    workflow: (id: string) => temporal.client.workflow.getHandle(notificationWorkflowId(id)),
  };
}
