import { ApplicationFailure, Context } from '@temporalio/activity';
import type { DeliverInput, DeliverOutcome } from '../domain/delivery';
import { NO_TRACING } from '../process/tracing';
import type { ActivityDeps } from './deps';
import { throttledFor } from '../attempts/outcome';
import { MadeElsewhereError } from '../attempts/stages';
import { mayHaveHeadStart } from '../attempts/take-over';
import { withHeartbeats } from './with-heartbeats';

/** Pause of an attempt that another process has begun. Meanwhile it occupies no slot. */
const ASK_AGAIN_MS = 1000;

/**
 * Creates the activity `deliver`, which makes one attempt, or takes over a head start of the
 * accepting process.
 */
export function createDeliver({
  runAttempt,
  headStarts,
  lanes,
  tracing = NO_TRACING,
}: ActivityDeps): (input: DeliverInput) => Promise<DeliverOutcome> {
  return async function deliver(input) {
    const { workflowExecution, isLocal } = Context.current().info;
    const traceparent = tracing.active();
    const visit = lanes[isLocal ? 'fast' : 'slow'].visit();
    const make = () =>
      runAttempt({
        ...input,
        attemptKey: `${workflowExecution?.runId}:${input.sequence}`,
        workflowId: workflowExecution?.workflowId ?? '',
        processId: headStarts.processId,
        slow: !isLocal,
        visit,
        onSent: () => visit.sent(),
        traceparent,
        planRetry: (lane, customerId, subscriptionId, afterMs) => lanes[lane].plan(customerId, subscriptionId, afterMs),
      });
    const makeOrTakeOver = () => {
      const { notificationId, trigger } = input;
      if (!mayHaveHeadStart(input)) return make();
      return headStarts.takeTurn(notificationId, trigger, make, ({ customerId, subscriptionId }) => {
        const waitSeconds = visit.enter(customerId, subscriptionId);
        return waitSeconds === undefined ? undefined : throttledFor(waitSeconds, 0);
      });
    };
    return (isLocal ? makeOrTakeOver() : withHeartbeats(makeOrTakeOver))
      .catch((error: unknown) => {
        if (!(error instanceof MadeElsewhereError)) throw error;
        throw ApplicationFailure.create({ message: error.message, nextRetryDelay: ASK_AGAIN_MS });
      })
      .finally(() => visit.leave());
  };
}
