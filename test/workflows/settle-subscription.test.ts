import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { CONTROL_TASK_QUEUE_SUFFIX } from '../../src/domain/delivery';
import { encodeId, newUuid } from '../../src/domain/ids';
import { settlementWorkflowId } from '../../src/domain/settlement';
import type { settleSubscription } from '../../src/workflows';
import { settleSignal } from '../../src/workflows/messages';
import { replayAll, type NamedHistory } from '../support/histories';
import { startTimeSkipping, uniqueTaskQueue, workflowBundlePath } from '../support/temporal';

/** The workflow code of a settling. The activity is replaced; test/temporal runs the real one. */
let env: TestWorkflowEnvironment;

beforeAll(async () => {
  env = await startTimeSkipping();
});
afterAll(() => env?.teardown());

const histories: NamedHistory[] = [];

interface Batch {
  done: boolean;
  waitSeconds?: number;
}

/**
 * Runs a settling to its end.
 *
 * @param settleBatch - gets the number of the batch, from 1, and a function that signals a change
 * @returns the number of batches
 */
async function run(settleBatch: (batch: number, change: () => Promise<void>) => Promise<Batch>): Promise<number> {
  const taskQueue = uniqueTaskQueue();
  const subscriptionId = encodeId('sub', newUuid());
  const workflowId = settlementWorkflowId(subscriptionId);
  let batches = 0;
  const change = () => env.client.workflow.getHandle(workflowId).signal(settleSignal);
  const activities = { settleBatch: () => settleBatch(++batches, change) };
  const common = { connection: env.nativeConnection, namespace: env.namespace };
  const workers = await Promise.all([
    Worker.create({ ...common, taskQueue, workflowBundle: { codePath: workflowBundlePath() } }),
    Worker.create({ ...common, taskQueue: taskQueue + CONTROL_TASK_QUEUE_SUFFIX, activities }),
  ]);
  const running = workers.map((worker) => worker.run());
  const handle = await env.client.workflow.start<typeof settleSubscription>('settleSubscription', {
    taskQueue,
    workflowId,
    args: [{ subscriptionId }],
  });
  await handle.result();
  const name = expect.getState().currentTestName ?? '';
  histories.push({ name, workflowId, history: await handle.fetchHistory() });
  for (const worker of workers) worker.shutdown();
  await Promise.all(running);
  return batches;
}

it('a settling runs batches until one has nothing left', async () => {
  expect(await run(async (batch) => ({ done: batch === 3 }))).toBe(3);
});

it('a settling begins another batch if the subscription changes during its last one', async () => {
  const batches = await run(async (batch, change) => {
    if (batch === 1) await change();
    return { done: true };
  });
  expect(batches).toBe(2);
});

it('a settling waits between batches, unless the subscription changes', async () => {
  const timersFired = async (isChanged: boolean) => {
    const batches = await run(async (batch, change) => {
      if (batch === 1 && isChanged) await change();
      return { done: batch === 2, waitSeconds: 3600 };
    });
    expect(batches).toBe(2);
    return histories.at(-1)!.history.events!.filter((event) => event.timerFiredEventAttributes).length;
  };
  expect(await timersFired(false)).toBe(1);
  expect(await timersFired(true)).toBe(0);
});

it('the history of every settling in this file replays', async () => {
  expect(histories).toHaveLength(4);
  expect(await replayAll(histories)).toEqual([]);
});
