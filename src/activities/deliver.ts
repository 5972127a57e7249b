import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { parseRetryAfter } from '../delivery/http-client';
import {
  FAST_LANE_MAX_TIMEOUT_SECONDS,
  SLOW_ATTEMPT_MS,
  type DeliverInput,
  type DeliverOutcome,
} from '../domain/delivery';
import { maskHeaders } from '../domain/mask';
import { nextWaitSeconds } from '../domain/retry-schedule';
import type { AttemptError } from '../domain/types';
import {
  cancelNotification,
  holdNotification,
  loadDelivery,
  markDelivering,
  markOutOfOrder,
  markSlow,
  recordAttempt,
  takeRatePlace,
  type AttemptRecord,
  type Delivery,
  type DeliverySubscription,
} from '../store/deliveries';
import type { ActivityDeps } from './deps';
import { signRequest } from './sign';

const HEARTBEAT_INTERVAL_MS = 10_000;
/** How long a slow attempt may be over time before the relay doubts that anybody waits for it, in seconds. */
const DELIVERING_GRACE_SECONDS = 300;
/** HTTP 410: the receiver wants no more. */
const GONE = 410;
const RETRY_AFTER_STATUSES = [429, 503];

/** An attempt that was made, with what the workflow is told once it is recorded. */
interface Made {
  record: AttemptRecord;
  outcome: DeliverOutcome;
}

/**
 * The activity `deliver`: reads notification, event and subscription as they are now, signs, sends, and records what came of it.
 *
 * It may run again for the same attempt: recorded, it answers from the record; made but not yet recorded (Postgres was away), it records what
 * is still in memory. Only a process that dies between the receiver's answer and the record makes an attempt twice.
 */
export function createDeliver(deps: ActivityDeps): (input: DeliverInput) => Promise<DeliverOutcome> {
  const unrecorded = new Map<string, Made>();

  return async function deliver(input) {
    const { workflowExecution, isLocal } = Context.current().info;
    const attemptKey = `${workflowExecution?.runId}:${input.sequence}`;
    const heartbeat = isLocal ? undefined : setInterval(() => Context.current().heartbeat(), HEARTBEAT_INTERVAL_MS);
    try {
      let made = unrecorded.get(attemptKey);
      if (!made) {
        const next = await attempt(deps, input, attemptKey, workflowExecution?.workflowId ?? '');
        if ('kind' in next) return next;
        made = next;
        unrecorded.set(attemptKey, made);
      }
      const outcome = await record(deps, made);
      unrecorded.delete(attemptKey);
      return outcome;
    } finally {
      clearInterval(heartbeat);
    }
  };
}

/** Makes the attempt, or says why none is to be made. */
async function attempt(
  deps: ActivityDeps,
  input: DeliverInput,
  attemptKey: string,
  workflowId: string,
): Promise<Made | DeliverOutcome> {
  const { db, metrics } = deps;
  const delivery = await loadDelivery(db, input.notificationId);
  if (!delivery) return { kind: 'cancelled', attempts: 0 };
  const { subscription, attempts } = delivery;
  if (delivery.lastAttemptKey === attemptKey) return { ...recorded(delivery), repeated: true };
  if (delivery.status === 'delivered' || delivery.status === 'cancelled') return { kind: delivery.status, attempts };
  if (!subscription) {
    await cancelNotification(db, input.notificationId);
    return { kind: 'cancelled', attempts };
  }
  if (subscription.status !== 'enabled') {
    if (await holdNotification(db, input.notificationId)) return { kind: 'held', attempts };
    return attempt(deps, input, attemptKey, workflowId);
  }
  if (subscription.rateLimited) {
    const waitSeconds = await takeRatePlace(db, subscription.id);
    if (waitSeconds > 0)
      return {
        kind: 'throttled',
        attempts,
        waitSeconds,
        dueAt: new Date(Date.now() + waitSeconds * 1000).toISOString(),
      };
  }
  if (attempts > 0 || !Context.current().info.isLocal) {
    await markDelivering(db, input.notificationId, subscription.timeoutSeconds + DELIVERING_GRACE_SECONDS);
  }
  metrics.inFlight.inc();
  try {
    return await makeAttempt(deps, input, delivery, subscription, { attemptKey, workflowId });
  } finally {
    metrics.inFlight.dec();
  }
}

/** The outcome of an attempt whose record is there already, as a repeated activity finds it. */
function recorded(delivery: Delivery): DeliverOutcome {
  const { attempts, status } = delivery;
  const reason = delivery.lastErrorMessage ?? 'failed';
  switch (status) {
    case 'delivered':
    case 'cancelled':
      return { kind: status, attempts };
    // Pending: the attempt was the last one, and the notification was opened again since, which begins another ladder.
    case 'failed':
    case 'pending':
      return { kind: 'failed', attempts, reason };
    default: {
      const due = delivery.nextAttemptAt ?? new Date();
      return {
        kind: 'retry',
        attempts,
        waitSeconds: Math.max(0, (due.getTime() - Date.now()) / 1000),
        dueAt: due.toISOString(),
        lane: delivery.subscription ? laneOf(delivery.subscription, 0) : 'fast',
        reason,
      };
    }
  }
}

async function makeAttempt(
  deps: ActivityDeps,
  input: DeliverInput,
  delivery: Delivery,
  subscription: DeliverySubscription,
  names: { attemptKey: string; workflowId: string },
): Promise<Made> {
  const base = {
    notificationId: input.notificationId,
    subscriptionId: subscription.id,
    trigger: input.trigger,
    ...names,
  };
  const now = new Date();
  let signed;
  try {
    signed = signRequest(deps.sealer, delivery, subscription, now);
  } catch (error) {
    deps.log.error({ err: error, notificationId: input.notificationId }, 'signing failed');
    const failure: AttemptError = { class: 'sign', message: 'the request could not be signed' };
    const request = { method: subscription.method, url: subscription.url, headers: {}, body: null };
    return concluded(deps, input, delivery, subscription, {
      ...base,
      startedAt: now,
      finishedAt: now,
      durationMs: 0,
      error: failure,
      request,
      response: null,
    });
  }
  const result = await deps.http.send({ ...signed, timeoutMs: subscription.timeoutSeconds * 1000 });
  return concluded(deps, input, delivery, subscription, {
    ...base,
    startedAt: result.startedAt,
    finishedAt: result.finishedAt,
    durationMs: result.durationMs,
    error: result.error,
    // The body of format `standard` follows from the event and is rebuilt when somebody looks.
    request: { method: signed.method, url: signed.url, headers: maskHeaders(signed.headers), body: null },
    response: result.response,
  });
}

/** What follows from an attempt: delivered, another step of the ladder, or the end of it. */
function concluded(
  deps: ActivityDeps,
  input: DeliverInput,
  delivery: Delivery,
  subscription: DeliverySubscription,
  facts: Omit<AttemptRecord, 'outcome'>,
): Made {
  const attempts = delivery.attempts + 1;
  deps.metrics.attempts.inc({ outcome: facts.error?.class ?? 'delivered' });
  deps.metrics.attemptDuration.observe(facts.durationMs / 1000);
  if (delivery.attempts === 0) {
    deps.metrics.acceptToFirstAttempt.observe(
      Math.max(0, (facts.startedAt.getTime() - delivery.acceptedAt.getTime()) / 1000),
    );
  }
  if (facts.error === null)
    return { record: { ...facts, outcome: { status: 'delivered' } }, outcome: { kind: 'delivered', attempts } };
  const reason = facts.error.message;
  deps.log.info(
    {
      notificationId: input.notificationId,
      subscriptionId: subscription.id,
      attempt: attempts,
      class: facts.error.class,
      reason,
    },
    'an attempt failed',
  );
  const status = facts.response?.status ?? 0;
  const retryAfterSeconds = RETRY_AFTER_STATUSES.includes(status)
    ? parseRetryAfter(facts.response?.headers['retry-after'], facts.finishedAt)
    : undefined;
  const waitSeconds = status === GONE ? undefined : nextWaitSeconds(input.schedule, input.step + 1, retryAfterSeconds);
  if (waitSeconds === undefined)
    return { record: { ...facts, outcome: { status: 'failed' } }, outcome: { kind: 'failed', attempts, reason } };
  const nextAttemptAt = new Date(facts.finishedAt.getTime() + waitSeconds * 1000);
  return {
    record: { ...facts, outcome: { status: 'retrying', nextAttemptAt } },
    outcome: {
      kind: 'retry',
      attempts,
      waitSeconds,
      dueAt: nextAttemptAt.toISOString(),
      lane: laneOf(subscription, facts.durationMs),
      reason,
    },
  };
}

function laneOf(subscription: DeliverySubscription, durationMs: number): 'fast' | 'slow' {
  return subscription.slow ||
    durationMs > SLOW_ATTEMPT_MS ||
    subscription.timeoutSeconds > FAST_LANE_MAX_TIMEOUT_SECONDS
    ? 'slow'
    : 'fast';
}

/** How often the record is tried within one execution of the activity; after that Temporal tries again, and finds the attempt in memory. */
const RECORD_TRIES = 5;

async function record(deps: ActivityDeps, { record: attemptRecord, outcome }: Made): Promise<DeliverOutcome> {
  for (let tries = 1; ; tries++) {
    try {
      if (attemptRecord.response?.status === GONE)
        await markOutOfOrder(deps.db, attemptRecord.subscriptionId, 'the receiver answered 410 Gone');
      if (attemptRecord.durationMs > SLOW_ATTEMPT_MS) await markSlow(deps.db, attemptRecord.subscriptionId);
      const now = await recordAttempt(deps.db, attemptRecord);
      if (now.status === 'cancelled') return { kind: 'cancelled', attempts: now.attempts };
      deps.metrics.notificationsFinished(now.status);
      return { ...outcome, attempts: now.attempts };
    } catch (error) {
      if (tries >= RECORD_TRIES) throw error;
      deps.log.warn(
        { err: error, notificationId: attemptRecord.notificationId },
        'recording an attempt failed; trying again',
      );
      await sleep(100 * 2 ** tries);
    }
  }
}
