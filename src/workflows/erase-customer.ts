import { continueAsNew, proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { EraseCustomerInput } from '../domain/erasure';
import { controlTaskQueue } from './control-queue';

/** Keeps histories small: after this many batches the workflow continues as a new run. */
const BATCHES_PER_RUN = 200;

/**
 * Erases a customer, in batches of some seconds. The phase and the counts are in Postgres, so a
 * crash costs at most one batch, and a lost workflow continues from there.
 */
export async function eraseCustomer(input: EraseCustomerInput): Promise<void> {
  const { eraseBatch } = proxyActivities<Activities>({
    taskQueue: controlTaskQueue(),
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '30 s',
    retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' },
  });
  for (let batch = 0; batch < BATCHES_PER_RUN; batch++) {
    const { done, waitSeconds } = await eraseBatch(input);
    if (done) return;
    if (waitSeconds > 0) await sleep(waitSeconds * 1000);
  }
  await continueAsNew<typeof eraseCustomer>(input);
}
