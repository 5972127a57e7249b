import { Context } from '@temporalio/activity';
import type { DeliverInput, DeliverOutcome } from '../domain/delivery';
import type { ActivityDeps } from './deps';
import { mayHaveHeadStart } from '../attempts/take-over';

const HEARTBEAT_INTERVAL_MS = 10_000;

/** The activity `deliver`: makes one attempt, or takes over the head start that the accepting process made or is making. */
export function createDeliver({
  runAttempt,
  headStarts,
}: ActivityDeps): (input: DeliverInput) => Promise<DeliverOutcome> {
  return async function deliver(input) {
    const context = Context.current();
    const { workflowExecution, isLocal } = context.info;
    const heartbeat = isLocal ? undefined : setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
    try {
      if (mayHaveHeadStart(input)) {
        const outcome = await headStarts.outcomeOf(input.notificationId);
        // What failed is read from the record, and handed over there.
        if (outcome?.kind === 'delivered') return outcome;
      }
      return await runAttempt({
        ...input,
        attemptKey: `${workflowExecution?.runId}:${input.sequence}`,
        workflowId: workflowExecution?.workflowId ?? '',
        processId: headStarts.processId,
        slow: !isLocal,
      });
    } finally {
      clearInterval(heartbeat);
    }
  };
}
