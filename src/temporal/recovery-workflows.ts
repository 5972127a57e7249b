import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowExecutionStatusName,
} from '@temporalio/client';
import { recoveryWorkflowId } from '../domain/recovery';
import { controlPriority } from '../domain/fairness';
import type { recoverSubscription } from '../workflows';
import { cancelSignal } from '../workflows/messages';
import type { TemporalLink } from './connection';
import { callWithDeadline } from './deadline';

/** Starts and cancels the workflows of recoveries. */
export class RecoveryWorkflows {
  /**
   * @param tenantOf - finds who pays for a recovery: tenants take turns
   */
  constructor(
    private readonly temporal: Pick<TemporalLink, 'use'>,
    private readonly taskQueue: string,
    private readonly tenantOf: (recoveryId: string) => Promise<string | undefined> = async () => undefined,
  ) {}

  /** Starts a recovery's workflow, unless it is running. */
  async start(recoveryId: string): Promise<void> {
    const tenantId = await this.tenantOf(recoveryId);
    try {
      await callWithDeadline(this.temporal, (client) =>
        client.workflow.start<typeof recoverSubscription>('recoverSubscription', {
          taskQueue: this.taskQueue,
          workflowId: recoveryWorkflowId(recoveryId),
          args: [{ recoveryId }],
          staticSummary: `Recovery ${recoveryId}`,
          priority: controlPriority(tenantId),
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  /** Signals `cancel` to a recovery's workflow, if it is running. */
  async cancel(recoveryId: string): Promise<void> {
    try {
      await callWithDeadline(this.temporal, (client) =>
        client.workflow.getHandle(recoveryWorkflowId(recoveryId)).signal(cancelSignal),
      );
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }

  /**
   * Makes sure that a recovery's workflow runs.
   *
   * @returns false if an operator terminated it, which is not undone
   */
  async resume(recoveryId: string): Promise<boolean> {
    if ((await this.status(recoveryId)) === 'TERMINATED') return false;
    await this.start(recoveryId);
    return true;
  }

  private async status(recoveryId: string): Promise<WorkflowExecutionStatusName | undefined> {
    try {
      const { status } = await callWithDeadline(this.temporal, (client) =>
        client.workflow.getHandle(recoveryWorkflowId(recoveryId)).describe(),
      );
      return status.name;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }
}
