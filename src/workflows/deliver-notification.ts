import {
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import {
  SLOW_TASK_QUEUE_SUFFIX,
  type CancelNotificationResult,
  type DeliverInput,
  type DeliverNotificationInput,
  type DeliverNotificationResult,
  type DeliverOutcome,
  type Lane,
  type LiveState,
} from '../domain/delivery';
import { cancelSignal, liveQuery, releaseSignal, retrySignal, type CancelRequest } from './messages';

/**
 * Both lanes try until the outcome is recorded. A failed activity means that our database or
 * process failed: a failure of the receiver is an outcome.
 */
const INFRASTRUCTURE_RETRY = { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' } as const;

const local = proxyLocalActivities<Activities>({ startToCloseTimeout: '2 min', retry: INFRASTRUCTURE_RETRY });

function slowLane(): Pick<Activities, 'deliver'> {
  return proxyActivities<Activities>({
    taskQueue: workflowInfo().taskQueue + SLOW_TASK_QUEUE_SUFFIX,
    // The maximum timeout of a subscription is 10 minutes.
    startToCloseTimeout: '12 min',
    heartbeatTimeout: '30 s',
    retry: INFRASTRUCTURE_RETRY,
  });
}

/** What the signals asked for since the last attempt began. */
interface Requested {
  retry: boolean;
  /** A retry reopened the closed record. */
  reopened: boolean;
  release: boolean;
  cancel: CancelRequest | undefined;
  /** The later one of the signals `retry` and `cancel`. */
  last: 'retry' | 'cancel' | undefined;
}

/**
 * Delivers one notification: makes attempts, with durable waits between them, until it is
 * delivered, cancelled, or its ladder is exhausted. The query `live` returns the phase:
 *
 * ```
 *                       due, retry
 *            ┌───────────────────────────────┐
 *            ▼                               │
 * start ─▶ delivering ── retry, throttled ─▶ waiting ── cancel ──┐
 *            │ ▲ │                                               │
 *            │ │ └────── held ─────────────▶ held ───── cancel ──┤
 *            │ └──────── release ────────────┘                   │
 *            │                                                   ▼
 *            └────────── delivered, failed, cancelled ────────▶ closed
 * ```
 *
 * Arrows out of `delivering` are outcomes of an attempt. The others are signals, or the end of the
 * wait (due):
 *
 * - `retry` skips the wait and ends a hold. During the last attempt of a ladder, or after `cancel`,
 *   it begins a new ladder.
 * - `cancel` ends the ladder, unless `retry` follows or the record was reopened. It never
 *   interrupts an attempt.
 * - `release` ends a hold. If the notification waits for its turn under a rate limit, it asks
 *   again, because the limit was changed.
 *
 * @throws ApplicationFailure `NotificationFailed` if the ladder is exhausted or the failure is
 *   permanent, so that the workflow closes as Failed
 */
export async function deliverNotification(input: DeliverNotificationInput): Promise<DeliverNotificationResult> {
  const requested: Requested = { retry: false, reopened: false, release: false, cancel: undefined, last: undefined };
  const live: LiveState = { phase: 'delivering', attempt: 0, nextAttemptAt: null };
  let { schedule } = input;
  let nextSchedule = schedule;
  setHandler(retrySignal, (request) => {
    requested.retry = true;
    requested.reopened ||= request?.reopened ?? false;
    requested.last = 'retry';
    nextSchedule = request?.schedule ?? schedule;
  });
  setHandler(cancelSignal, (request) => {
    requested.cancel = request ?? {};
    requested.last = 'cancel';
  });
  setHandler(releaseSignal, () => void (requested.release = true));
  setHandler(liveQuery, () => live);

  const isCancelled = () => requested.cancel !== undefined;
  let lane = input.lane;
  let step = input.step ?? 0;
  let sequence = 0;
  try {
    for (;;) {
      if (requested.cancel) {
        const result = isRetriedAfterCancel(requested)
          ? undefined
          : await cancelled(input.notificationId, requested.cancel, live);
        if (result && !result.reopened && !isRetriedAfterCancel(requested)) return resultOf(result);
        patched('last-wish');
        requested.cancel = undefined;
        requested.reopened = true;
      }
      if (requested.reopened) {
        step = 0;
        schedule = nextSchedule;
      }
      const trigger = requested.retry ? 'manual' : 'scheduled';
      requested.retry = false;
      requested.reopened = false;
      requested.release = false;
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
      // An earlier execution made this attempt before the retry was requested. The retry begins
      // now.
      if (outcome.repeated && trigger === 'manual') requested.retry = true;
      switch (outcome.kind) {
        case 'delivered':
        case 'cancelled':
          // The record was reopened after the outcome. If it was before, the next attempt finds the
          // record closed.
          if (requested.reopened && patched('last-wish')) break;
          live.phase = 'closed';
          return { status: outcome.kind, attempts: outcome.attempts };
        case 'failed':
          if (requested.retry) {
            // Requested during the last attempt: a new ladder begins, with the current retry
            // schedule.
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
        case 'reroute':
          lane = outcome.lane;
          break;
        case 'held':
          live.phase = 'held';
          await condition(() => requested.release || isCancelled() || requested.retry);
          // Workflows of earlier versions ignored a retry while they were held.
          if (!requested.release && !isCancelled() && !patched('retry-ends-hold'))
            await condition(() => requested.release || isCancelled());
          break;
        case 'throttled': {
          const wakes = patched('throttled-wakes');
          const isWoken = () => wakes && (requested.retry || requested.release);
          await wait(outcome, live, () => isCancelled() || isWoken());
          break;
        }
        case 'retry':
          step += 1;
          lane = outcome.lane;
          await wait(outcome, live, () => requested.retry || isCancelled());
          break;
      }
    }
  } catch (error) {
    // A cancellation in the Temporal UI or by its command line has the effect of the signal. It
    // closes the workflow as Canceled.
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => cancelled(input.notificationId, {}, live));
    throw error;
  }
}

/** An attempt is never interrupted: its outcome is recorded, whatever was requested meanwhile. */
function attempt(lane: Lane, input: DeliverInput): Promise<DeliverOutcome> {
  return CancellationScope.nonCancellable(async () => {
    if (lane === 'slow') return slowLane().deliver(input);
    // The subscription may have become slow, or got a longer timeout, since the lane was chosen.
    const outcome = await local.deliver({ ...input, mayReroute: true });
    if (outcome.kind !== 'reroute') return outcome;
    // A worker of an earlier version does not know the outcome, and must not continue this
    // workflow.
    patched('reroute');
    return slowLane().deliver(input);
  });
}

async function cancelled(
  notificationId: string,
  { openedAt }: CancelRequest,
  live: LiveState,
): Promise<CancelNotificationResult> {
  const result = await local.cancelNotification(
    openedAt === undefined ? { notificationId } : { notificationId, openedAt },
  );
  if (result.reopened) return result;
  live.phase = 'closed';
  live.nextAttemptAt = null;
  return result;
}

/** Workflows of earlier versions were cancelled even if a retry followed. */
function isRetriedAfterCancel({ last }: Requested): boolean {
  return last === 'retry' && patched('last-wish');
}

function resultOf({ status, attempts }: CancelNotificationResult): DeliverNotificationResult {
  return { status, attempts };
}

/**
 * Shows the due time of the record, because the workflow's clock stands still while a local
 * activity runs.
 */
async function wait(
  { waitSeconds, dueAt }: { waitSeconds: number; dueAt: string },
  live: LiveState,
  interrupted: () => boolean,
): Promise<void> {
  live.phase = 'waiting';
  live.nextAttemptAt = dueAt;
  await condition(interrupted, waitSeconds * 1000);
}
