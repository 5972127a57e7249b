import { setTimeout as sleep } from 'node:timers/promises';
import { ComposeError, ComposerBusyError } from '../domain/composing';
import { SLOW_ATTEMPT_MS, type DeliverInput, type DeliverOutcome } from '../domain/delivery';
import { maskHeaders } from '../domain/mask';
import type { AttemptError } from '../domain/types';
import { markOutOfOrder, markOutOfOrderIfFailing, type TakenOutOfOrder } from '../store/subscriptions/out-of-order';
import type { DeliverySubscription } from '../store/notifications/delivery-subscription';
import { composeData } from './compose';
import { conclude, GONE, recordedOutcome, type Made } from './outcome';
import { signRequest, type SignedRequest } from './sign';
import { SubscriptionCache } from './subscription-cache';
import { takeOver } from './take-over';
import { isUnavailable } from '../store/db/database';
import { GroupCommit } from '../store/db/group-commit';
import type { AttemptRecord, DeliveryFacts } from '../domain/attempt';
import { loadDeliveries, type Delivery } from '../store/notifications/load-deliveries';
import { markSlow, takeRateSlot } from '../store/subscriptions/limits';
import { cancelNotification, holdNotification, markDelivering } from '../store/notifications/transitions';
import type { HeadStartDelivery } from '../domain/head-start';
import type { AttemptDeps } from './deps';

/** How long a slow attempt may be over time before the relay doubts that anybody waits for it, in seconds. */
const DELIVERING_GRACE_SECONDS = 300;

/** However long composing took, the receiver has so long to answer, in milliseconds. */
const MIN_SEND_MS = 1000;

/** Attempts that begin at the same time are read together: under load that is a fifth of the cost. */
const LOAD_GROUP = { pipelines: 2, maxGatherMs: 3, maxItems: 64, isUnavailable };

/** One attempt to be made, and the names it is known by. */
export interface AttemptInput extends DeliverInput {
  /** Names the attempt: its record is a compare-and-set on it. */
  attemptKey: string;
  workflowId: string;
  /** Who asks: a live claim of another process on the first attempt is waited for. */
  processId: string;
  /** Whether the attempt may take so long that somebody should see it. */
  slow: boolean;
  /** What the accept wrote a moment ago: where its subscription is known, a head start reads nothing back. */
  accepted?: HeadStartDelivery;
  /** Called when nothing is sent any more: what is left is to record it. */
  onAnswered?(): void;
}

/** Makes an attempt and records it. */
export type AttemptRunner = (input: AttemptInput) => Promise<DeliverOutcome>;

/**
 * Reads notification, event and subscription as they are now, signs, sends, and records what came of it.
 *
 * It may be asked for the same attempt again: recorded, it answers from the record; made but not yet recorded (Postgres was away), it records
 * what is still in memory. Only a process that dies between the receiver's answer and the record makes an attempt twice.
 */
export function createAttemptRunner(deps: AttemptDeps): AttemptRunner {
  const unrecorded = new Map<string, Made>();
  const loader = new GroupCommit<string, Delivery | undefined>((ids) => loadDeliveries(deps.db, ids), LOAD_GROUP);
  const subscriptions = new SubscriptionCache();
  const load: Load = async (notificationId) => {
    const [delivery] = await loader.submit([notificationId]);
    if (delivery?.subscription) subscriptions.keep(delivery.subscription);
    return delivery;
  };

  return async function attemptAndRecord(input) {
    const key = `${input.notificationId} ${input.attemptKey}`;
    let made = unrecorded.get(key);
    if (!made) {
      const { accepted } = input;
      const known = accepted && subscriptions.find(accepted.subscriptionId, accepted.subscriptionRevision);
      const next = known ? await send(deps, input, accepted.facts, known) : await attempt(deps, load, input);
      if ('kind' in next) return next;
      made = next;
      unrecorded.set(key, made);
    }
    input.onAnswered?.();
    const outcome = await record(deps, made);
    unrecorded.delete(key);
    return outcome;
  };
}

type Load = (notificationId: string) => Promise<Delivery | undefined>;

/** Makes the attempt, or says why none is to be made. */
async function attempt(deps: AttemptDeps, load: Load, input: AttemptInput): Promise<Made | DeliverOutcome> {
  const { db } = deps;
  const delivery = await load(input.notificationId);
  if (!delivery) return { kind: 'cancelled', attempts: 0 };
  const { subscription, attempts } = delivery;
  if (delivery.lastAttemptKey === input.attemptKey) return { ...recordedOutcome(delivery), repeated: true };
  const taken = await takeOver(db, input, delivery);
  if (taken) return taken === 'look again' ? attempt(deps, load, input) : taken;
  if (delivery.status === 'delivered' || delivery.status === 'cancelled') return { kind: delivery.status, attempts };
  if (!subscription) {
    await cancelNotification(db, input.notificationId);
    return { kind: 'cancelled', attempts };
  }
  if (subscription.status !== 'enabled') {
    if (await holdNotification(db, input.notificationId)) return { kind: 'held', attempts };
    return attempt(deps, load, input);
  }
  if (subscription.rateLimited) {
    const waitSeconds = await takeRateSlot(db, subscription.id);
    if (waitSeconds > 0)
      return {
        kind: 'throttled',
        attempts,
        waitSeconds,
        dueAt: new Date(Date.now() + waitSeconds * 1000).toISOString(),
      };
  }
  if (attempts > 0 || input.slow) {
    await markDelivering(db, input.notificationId, subscription.timeoutSeconds + DELIVERING_GRACE_SECONDS);
  }
  return send(deps, input, delivery, subscription);
}

async function send(
  deps: AttemptDeps,
  input: AttemptInput,
  delivery: DeliveryFacts,
  subscription: DeliverySubscription,
): Promise<Made | DeliverOutcome> {
  const { metrics, log } = deps;
  metrics.inFlight.inc();
  try {
    const facts = await makeAttempt(deps, input, delivery, subscription);
    metrics.attempts.inc({ outcome: facts.error?.class ?? 'delivered' });
    metrics.attemptDuration.observe(facts.durationMs / 1000);
    if (delivery.attempts === 0) {
      const waitedMs = facts.startedAt.getTime() - delivery.acceptedAt.getTime();
      metrics.acceptToFirstAttempt.observe(Math.max(0, waitedMs / 1000));
    }
    if (facts.error) {
      const { notificationId } = input;
      const { class: errorClass, message: reason } = facts.error;
      log.info(
        { notificationId, subscriptionId: subscription.id, attempt: delivery.attempts + 1, class: errorClass, reason },
        'an attempt failed',
      );
    }
    return conclude(input, delivery, subscription, facts);
  } catch (error) {
    if (error instanceof ComposerBusyError) return noTurn(delivery.attempts, error);
    throw error;
  } finally {
    metrics.inFlight.dec();
  }
}

/** No attempt was made and none is counted. The workflow waits, and not this process. */
function noTurn(attempts: number, { retryAfterSeconds }: ComposerBusyError): DeliverOutcome {
  // Spread out: what was refused together must not come back together.
  const waitSeconds = retryAfterSeconds * (1 + Math.random());
  return { kind: 'throttled', attempts, waitSeconds, dueAt: new Date(Date.now() + waitSeconds * 1000).toISOString() };
}

async function makeAttempt(
  deps: AttemptDeps,
  input: AttemptInput,
  delivery: DeliveryFacts,
  subscription: DeliverySubscription,
): Promise<Omit<AttemptRecord, 'outcome'>> {
  const { notificationId, trigger, attemptKey, workflowId } = input;
  const subscriptionId = subscription.id;
  const begun = new Date();
  let signed: SignedRequest;
  try {
    const composing = composeData(deps, delivery, subscription);
    const composed = composing && (await composing);
    const signing = signRequest(deps, delivery, subscription, composed, composed ? new Date() : begun);
    // What has nothing to wait for is sent in this turn of the event loop, before the producer is answered.
    signed = signing instanceof Promise ? await signing : signing;
  } catch (error) {
    if (error instanceof ComposerBusyError) throw error;
    const failure = unmade(deps, input, error);
    const request = { method: subscription.method, url: subscription.url, headers: {}, body: null };
    const finishedAt = new Date();
    const durationMs = finishedAt.getTime() - begun.getTime();
    const named = { notificationId, subscriptionId, trigger, attemptKey, workflowId };
    return { ...named, startedAt: begun, finishedAt, durationMs, error: failure, request, response: null };
  }
  // Composing counts against the timeout, by which claims are reckoned.
  const composedMs = Date.now() - begun.getTime();
  // Others are not to queue up behind a slow one until it is over: its subscription leaves the fast lane as soon as it is seen to be slow.
  const slow = setTimeout(() => void markSlow(deps.db, subscription.id).catch(() => undefined), SLOW_ATTEMPT_MS);
  const { method, url, headers, body } = signed;
  const timeoutMs = Math.max(MIN_SEND_MS, subscription.timeoutSeconds * 1000 - composedMs);
  const result = await deps.http.send({ method, url, headers, body, timeoutMs });
  clearTimeout(slow);
  // Written out: objects of this size that begin with a copy of another take many times as long to make.
  return {
    notificationId,
    subscriptionId,
    trigger,
    attemptKey,
    workflowId,
    startedAt: result.startedAt,
    finishedAt: result.finishedAt,
    durationMs: result.durationMs,
    error: result.error,
    request: { method, url, headers: maskHeaders(headers), body: signed.shownBody },
    response: result.response && { ...result.response, body: signed.maskEcho(result.response.body) },
  };
}

/** Why the request of an attempt could not be made. */
function unmade({ log }: AttemptDeps, { notificationId }: AttemptInput, error: unknown): AttemptError {
  if (error instanceof ComposeError) return { class: 'transform', message: error.message };
  log.error({ err: error, notificationId }, 'signing failed');
  return { class: 'sign', message: 'the request could not be signed' };
}

/** How often the record is tried before the activity fails; after that Temporal tries again, and finds the attempt in memory. */
const RECORD_TRIES = 5;

async function record(deps: AttemptDeps, { record: attemptRecord, outcome }: Made): Promise<DeliverOutcome> {
  for (let tries = 1; ; tries++) {
    try {
      if (attemptRecord.response?.status === GONE)
        tell(
          deps,
          'gone',
          attemptRecord,
          await markOutOfOrder(deps.db, attemptRecord.subscriptionId, 'the receiver answered 410 Gone'),
        );
      const now = await deps.recorder(attemptRecord);
      if (attemptRecord.error)
        tell(deps, 'failing', attemptRecord, await markOutOfOrderIfFailing(deps.db, attemptRecord.subscriptionId));
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

/** Tells operators that a subscription was taken out of order, where it was. */
function tell(
  { metrics, log, launch }: AttemptDeps,
  cause: 'gone' | 'failing',
  { subscriptionId }: AttemptRecord,
  taken: TakenOutOfOrder | undefined,
): void {
  if (!taken) return;
  metrics.outOfOrder.inc({ cause });
  log.warn({ subscriptionId, cause }, 'a subscription was taken out of order');
  launch(taken.notifications);
}
