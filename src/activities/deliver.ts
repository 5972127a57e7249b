import { Context } from '@temporalio/activity';
import type { DeliverInput, DeliverOutcome } from '../domain/delivery';
import type { ActivityDeps } from './deps';
import { mayHaveHeadStart } from '../attempts/take-over';

const HEARTBEAT_INTERVAL_MS = 10_000;

/**
 * Creates the activity `deliver`, which makes one attempt, or takes over a head start of the
 * accepting process.
 */
export function createDeliver({
  runAttempt,
  headStarts,
}: ActivityDeps): (input: DeliverInput) => Promise<DeliverOutcome> {
  return async function deliver(input) {
    const context = Context.current();
    const { workflowExecution, isLocal } = context.info;
    const heartbeat = isLocal ? undefined : setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
    const make = () =>
      runAttempt({
        ...input,
        attemptKey: `${workflowExecution?.runId}:${input.sequence}`,
        workflowId: workflowExecution?.workflowId ?? '',
        processId: headStarts.processId,
        slow: !isLocal,
      });
    try {
      const { notificationId, trigger } = input;
      return await (mayHaveHeadStart(input) ? headStarts.takeTurn(notificationId, trigger, make) : make());
    } finally {
      clearInterval(heartbeat);
    }
  };
}
