import { condition, continueAsNew, proxyActivities, setHandler } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { controlTaskQueue } from './control-queue';
import { settleSignal } from './messages';

/** Input of the workflow `settleSubscription`. */
export interface SettleSubscriptionInput {
  subscriptionId: string;
}

/** Keeps histories small: after this many batches the workflow continues as a new run. */
const BATCHES_PER_RUN = 200;

/**
 * Settles a subscription after a change. If it takes deliveries again, releases its held
 * notifications in order of acceptance. If its rate limit was changed, wakes those that wait for
 * their turn; if its retry schedule was changed, moves their next attempts. If it was deleted,
 * cancels its open notifications. Works in batches, so that a crash costs at most one batch.
 *
 * Signal: `settle` ends the wait between two batches.
 */
export async function settleSubscription(input: SettleSubscriptionInput): Promise<void> {
  let changed = false;
  setHandler(settleSignal, () => void (changed = true));
  const { settleBatch } = proxyActivities<Activities>({
    taskQueue: controlTaskQueue(),
    startToCloseTimeout: '10 min',
    heartbeatTimeout: '30 s',
    retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' },
  });
  for (let batch = 0; batch < BATCHES_PER_RUN; batch++) {
    changed = false;
    const { done, waitSeconds = 0 } = await settleBatch(input);
    if (done && !changed) return;
    if (waitSeconds > 0) await condition(() => changed, waitSeconds * 1000);
  }
  await continueAsNew<typeof settleSubscription>(input);
}
