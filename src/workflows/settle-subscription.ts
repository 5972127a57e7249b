import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { SLOW_TASK_QUEUE_SUFFIX } from '../domain/delivery';

/** Input of the workflow `settleSubscription`. */
export interface SettleSubscriptionInput {
  subscriptionId: string;
}

/** History stays small: after so many batches the workflow goes on as a new run. */
const BATCHES_PER_RUN = 200;

/**
 * Brings a subscription's notifications in line with its status: releases what was held, in order of acceptance, when it takes
 * deliveries again; cancels what is open when it was deleted. Batch by batch, so that a crash costs one batch at most.
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
