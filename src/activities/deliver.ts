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
  lanes,
}: ActivityDeps): (input: DeliverInput) => Promise<DeliverOutcome> {
  return async function deliver(input) {
    const { workflowExecution, isLocal } = Context.current().info;
    const visit = lanes[isLocal ? 'fast' : 'slow'].visit();
    const heartbeat = isLocal ? undefined : setInterval(() => Context.current().heartbeat(), HEARTBEAT_INTERVAL_MS);
    try {
      if (mayHaveHeadStart(input)) {
        const outcome = await headStarts.outcomeOf(input.notificationId);
        // A failed head start is handed over in Postgres, so it is read from there.
        if (outcome?.kind === 'delivered') return outcome;
      }
      return await runAttempt({
        ...input,
        attemptKey: `${workflowExecution?.runId}:${input.sequence}`,
        workflowId: workflowExecution?.workflowId ?? '',
        processId: headStarts.processId,
        slow: !isLocal,
        visit,
      });
    } finally {
      visit.leave();
      clearInterval(heartbeat);
    }
  };
}
