import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { erasureWorkflowId } from '../domain/erasure';
import { CONTROL_PRIORITY } from '../domain/fairness';
import type { eraseCustomer } from '../workflows';
import type { TemporalLink } from './connection';
import { callWithDeadline } from './deadline';

/**
 * Starts the workflow of an erasure, unless it is running. One that an operator terminated is
 * started again by the reconciler: an erasure cannot be taken back.
 */
export async function startErasure(
  temporal: Pick<TemporalLink, 'use'>,
  taskQueue: string,
  erasureId: string,
): Promise<void> {
  try {
    await callWithDeadline(temporal, (client) =>
      client.workflow.start<typeof eraseCustomer>('eraseCustomer', {
        taskQueue,
        workflowId: erasureWorkflowId(erasureId),
        args: [{ erasureId }],
        staticSummary: `Erasure ${erasureId}`,
        priority: CONTROL_PRIORITY,
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
