import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { controlTaskQueue } from './control-queue';

/** Daily maintenance of the database, started by a Temporal schedule. */
export async function maintain(): Promise<void> {
  const activities = proxyActivities<Activities>({
    taskQueue: controlTaskQueue(),
    startToCloseTimeout: '10 min',
    retry: { initialInterval: '10 s', backoffCoefficient: 2, maximumInterval: '10 min' },
  });
  await activities.maintain();
}
