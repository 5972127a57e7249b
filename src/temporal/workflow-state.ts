import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { temporal } from '@temporalio/proto';

/** What Temporal knows about the latest run of a notification's workflow. */
export type WorkflowState =
  | { kind: 'absent' }
  | {
      kind: 'running';
      runId: string;
      /** It waits for a timer or a signal: no workflow task and no activity is scheduled. */
      idle: boolean;
      /** Attempts of the current workflow task, which has failed that often but once; 0 if idle. */
      taskAttempts: number;
    }
  | { kind: 'terminated'; closedAt: Date; by: 'person' | 'server' }
  | { kind: 'closed' };

const { HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT } = temporal.api.enums.v1.HistoryEventFilterType;
/** Identity of the server when it terminates a workflow itself, for example at a history limit. */
const SERVER_IDENTITY = 'history-service';

/** Reads the state of a workflow's latest run. */
export async function readWorkflowState(client: Client, workflowId: string): Promise<WorkflowState> {
  let workflow: WorkflowExecutionDescription;
  try {
    workflow = await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'absent' };
    throw error;
  }
  const { runId, status, closeTime, raw } = workflow;
  if (status.name === 'RUNNING') {
    const taskAttempts = raw.pendingWorkflowTask ? (raw.pendingWorkflowTask.attempt ?? 1) : 0;
    const idle = !raw.pendingWorkflowTask && (raw.pendingActivities ?? []).length === 0;
    return { kind: 'running', runId, idle, taskAttempts };
  }
  if (status.name !== 'TERMINATED' || !closeTime) return { kind: 'closed' };
  return { kind: 'terminated', closedAt: closeTime, by: await terminatedBy(client, workflowId, runId) };
}

async function terminatedBy(client: Client, workflowId: string, runId: string): Promise<'person' | 'server'> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    historyEventFilterType: HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
  });
  const identity = history?.events?.at(-1)?.workflowExecutionTerminatedEventAttributes?.identity;
  return identity === SERVER_IDENTITY ? 'server' : 'person';
}

/**
 * Lists the workflows of a type that were terminated, or timed out, since a time.
 *
 * @returns their ids, at most 1,000
 */
export async function listTerminated(client: Client, workflowType: string, since: Date): Promise<string[]> {
  const { executions } = await client.workflowService.listWorkflowExecutions({
    namespace: client.options.namespace,
    pageSize: 1000,
    query: `WorkflowType = '${workflowType}' and ExecutionStatus in ('Terminated', 'TimedOut') and CloseTime > '${since.toISOString()}'`,
  });
  return (executions ?? []).flatMap(({ execution }) => execution?.workflowId ?? []);
}
