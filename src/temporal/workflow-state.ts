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
      /** Attempts of the current workflow task, all but the last of which have ended; 0 if idle. */
      taskAttempts: number;
      /** Its tasks fail again and again: its code does not fit its history, or throws each time. */
      stuck: boolean;
    }
  | { kind: 'terminated'; closedAt: Date; by: 'person' | 'server' }
  | { kind: 'closed' };

const { HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT } = temporal.api.enums.v1.HistoryEventFilterType;
const { EVENT_TYPE_WORKFLOW_TASK_FAILED, EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT } = temporal.api.enums.v1.EventType;
/** Attempts of a task after which a workflow is stuck. A worker that dies costs one attempt. */
const STUCK_AFTER_TASKS = 5;
/**
 * The same for tasks that time out. So do those of healthy workflows while their workers have too
 * little processor time, and new runs would take more of it. But a workflow may also end its
 * workers.
 */
const STUCK_AFTER_TIMEOUTS = 10;
/** Events at the end of a history among which the end of a task is looked for. */
const LAST_EVENTS = 20;
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
    const stuck =
      taskAttempts >= STUCK_AFTER_TIMEOUTS ||
      (taskAttempts >= STUCK_AFTER_TASKS && !(await lastTaskTimedOut(client, workflowId, runId)));
    return { kind: 'running', runId, idle, taskAttempts, stuck };
  }
  if (status.name !== 'TERMINATED' || !closeTime) return { kind: 'closed' };
  return { kind: 'terminated', closedAt: closeTime, by: await terminatedBy(client, workflowId, runId) };
}

/** The history has the end of the first attempt of a task only. */
async function lastTaskTimedOut(client: Client, workflowId: string, runId: string): Promise<boolean> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: LAST_EVENTS,
  });
  const ends = [EVENT_TYPE_WORKFLOW_TASK_FAILED, EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT];
  const last = history?.events?.find(({ eventType }) => ends.includes(eventType!));
  return last?.eventType === EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT;
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
