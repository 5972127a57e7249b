import { recoveryWorkflowId } from '../../src/domain/recovery';
import { findRecovery, insertRecovery } from '../../src/store/notifications/recoveries';
import { RecoveryWorkflows } from '../../src/temporal/recovery-workflows';
import { setNotification } from '../support/rows';
import { acceptOne, seed } from '../support/seed';
import { until } from '../support/until';
import { usePipeline } from '../support/use-pipeline';

/**
 * A recovery so slow that each page is one notification, with a quarter of an hour between them.
 */
const on = usePipeline();
const SECONDS_BETWEEN = 1000;

async function startSlowRecovery(failed: number): Promise<string> {
  const { subscriptionId, ...seeded } = await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [] });
  for (let index = 0; index < failed; index++) {
    const [notification] = await acceptOne(on.pipeline.db, { ...seeded, subscriptionId });
    await setNotification(on.pipeline.db, notification!.notificationId, "status = 'failed', reconcile_after = null");
  }
  const range = { since: new Date(Date.now() - 3_600_000), until: new Date(Date.now() + 1000) };
  const ratePerSecond = 1 / SECONDS_BETWEEN;
  const { id } = await insertRecovery(on.pipeline.db, { subscriptionId, ...range, ratePerSecond });
  await new RecoveryWorkflows({ use: () => on.pipeline.temporal }, on.pipeline.taskQueue).start(id);
  return id;
}
const workflow = (id: string) => on.pipeline.temporal.client.workflow.getHandle(recoveryWorkflowId(id));
/** Of the timers that the workflow has started, in seconds. */
const waits = async (id: string) =>
  (await workflow(id).fetchHistory()).events!.flatMap(({ timerStartedEventAttributes: timer }) =>
    timer ? Number(timer.startToFireTimeout!.seconds) : [],
  );

it('waits between its pages, and the signal to cancel ends the wait', async () => {
  const id = await startSlowRecovery(2);
  const [seconds] = await until(
    () => waits(id),
    (seen) => seen.length === 1,
  );
  // What the attempt took is part of the time.
  expect(seconds).toBeGreaterThan(SECONDS_BETWEEN / 2);
  expect(seconds).toBeLessThanOrEqual(SECONDS_BETWEEN);
  expect(on.receiver.requests).toHaveLength(1);
  await workflow(id).signal('cancel');
  await until(
    async () => (await findRecovery(on.pipeline.db, id, {}))!,
    ({ status }) => status === 'cancelled',
  );
  expect(on.receiver.requests).toHaveLength(1);
}, 40_000);
