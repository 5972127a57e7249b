import { pino } from 'pino';
import { BURST_PREFIX } from '../../src/domain/delivery';
import { notificationWorkflowId } from '../../src/domain/types';
import { createNotificationLauncher } from '../../src/service/notification-launcher';
import { createMetrics } from '../../src/process/metrics';
import { acceptEvents } from '../../src/store/notifications/accept';
import { listNotifications } from '../../src/store/notifications/notifications';
import { PacedQueue } from '../../src/process/paced-queue';
import { WorkflowStarter } from '../../src/temporal/workflow-starter';
import { eventFor, seed, type Seeded } from '../support/seed';
import { until } from '../support/until';
import { usePipeline } from '../support/use-pipeline';
import { headStartDelivery } from '../../src/domain/head-start';

/**
 * Which workflow a notification gets: one of its own at a low rate, a shared burst at a high rate.
 */
const on = usePipeline();
let workflowStarter: WorkflowStarter;
afterEach(() => workflowStarter?.close());

function launcherWith(burst: boolean) {
  const options = {
    burst,
    paced: new PacedQueue(),
    whenTakenOver: (id: string) => on.pipeline.headStarts.whenTakenOver(id),
  };
  workflowStarter = new WorkflowStarter(on.pipeline.workflows, options, createMetrics(), pino({ level: 'silent' }));
  return createNotificationLauncher(workflowStarter, on.pipeline.headStarts);
}

/** Accepts events together and launches them. @returns the workflow ids, after all are delivered */
async function deliver(
  launcher: ReturnType<typeof createNotificationLauncher>,
  seeded: Seeded,
  count: number,
): Promise<string[]> {
  const events = Array.from({ length: count }, () => eventFor(seeded));
  const claimedAt = performance.now();
  const results = await acceptEvents(on.pipeline.db, events, launcher.processId);
  launcher.launch(
    results.flatMap((result, index) =>
      result.kind === 'accepted'
        ? result.notifications.map((notification) => ({
            notification,
            delivery: headStartDelivery(events[index]!, notification),
            claimedAt,
          }))
        : [],
    ),
  );
  const { items } = await until(
    () => listNotifications(on.pipeline.db, { customerId: seeded.customerId }, {}, { limit: 200 }),
    ({ items }) => items.length === count && items.every(({ status }) => status === 'delivered'),
  );
  return items.map(({ workflowId }) => workflowId);
}
const ownOf = (workflowIds: string[]) => workflowIds.filter((id) => id.startsWith(notificationWorkflowId('')));
const statusOf = (workflowId: string) =>
  on.pipeline.temporal.client.workflow
    .getHandle(workflowId)
    .describe()
    .then(
      ({ status }) => status.name as string,
      () => 'NOT_FOUND',
    );
/** Waits for a workflow, which may not be started yet, to complete. @returns its result */
async function ended(workflowId: string): Promise<unknown> {
  await until(
    () => statusOf(workflowId),
    (status) => status === 'COMPLETED',
  );
  return on.pipeline.temporal.client.workflow.getHandle(workflowId).result();
}

it('the workflow starter gives a single notification a workflow of its own', async () => {
  const [workflowId] = await deliver(launcherWith(true), await seed(on.pipeline.db, { url: on.receiver.url() }), 1);
  expect(ownOf([workflowId!])).toHaveLength(1);
  expect(await ended(workflowId!)).toMatchObject({ status: 'delivered' });
});

it('the workflow starter gathers notifications that arrive fast into a burst', async () => {
  const workflowIds = await deliver(launcherWith(true), await seed(on.pipeline.db, { url: on.receiver.url() }), 60);
  const bursts = new Set(workflowIds.filter((id) => id.startsWith(BURST_PREFIX)));
  expect(bursts.size).toBe(1);
  expect(await ended([...bursts][0]!)).toEqual({ notifications: 60 - ownOf(workflowIds).length, handedOn: 0 });
});

it('the workflow starter gives each notification its own workflow if bursts are off, at any rate', async () => {
  const workflowIds = await deliver(launcherWith(false), await seed(on.pipeline.db, { url: on.receiver.url() }), 40);
  expect(ownOf(workflowIds)).toHaveLength(40);
  for (const id of workflowIds) expect(await ended(id)).toMatchObject({ status: 'delivered' });
});

it('the workflow starter never adds a notification without a head start to a burst', async () => {
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), rateLimitPerSecond: 1000 });
  expect(ownOf(await deliver(launcherWith(true), seeded, 20))).toHaveLength(20);
});
