import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { CONTROL_TASK_QUEUE_SUFFIX } from '../../src/domain/delivery';
import { erasureWorkflowId, type EraseBatchResult, type EraseCustomerInput } from '../../src/domain/erasure';
import { encodeId, newUuid } from '../../src/domain/ids';
import type { eraseCustomer } from '../../src/workflows';
import { replayAll, saveHistories, type NamedHistory } from '../support/histories';
import { startTimeSkipping, uniqueTaskQueue, workflowBundlePath } from '../support/temporal';

/** The workflow code of an erasure. The activity is replaced; test/temporal runs the real one. */
let env: TestWorkflowEnvironment;

beforeAll(async () => {
  env = await startTimeSkipping();
});
afterAll(() => env?.teardown());

const histories: NamedHistory[] = [];

/** Runs an erasure to its end. @returns the erasure ids of its batches, and its runs */
async function run(eraseBatch: (input: EraseCustomerInput, batch: number) => Promise<EraseBatchResult>) {
  const taskQueue = uniqueTaskQueue();
  const erasureId = encodeId('ers', newUuid());
  const batches: string[] = [];
  const activities = {
    eraseBatch: (input: EraseCustomerInput) => eraseBatch(input, batches.push(input.erasureId)),
  };
  const common = { connection: env.nativeConnection, namespace: env.namespace };
  const workers = await Promise.all([
    Worker.create({ ...common, taskQueue, workflowBundle: { codePath: workflowBundlePath() } }),
    Worker.create({ ...common, taskQueue: taskQueue + CONTROL_TASK_QUEUE_SUFFIX, activities }),
  ]);
  const running = workers.map((worker) => worker.run());
  const workflowId = erasureWorkflowId(erasureId);
  const handle = await env.client.workflow.start<typeof eraseCustomer>('eraseCustomer', {
    taskQueue,
    workflowId,
    args: [{ erasureId }],
  });
  const firstRun = handle.firstExecutionRunId;
  await handle.result();
  const of = async (runId?: string) => ({
    name: expect.getState().currentTestName ?? '',
    workflowId,
    history: await env.client.workflow.getHandle(workflowId, runId).fetchHistory(),
  });
  const runs = [await of(firstRun), await of()];
  histories.push(runs[1]!);
  for (const worker of workers) worker.shutdown();
  await Promise.all(running);
  return { erasureId, batches, runs };
}

it('an erasure runs batches until one has nothing left, and waits between them if asked to', async () => {
  const results = [
    { done: false, waitSeconds: 0 },
    { done: false, waitSeconds: 3600 },
    { done: true, waitSeconds: 0 },
  ];
  const { erasureId, batches, runs } = await run(async (_, batch) => results[batch - 1]!);
  expect(batches).toEqual([erasureId, erasureId, erasureId]);
  const timers = runs[1]!.history.events!.filter(({ timerStartedEventAttributes: timer }) => timer);
  expect(timers.map(({ timerStartedEventAttributes: timer }) => Number(timer!.startToFireTimeout!.seconds))).toEqual([
    3600,
  ]);
});

it('an erasure goes on after a batch that failed', async () => {
  const { batches } = await run(async (_, batch) => {
    if (batch <= 2) throw new Error('Postgres is away');
    return { done: true, waitSeconds: 0 };
  });
  expect(batches).toHaveLength(3);
});

it('an erasure with many batches continues as a new run, so that its history stays small', async () => {
  const { batches, runs } = await run(async (_, batch) => ({ done: batch === 250, waitSeconds: 0 }));
  expect(batches).toHaveLength(250);
  const [first, last] = runs.map(({ history }) => history.events!);
  expect(first!.at(-1)!.workflowExecutionContinuedAsNewEventAttributes).toBeTruthy();
  expect(first!.length).toBeLessThan(2000);
  expect(last!.at(-1)!.workflowExecutionCompletedEventAttributes).toBeTruthy();
});

it('the history of every erasure in this file replays', async () => {
  expect(histories).toHaveLength(3);
  expect(await replayAll(histories)).toEqual([]);
  saveHistories(histories.slice(0, 1));
});
