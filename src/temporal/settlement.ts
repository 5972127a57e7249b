import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { settleSubscription } from '../workflows';
import type { TemporalLink } from './connection';

/** Starts a `settleSubscription` workflow for each subscription; one that runs already goes on until nothing is left. */
export async function startSettling(
  temporal: Pick<TemporalLink, 'use'>,
  taskQueue: string,
  subscriptionIds: readonly string[],
): Promise<void> {
  for (const subscriptionId of subscriptionIds) {
    try {
      await temporal.use().client.workflow.start<typeof settleSubscription>('settleSubscription', {
        taskQueue,
        workflowId: `subscription/${subscriptionId}/settle`,
        args: [{ subscriptionId }],
        staticSummary: `Settles ${subscriptionId}`,
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}
