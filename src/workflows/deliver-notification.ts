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
  type RescheduleRequest,
} from '../domain/delivery';
import { cancelSignal, liveQuery, releaseSignal, rescheduleSignal, retrySignal, type CancelRequest } from './messages';
import { attemptsAt, isManual, isReset } from './manual-retry';
import { wait } from './wait';

/**
 * Both lanes try until the outcome is recorded. A failed activity means that our database or
 * process failed: a failure of the receiver is an outcome.
 */
const INFRASTRUCTURE_RETRY = { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '5 s' } as const;

const local = proxyLocalActivities<Activities>({ startToCloseTimeout: '2 min', retry: INFRASTRUCTURE_RETRY });

function slowLane(): Pick<Activities, 'deliver'> {
  return proxyActivities<Activities>({
    taskQueue: workflowInfo().taskQueue + SLOW_TASK_QUEUE_SUFFIX,
    // The maximum timeout of a subscription is 10 minutes, and recording is tried for an hour. An
    // attempt that is given up before that would be made again. Heartbeats show that its worker is
    // alive.
    startToCloseTimeout: '75 min',
    heartbeatTimeout: '30 s',
    retry: INFRASTRUCTURE_RETRY,
  });
}

/** What the signals asked for since the last attempt began. */
interface Requested {
  retry: boolean;
  /** A retry reopened the closed record. */
  reopened: boolean;
  /** Recorded attempts when the latest of the retries was asked for. */
  attempts: number;
  /** Whether all callers of the retries sent that number. */
  isCounted: boolean;
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
 *   it begins a new ladder. During an attempt that was made for a retry, it has no further effect.
 * - `cancel` ends the ladder, unless `retry` follows or the record was reopened. It never
 *   interrupts an attempt.
 * - `release` ends a hold. If the notification waits for its turn under a rate limit, it asks
 *   again, because the limit was changed.
 * - `reschedule` moves the time at which the wait ends, because the retry schedule was changed.
 *
 * @throws ApplicationFailure `NotificationFailed` if the ladder is exhausted or the failure is
 *   permanent, so that the workflow closes as Failed
 */
export async function deliverNotification(input: DeliverNotificationInput): Promise<DeliverNotificationResult> {
  const requested: Requested = {
    retry: false,
    reopened: false,
    attempts: 0,
    isCounted: true,
    release: false,
    cancel: undefined,
    last: undefined,
  };
  const live: LiveState = { phase: 'delivering', attempt: 0, nextAttemptAt: null };
  let { schedule } = input;
  let nextSchedule = schedule;
  let lastManual = 0;
  setHandler(retrySignal, (request) => {
    const asked = attemptsAt(request, live);
    // The retry that came with it was faster than this signal.
    if (asked < lastManual && !requested.cancel && patched('presses-merge')) return;
    requested.attempts = requested.retry ? Math.max(requested.attempts, asked) : asked;
    requested.isCounted = (!requested.retry || requested.isCounted) && request?.attempts !== undefined;
    requested.retry = true;
    requested.reopened ||= request?.reopened ?? false;
    requested.last = 'retry';
    nextSchedule = request?.schedule ?? schedule;
  });
  setHandler(cancelSignal, (request) => {
    requested.cancel = request ?? {};
    requested.last = 'cancel';
  });
  let rescheduled: RescheduleRequest | undefined;
  setHandler(rescheduleSignal, (request) => {
    // Workers of earlier versions ignored the signal.
    if (patched('reschedule')) rescheduled = request;
  });
  setHandler(releaseSignal, () => void (requested.release = true));
  setHandler(liveQuery, () => live);

  const isCancelled = () => requested.cancel !== undefined;
  /** @returns the new time of a wait, once; undefined if it was not moved */
  const takeMove = (attempts: number) => {
    const move = rescheduled?.attempts === attempts ? rescheduled : undefined;
    if (move) rescheduled = undefined;
    return move;
  };
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
      const asked = requested.attempts;
      const askedAfter = requested.retry && requested.isCounted && !isReset() ? asked : undefined;
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
        ...(askedAfter === undefined ? {} : { askedAfter }),
        schedule,
        step,
      });
      live.attempt = outcome.attempts;
      if (isManual(trigger, asked, outcome)) {
        lastManual = outcome.attempts;
        // Asked for before this attempt was over, which was made for a retry already.
        if (requested.retry && requested.attempts < lastManual && !requested.cancel && patched('presses-merge')) {
          requested.retry = false;
          requested.reopened = false;
        }
      } else if (outcome.repeated && trigger === 'manual') {
        // An earlier execution made this attempt before the retry was requested. The retry begins
        // now.
        requested.retry = true;
      }
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
          await wait(outcome, live, () => isCancelled() || isWoken(), takeMove);
          break;
        }
        case 'retry':
          step += 1;
          lane = outcome.lane;
          await wait(outcome, live, () => requested.retry || isCancelled(), takeMove);
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
