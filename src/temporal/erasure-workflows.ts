import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { erasureWorkflowId } from '../domain/erasure';
import { controlPriority } from '../domain/fairness';
import type { eraseCustomer } from '../workflows';
import type { TemporalLink } from './connection';
import { callWithDeadline } from './deadline';

/**
 * Starts the workflow of an erasure, unless it is running. One that an operator terminated is
 * started again by the reconciler: an erasure cannot be taken back.
 *
 * @param tenantId - who pays for it: tenants take turns
 */
export async function startErasure(
  temporal: Pick<TemporalLink, 'use'>,
  taskQueue: string,
  erasureId: string,
  tenantId?: string,
): Promise<void> {
  try {
    await callWithDeadline(temporal, (client) =>
      client.workflow.start<typeof eraseCustomer>('eraseCustomer', {
        taskQueue,
        workflowId: erasureWorkflowId(erasureId),
        args: [{ erasureId }],
        staticSummary: `Erasure ${erasureId}`,
        priority: controlPriority(tenantId),
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
