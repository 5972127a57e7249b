import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { settleSubscription } from '../workflows';
import { eachConcurrently } from '../domain/concurrency';
import { controlPriority } from '../domain/fairness';
import { settlementWorkflowId } from '../domain/settlement';
import { settleSignal } from '../workflows/messages';
import type { TemporalLink } from './connection';
import { callWithDeadline } from './deadline';

const CONCURRENCY = 8;

/** The customers of subscriptions, by the subscription's id. */
export type CustomersById = ReadonlyMap<string, string>;

const startOptions = (taskQueue: string, subscriptionId: string, customers: CustomersById) => ({
  taskQueue,
  workflowId: settlementWorkflowId(subscriptionId),
  args: [{ subscriptionId }] as Parameters<typeof settleSubscription>,
  staticSummary: `Settles ${subscriptionId}`,
  priority: controlPriority(customers.get(subscriptionId)),
});

/**
 * Starts the `settleSubscription` workflow of a subscription, unless it is running: it runs until
 * nothing is left.
 */
export async function startSettling(
  temporal: Pick<TemporalLink, 'use'>,
  taskQueue: string,
  subscriptionId: string,
  customers: CustomersById = new Map(),
): Promise<void> {
  try {
    await callWithDeadline(temporal, (client) =>
      client.workflow.start<typeof settleSubscription>(
        'settleSubscription',
        startOptions(taskQueue, subscriptionId, customers),
      ),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/**
 * Settles subscriptions after a change. A workflow that is running already does not wait any
 * longer. One that fails does not affect the others.
 *
 * @throws the first failure, after all were tried
 */
export async function settleNow(
  temporal: Pick<TemporalLink, 'use'>,
  taskQueue: string,
  subscriptionIds: readonly string[],
  customers: CustomersById = new Map(),
): Promise<void> {
  const failures: unknown[] = [];
  await eachConcurrently(subscriptionIds, CONCURRENCY, async (subscriptionId) => {
    try {
      await callWithDeadline(temporal, (client) =>
        client.workflow.signalWithStart<typeof settleSubscription>('settleSubscription', {
          ...startOptions(taskQueue, subscriptionId, customers),
          signal: settleSignal,
        }),
      );
    } catch (error) {
      failures.push(error);
    }
  });
  if (failures.length > 0) throw failures[0];
}
