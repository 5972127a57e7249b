import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { SLOW_TASK_QUEUE_SUFFIX } from '../domain/delivery';

/** Daily maintenance of the database, started by a Temporal schedule. */
export async function maintain(): Promise<void> {
  const activities = proxyActivities<Activities>({
    taskQueue: workflowInfo().taskQueue + SLOW_TASK_QUEUE_SUFFIX,
    startToCloseTimeout: '10 min',
    retry: { initialInterval: '10 s', backoffCoefficient: 2, maximumInterval: '10 min' },
  });
  await activities.maintain();
}
