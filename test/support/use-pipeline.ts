import { notificationWorkflowId, type Notification } from '../../src/domain/types';
import { attemptsOf } from '../../src/store/notifications/attempts';
import { findNotification } from '../../src/store/notifications/notifications';
import { useReceiver } from './receiver';
import { startPipeline, type Pipeline } from './pipeline';
import { connectTestTemporal } from './temporal';
import { until } from './until';

/**
 * Registers the hooks of a pipeline for the tests of a file, with a new receiver for each test.
 *
 * @returns both, and helpers to look at notifications
 */
export function usePipeline(options: Parameters<typeof startPipeline>[1] = {}) {
  let temporal: Awaited<ReturnType<typeof connectTestTemporal>>;
  let pipeline: Pipeline;
  beforeAll(async () => {
    temporal = await connectTestTemporal();
    pipeline = await startPipeline(temporal, options);
  });
  afterAll(async () => {
    await pipeline?.stop();
    await temporal?.close();
  });

  const find = async (id: string): Promise<Notification> => (await findNotification(pipeline.db, id, {}))!;
  /** The workflow of a notification outside a burst. */
  const workflow = (id: string) => temporal.client.workflow.getHandle(notificationWorkflowId(id));
  return {
    get pipeline() {
      return pipeline;
    },
    receiver: useReceiver(),
    find,
    /** Waits until a notification has a status. @returns the notification */
    reaches: (id: string, wanted: string) =>
      until(
        () => find(id),
        ({ status }) => status === wanted,
      ),
    workflow,
    /** Waits until the workflow of a notification has ended. */
    closes: (id: string) =>
      until(
        () => workflow(id).describe(),
        ({ status }) => status.name !== 'RUNNING',
      ),
    /** What the attempts of a notification were made for, in order. */
    triggers: async (id: string) => (await attemptsOf(pipeline.db, id)).map(({ trigger }) => trigger),
  };
}
