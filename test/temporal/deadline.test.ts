import { callWithDeadline, isDeadlineError } from '../../src/temporal/deadline';
import { usePipeline } from '../support/use-pipeline';

const on = usePipeline();

it('a call that takes longer than its timeout fails with a deadline, whoever notices it first', async () => {
  const { temporal } = on.pipeline;
  const handle = await temporal.client.workflow.start('nobodyRunsThis', {
    taskQueue: `${on.pipeline.taskQueue}-nobody`,
    workflowId: `waits-${on.pipeline.taskQueue}`,
    workflowExecutionTimeout: '20 s',
  });
  const waiting = callWithDeadline({ use: () => temporal }, () => handle.result(), 500);
  const error = await waiting.catch((caught: unknown) => caught);
  expect(isDeadlineError(error)).toBe(true);
  await handle.terminate();
});

it.each([
  ['a server that refuses', { code: 14, message: 'unavailable' }],
  ['a call that was cancelled', { code: 1, message: 'the call was cancelled' }],
  ['a text', 'Timeout expired'],
  ['nothing', undefined],
])('%s is no deadline', (_, error) => {
  expect(isDeadlineError(error)).toBe(false);
});
