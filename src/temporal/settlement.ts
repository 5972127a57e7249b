import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { settleSubscription } from '../workflows';
import type { TemporalLink } from './connection';
import { callWithDeadline } from './deadline';

/**
 * Starts a `settleSubscription` workflow per subscription, unless it is running: it runs until
 * nothing is left.
 */
export async function startSettling(
  temporal: Pick<TemporalLink, 'use'>,
  taskQueue: string,
  subscriptionIds: readonly string[],
): Promise<void> {
  for (const subscriptionId of subscriptionIds) {
    try {
      await callWithDeadline(temporal, (client) =>
        client.workflow.start<typeof settleSubscription>('settleSubscription', {
          taskQueue,
          workflowId: `subscription/${subscriptionId}/settle`,
          args: [{ subscriptionId }],
          staticSummary: `Settles ${subscriptionId}`,
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}
