import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { SLOW_TASK_QUEUE_SUFFIX } from '../domain/delivery';

/** Input of the workflow `settleSubscription`. */
export interface SettleSubscriptionInput {
  subscriptionId: string;
}

/** Keeps histories small: after this many batches the workflow continues as a new run. */
const BATCHES_PER_RUN = 200;

/**
 * Settles a subscription after a change of its status. If it takes deliveries again, releases its
 * held notifications in order of acceptance. If it was deleted, cancels its open notifications.
 * Works in batches, so that a crash costs at most one batch.
 */
export async function settleSubscription(input: SettleSubscriptionInput): Promise<void> {
  const { settleBatch } = proxyActivities<Activities>({
    taskQueue: workflowInfo().taskQueue + SLOW_TASK_QUEUE_SUFFIX,
    startToCloseTimeout: '10 min',
    heartbeatTimeout: '30 s',
    retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' },
  });
  for (let batch = 0; batch < BATCHES_PER_RUN; batch++) {
    const { done } = await settleBatch(input);
    if (done) return;
  }
  await continueAsNew<typeof settleSubscription>(input);
}
