import { Context } from '@temporalio/activity';
import type { DeliverInput, DeliverOutcome } from '../domain/delivery';
import type { ActivityDeps } from './deps';
import { throttledFor } from '../attempts/admit';
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
    const context = Context.current();
    const { workflowExecution, isLocal } = context.info;
    const visit = lanes[isLocal ? 'fast' : 'slow'].visit();
    const heartbeat = isLocal ? undefined : setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
    const make = () =>
      runAttempt({
        ...input,
        attemptKey: `${workflowExecution?.runId}:${input.sequence}`,
        workflowId: workflowExecution?.workflowId ?? '',
        processId: headStarts.processId,
        slow: !isLocal,
        visit,
        planRetry: (lane, customerId, subscriptionId, afterMs) => lanes[lane].plan(customerId, subscriptionId, afterMs),
      });
    try {
      const { notificationId, trigger } = input;
      if (!mayHaveHeadStart(input)) return await make();
      return await headStarts.takeTurn(notificationId, trigger, make, ({ customerId, subscriptionId }) => {
        const waitSeconds = visit.enter(customerId, subscriptionId);
        return waitSeconds === undefined ? undefined : throttledFor(waitSeconds, 0);
      });
    } finally {
      visit.leave();
      clearInterval(heartbeat);
    }
  };
}
