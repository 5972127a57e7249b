import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { readWorkflowState, type WorkflowState } from '../../src/temporal/workflow-state';
import { connectTestTemporal, uniqueTaskQueue } from '../support/temporal';
import { until } from '../support/until';

/** Tasks of a workflow that fail or time out, taken by single calls instead of a worker. */
let connected: Awaited<ReturnType<typeof connectTestTemporal>>;
let workflowId: string;
beforeAll(async () => {
  connected = await connectTestTemporal();
});
beforeEach(async () => {
  workflowId = uniqueTaskQueue();
  const options = { taskQueue: workflowId, workflowId, workflowTaskTimeout: 1000 };
  await connected.client.workflow.start('any', options);
});
afterEach(() => connected.client.workflow.getHandle(workflowId).terminate());
afterAll(() => connected.close());

/** Takes the next attempt of the task. Without an answer it times out after 1 s. */
async function take(): Promise<Uint8Array> {
  const { taskToken } = await connected.client.workflowService.pollWorkflowTaskQueue({
    namespace: connected.namespace,
    taskQueue: { name: workflowId },
    identity: 'test',
  });
  return taskToken!;
}

async function stateAt(taskAttempts: number): Promise<WorkflowState> {
  return until(
    () => readWorkflowState(connected.client, workflowId),
    (state) => state.kind === 'running' && state.taskAttempts === taskAttempts,
  );
}

it('a workflow is stuck once its task has failed four times', async () => {
  const cause = temporal.api.enums.v1.WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR;
  const { client, namespace } = connected;
  const fail = async () =>
    client.workflowService.respondWorkflowTaskFailed({ namespace, taskToken: await take(), cause });
  for (let times = 0; times < 3; times++) await fail();
  expect(await stateAt(4)).toMatchObject({ stuck: false });
  await fail();
  expect(await stateAt(5)).toMatchObject({ stuck: true });
});

it('a workflow whose task has timed out four times, as in an overload, is not stuck', async () => {
  for (let times = 0; times < 5; times++) await take();
  expect(await stateAt(5)).toMatchObject({ stuck: false });
});

it.each([
  [9, false],
  [10, true],
])('a workflow at attempt %i of a task that times out: stuck is %s', async (attempt, stuck) => {
  const eventType = temporal.api.enums.v1.EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT;
  // Temporal waits for minutes between these attempts.
  const client = {
    options: { namespace: 'default' },
    workflow: {
      getHandle: () => ({
        describe: () =>
          Promise.resolve({ runId: 'run', status: { name: 'RUNNING' }, raw: { pendingWorkflowTask: { attempt } } }),
      }),
    },
    workflowService: {
      getWorkflowExecutionHistoryReverse: () => Promise.resolve({ history: { events: [{ eventType }] } }),
    },
  } as unknown as Client;
  expect(await readWorkflowState(client, 'workflow')).toMatchObject({ taskAttempts: attempt, stuck });
});
