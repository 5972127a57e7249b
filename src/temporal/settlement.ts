import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { settleSubscription } from '../workflows';
import { CONTROL_PRIORITY } from '../domain/fairness';
import { settleSignal } from '../workflows/messages';
import type { TemporalLink } from './connection';
import { callWithDeadline } from './deadline';

const startOptions = (taskQueue: string, subscriptionId: string) => ({
  taskQueue,
  workflowId: `subscription/${subscriptionId}/settle`,
  args: [{ subscriptionId }] as Parameters<typeof settleSubscription>,
  staticSummary: `Settles ${subscriptionId}`,
  priority: CONTROL_PRIORITY,
});

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
        client.workflow.start<typeof settleSubscription>('settleSubscription', startOptions(taskQueue, subscriptionId)),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}

/**
 * Settles subscriptions after a change. A workflow that is running already does not wait any
 * longer.
 */
export async function settleNow(
  temporal: Pick<TemporalLink, 'use'>,
  taskQueue: string,
  subscriptionIds: readonly string[],
): Promise<void> {
  for (const subscriptionId of subscriptionIds)
    await callWithDeadline(temporal, (client) =>
      client.workflow.signalWithStart<typeof settleSubscription>('settleSubscription', {
        ...startOptions(taskQueue, subscriptionId),
        signal: settleSignal,
      }),
    );
}
