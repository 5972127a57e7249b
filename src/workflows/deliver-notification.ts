import {
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import {
  SLOW_TASK_QUEUE_SUFFIX,
  type DeliverInput,
  type DeliverNotificationInput,
  type DeliverNotificationResult,
  type DeliverOutcome,
  type Lane,
  type LiveState,
} from '../domain/delivery';
import { cancelSignal, liveQuery, releaseSignal, retrySignal } from './messages';

/** Both lanes try until the outcome is recorded: what fails here is our own database or process, never the receiver. */
const INFRASTRUCTURE_RETRY = { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' } as const;

const local = proxyLocalActivities<Activities>({ startToCloseTimeout: '2 min', retry: INFRASTRUCTURE_RETRY });

function slowLane(): Pick<Activities, 'deliver'> {
  return proxyActivities<Activities>({
    taskQueue: workflowInfo().taskQueue + SLOW_TASK_QUEUE_SUFFIX,
    // The longest timeout of a subscription is 10 minutes.
    startToCloseTimeout: '12 min',
    heartbeatTimeout: '30 s',
    retry: INFRASTRUCTURE_RETRY,
  });
}

/**
 * The life of one notification: attempts, and durable waits between them, until it is delivered, cancelled, or its ladder is used up.
 *
 * Signals: `retry` skips the wait, `cancel` ends the ladder, `release` ends a hold. Query: `live`.
 *
 * @throws ApplicationFailure `NotificationFailed` when the ladder is used up or the failure is permanent, so that the workflow closes as Failed
 */
export async function deliverNotification(input: DeliverNotificationInput): Promise<DeliverNotificationResult> {
  const asked = { retry: false, cancel: false, release: false };
  const live: LiveState = { phase: 'delivering', attempt: 0, nextAttemptAt: null };
  let { schedule } = input;
  let nextSchedule = schedule;
  setHandler(retrySignal, (request) => {
    asked.retry = true;
    nextSchedule = request?.schedule ?? schedule;
  });
  setHandler(cancelSignal, () => void (asked.cancel = true));
  setHandler(releaseSignal, () => void (asked.release = true));
  setHandler(liveQuery, () => live);

  let lane = input.lane;
  let step = input.step ?? 0;
  let sequence = 0;
  try {
    for (;;) {
      if (asked.cancel) return await cancelled(input.notificationId, live);
      const trigger = asked.retry ? 'manual' : 'scheduled';
      asked.retry = false;
      asked.release = false;
      live.phase = 'delivering';
      live.nextAttemptAt = null;
      sequence += 1;
      const outcome = await attempt(lane, {
        notificationId: input.notificationId,
        sequence,
        trigger,
        schedule,
        step,
      });
      live.attempt = outcome.attempts;
      // What was asked for came while this attempt was under way, and begins only now.
      if (outcome.repeated && trigger === 'manual') asked.retry = true;
      switch (outcome.kind) {
        case 'delivered':
        case 'cancelled':
          live.phase = 'closed';
          return { status: outcome.kind, attempts: outcome.attempts };
        case 'failed':
          if (asked.retry) {
            // Asked for while the last attempt was under way: the ladder begins again, as it is now.
            step = 0;
            schedule = nextSchedule;
            break;
          }
          live.phase = 'closed';
          throw ApplicationFailure.create({
            type: 'NotificationFailed',
            message: `${outcome.reason} (attempt ${outcome.attempts}, the last one)`,
            nonRetryable: true,
          });
        case 'held':
          live.phase = 'held';
          await condition(() => asked.release || asked.cancel);
          break;
        case 'throttled':
          await wait(outcome, live, () => asked.cancel);
          break;
        case 'retry':
          step += 1;
          lane = outcome.lane;
          await wait(outcome, live, () => asked.retry || asked.cancel);
          break;
      }
    }
  } catch (error) {
    // A cancellation in the Temporal UI or by its command line is as good as the signal, and closes the workflow as Canceled.
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => cancelled(input.notificationId, live));
    throw error;
  }
}

/** An attempt under way is never cut short: its outcome is recorded, whatever was asked meanwhile. */
function attempt(lane: Lane, input: DeliverInput): Promise<DeliverOutcome> {
  const { deliver } = lane === 'slow' ? slowLane() : local;
  return CancellationScope.nonCancellable(() => deliver(input));
}

async function cancelled(notificationId: string, live: LiveState): Promise<DeliverNotificationResult> {
  const closed = await local.cancelNotification({ notificationId });
  live.phase = 'closed';
  live.nextAttemptAt = null;
  return closed;
}

/** The time shown is the record's: the workflow's own clock stands still while a local activity runs. */
async function wait(
  { waitSeconds, dueAt }: { waitSeconds: number; dueAt: string },
  live: LiveState,
  interrupted: () => boolean,
): Promise<void> {
  live.phase = 'waiting';
  live.nextAttemptAt = dueAt;
  await condition(interrupted, waitSeconds * 1000);
}
