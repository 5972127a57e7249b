import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { RecoverSubscriptionInput } from '../domain/recovery';
import { controlTaskQueue } from './control-queue';
import { cancelSignal } from './messages';

/** Keeps histories small: after this many pages the workflow continues as a new run. */
const PAGES_PER_RUN = 200;

/**
 * Retries the failed notifications of a subscription, page by page, at most at the requested rate.
 * The progress is in Postgres, so a lost workflow continues from there.
 *
 * Signal: `cancel` ends the recovery. Notifications that were retried before are not affected.
 */
export async function recoverSubscription(input: RecoverSubscriptionInput): Promise<void> {
  const { recoverPage, cancelRecovery } = proxyActivities<Activities>({
    taskQueue: controlTaskQueue(),
    startToCloseTimeout: '10 min',
    heartbeatTimeout: '30 s',
    retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' },
  });
  let cancelled = false;
  setHandler(cancelSignal, () => void (cancelled = true));
  try {
    for (let page = 0; page < PAGES_PER_RUN && !cancelled; page++) {
      const { done, waitSeconds } = await recoverPage(input);
      if (done) return;
      if (waitSeconds > 0) await condition(() => cancelled, waitSeconds * 1000);
    }
    if (cancelled) return await cancelRecovery(input);
    await continueAsNew<typeof recoverSubscription>(input);
  } catch (error) {
    // A cancellation in the Temporal UI or by its command line has the effect of the signal. It
    // closes the workflow as Canceled.
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => cancelRecovery(input));
    throw error;
  }
}
