import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowEraser } from '../../src/temporal/workflow-eraser';

const DELETION_MS = 100;
const QUICK_MS = 15;
const IDS = Array.from({ length: 12 }, (_, index) => `notification/ntf_${index}`);

/** A Temporal that takes some time to delete a run, and lists `runIds`. */
function busyTemporal(runIds: string[] = []) {
  const deletions: { begun: number; ended: number }[] = [];
  const client = {
    options: { namespace: 'default' },
    withDeadline: (_: number, call: () => Promise<unknown>) => call(),
    workflowService: {
      listWorkflowExecutions: async () => ({
        executions: runIds.map((runId) => ({ execution: { workflowId: `notification/${runId}`, runId } })),
      }),
      deleteWorkflowExecution: async () => {
        const begun = performance.now();
        await sleep(DELETION_MS);
        deletions.push({ begun, ended: performance.now() });
      },
    },
  };
  return { deletions, eraser: new WorkflowEraser({ use: () => ({ client }) } as never) };
}

it('leaves a busy Temporal to others: at most four deletions at the same time, each followed by a pause', async () => {
  const { deletions, eraser } = busyTemporal();
  expect(await eraser.deleteAll(IDS, () => undefined)).toBe(IDS.length);
  const busyMs = deletions.reduce((sum, { begun, ended }) => sum + ended - begun, 0);
  const begun = Math.min(...deletions.map((one) => one.begun));
  const ended = Math.max(...deletions.map((one) => one.ended));
  // Each of four callers deletes a quarter, and pauses between its deletions, hardly shorter.
  const pausesMs = (IDS.length / 4 - 1) * (DELETION_MS - QUICK_MS);
  expect(ended - begun).toBeGreaterThanOrEqual(busyMs / 4 + pausesMs - IDS.length);
});

it('requests the deletion of a run that Temporal still lists once in a minute', async () => {
  const runIds = ['a', 'b'];
  const { deletions, eraser } = busyTemporal(runIds);
  for (let poll = 0; poll < 3; poll++)
    expect(await eraser.deleteOf('customer', () => undefined)).toEqual({ listed: 2, left: 2 });
  expect(deletions).toHaveLength(2);
  // The cache reads the clock once in a millisecond.
  await sleep(5);
  const later = performance.now() + 61_000;
  const now = jest.spyOn(performance, 'now').mockReturnValue(later);
  runIds.pop();
  expect(await eraser.deleteOf('customer', () => undefined)).toEqual({ listed: 1, left: 1 });
  now.mockRestore();
  expect(deletions).toHaveLength(3);
});
