import { CutOff } from '../delivery/cut-off';
import { ComposerBusyError } from '../domain/composing';
import type { DeliverOutcome } from '../domain/delivery';
import type { AttemptError } from '../domain/types';
import { isTransient, isUnavailable } from '../store/db/database';
import { NO_TRACING, type Span } from '../process/tracing';
import { GroupCommit } from '../store/db/group-commit';
import { findLadderSettings } from '../store/notifications/delivery-subscription';
import { loadDeliveries, type Delivery } from '../store/notifications/load-deliveries';
import { postpone } from '../store/notifications/transitions';
import { admissionOf, admit, type LoadDelivery } from './admit';
import type { AttemptDeps } from './deps';
import { conclude, throttledFor, type ConcludedAttempt } from './outcome';
import { prepare } from './prepare';
import { ReceiverAccessCache } from './receiver-access-cache';
import { LineWaker } from './line-waker';
import { createRateLimiter } from './rate-limiter';
import { record } from './record';
import { notSent, send } from './send';
import { AttemptLeftError, MadeElsewhereError, type Admitted, type AttemptInput, type FinishedAttempt } from './stages';
import { SubscriptionCache } from './subscription-cache';
import { attemptSpan, noteOutcome, passTraceOn } from './trace';
import { headStartKey } from './take-over';
import { UnrecordedAttempts } from './unrecorded';

/**
 * Reads of attempts that begin at the same time share a statement: under load that takes a fifth of
 * the time.
 */
const LOAD_GROUP = { pipelines: 2, maxGatherMs: 3, maxItems: 64, isUnavailable };

/**
 * Makes an attempt and records it.
 *
 * @throws the error of the database, if the attempt could not be read or recorded
 */
export type AttemptRunner = (input: AttemptInput) => Promise<DeliverOutcome>;

/** The attempts of a process. */
export interface Attempts {
  run: AttemptRunner;
  /**
   * Aborts the requests under way, because the process ends, and sends no more. Another process
   * makes those attempts again.
   *
   * @returns resolves when what was made is recorded
   */
  cutOff(): Promise<void>;
}

/**
 * Creates the runner of this process. An attempt goes through three stages, once it is admitted: it
 * is prepared (composed and signed), sent, and recorded.
 *
 * An attempt may be run again. If it is recorded, the runner returns the recorded outcome. If it
 * was made but not recorded, the runner records what it kept in memory. While Postgres is
 * unavailable, a run does not end. Only a process that dies between the receiver's response and the
 * record makes an attempt twice.
 */
export function createAttempts(attemptDeps: Omit<AttemptDeps, 'cutOff'>): Attempts {
  const cutOff = new CutOff();
  const deps = { ...attemptDeps, cutOff, access: new ReceiverAccessCache(attemptDeps.sealer) };
  const unrecorded = new UnrecordedAttempts();
  const runningNow = new Map<string, Promise<DeliverOutcome>>();
  const loader = new GroupCommit<string, Delivery | undefined>((ids) => loadDeliveries(deps.db, ids), LOAD_GROUP);
  const subscriptions = new SubscriptionCache();
  const waker = new LineWaker(deps.db, deps.settle, deps.log);
  const limit = createRateLimiter(deps.db, deps.metrics, (subscriptionId) => waker.note(subscriptionId));

  const load: LoadDelivery = async (notificationId) => {
    const [delivery] = await loader.submit([notificationId]);
    if (delivery?.subscription) subscriptions.keep(delivery.subscription);
    return delivery;
  };

  /**
   * A head start that follows its accept needs no read, if its subscription is cached in the
   * accepted revision.
   */
  function admitFromCache({ accepted }: AttemptInput): Admitted | undefined {
    const subscription = accepted && subscriptions.find(accepted.subscriptionId, accepted.subscriptionRevision);
    return subscription && { delivery: accepted.facts, subscription };
  }

  async function recordKept(input: AttemptInput, attempt: ConcludedAttempt): Promise<DeliverOutcome> {
    const recorded = await record(deps, attempt);
    if ('stage' in recorded) {
      unrecorded.keep(input, attempt);
      throw recorded.cause;
    }
    unrecorded.drop(input);
    return recorded;
  }

  async function make(input: AttemptInput): Promise<ConcludedAttempt | DeliverOutcome> {
    let admitted: Admitted | DeliverOutcome | undefined;
    try {
      admitted = admitFromCache(input) ?? (await admit(deps, { load, limit }, input));
      if ('kind' in admitted) return admitted;
      if (input.beginBefore !== undefined && performance.now() > input.beginBefore) throw new AttemptLeftError('late');
      return await prepareAndSend(deps, attemptFor(input, admitted), admitted);
    } catch (error) {
      if (error instanceof AttemptLeftError || error instanceof MadeElsewhereError || isTransient(error)) throw error;
      // Repeated, it would fail again, and occupy a slot for ever. As a failed attempt it takes a
      // step of the ladder, and people see it.
      const delivery = admitted && !('kind' in admitted) ? admitted : await loadAdmitted(input);
      if (!delivery) throw error;
      deps.log.error({ err: error, notificationId: input.notificationId }, 'an attempt failed for an internal reason');
      return conclude(input, delivery, failedInternally(deps, attemptFor(input, delivery), delivery));
    }
  }

  async function loadAdmitted(input: AttemptInput): Promise<Admitted | undefined> {
    const delivery = await load(input.notificationId);
    return delivery?.subscription ? admissionOf(input, delivery, delivery.subscription) : undefined;
  }

  async function run(input: AttemptInput): Promise<DeliverOutcome> {
    const kept = unrecorded.find(input);
    if (kept) {
      const recorded = await recordKept(input, kept);
      if (kept.record.attemptKey === input.attemptKey) return recorded;
      // It was the head start of this workflow, which takes it over from the record.
    }
    const made = await make(input);
    if ('kind' in made) return made;
    input.onSent?.();
    return recordKept(input, made);
  }

  return {
    run(input) {
      const key = `${input.notificationId} ${input.attemptKey}`;
      // Temporal runs an attempt again when it gives the first execution up, which may go on here.
      let running = runningNow.get(key);
      if (!running) {
        running = run(input).finally(() => runningNow.delete(key));
        runningNow.set(key, running);
      }
      return running;
    },
    async cutOff() {
      cutOff.abort();
      await Promise.allSettled(runningNow.values());
    },
  };
}

function attemptFor(input: AttemptInput, { isForRetry }: Admitted): AttemptInput {
  return isForRetry ? { ...input, trigger: 'manual' } : input;
}

function prepareAndSend(
  deps: AttemptDeps & { access: ReceiverAccessCache },
  input: AttemptInput,
  admitted: Admitted,
): Promise<ConcludedAttempt | DeliverOutcome> {
  const { tracing = NO_TRACING } = deps;
  return tracing.run(
    () => attemptSpan(input, admitted),
    (span) => prepareAndSendIn(span, deps, input, admitted),
  );
}

async function prepareAndSendIn(
  span: Span,
  deps: AttemptDeps & { access: ReceiverAccessCache },
  input: AttemptInput,
  admitted: Admitted,
): Promise<ConcludedAttempt | DeliverOutcome> {
  const { metrics } = deps;
  metrics.inFlight.inc();
  try {
    const startedAt = new Date();
    const preparing = prepare(deps, input, admitted, startedAt);
    // A request that waits for nothing is sent in this turn of the event loop, before the producer
    // gets its response.
    const prepared = preparing instanceof Promise ? await preparing : preparing;
    if (!('stage' in prepared)) passTraceOn(prepared, span, admitted);
    const finished =
      'stage' in prepared
        ? notSent(input, admitted, prepared, startedAt)
        : await send(deps, input, admitted, prepared, startedAt);
    observe(deps, admitted, finished, span.traceparent);
    noteOutcome(span, finished);
    return conclude(input, await upToDate(deps, admitted, finished), finished);
  } catch (error) {
    if (error instanceof ComposerBusyError) return await putOff(deps, input, admitted.delivery.attempts, error);
    throw error;
  } finally {
    metrics.inFlight.dec();
  }
}

/**
 * Reads the settings of the ladder again after a failure: they may have been changed during the
 * attempt, which may take 10 minutes.
 */
async function upToDate({ db, log }: AttemptDeps, admitted: Admitted, { failure }: FinishedAttempt): Promise<Admitted> {
  if (!failure || 'cutOff' in failure) return admitted;
  const { subscription } = admitted;
  try {
    const now = await findLadderSettings(db, subscription.id);
    if (!now) return admitted;
    const isOutdated = now.failurePeriod !== subscription.failurePeriod;
    return { ...admitted, subscription: { ...subscription, retrySchedule: now.retrySchedule }, isOutdated };
  } catch (error) {
    // The attempt was made, so it must be recorded.
    log.warn({ err: error, subscriptionId: subscription.id }, 'the settings of a ladder could not be read again');
    return admitted;
  }
}

async function putOff(
  { db }: AttemptDeps,
  { notificationId, attemptKey, processId }: AttemptInput,
  attempts: number,
  { retryAfterSeconds }: ComposerBusyError,
): Promise<DeliverOutcome> {
  // Random, so that attempts put off together do not come back together.
  const throttled = throttledFor(retryAfterSeconds * (1 + Math.random()), attempts);
  // The workflow makes a head start that was put off, when it comes to it.
  if (attemptKey !== headStartKey(processId)) await postpone(db, notificationId, throttled.waitSeconds, processId);
  return throttled;
}

function failedInternally(deps: AttemptDeps, input: AttemptInput, admitted: Admitted): FinishedAttempt {
  const error: AttemptError = {
    class: 'internal',
    message: 'an internal error; the log of the service has the reason',
  };
  const finished = notSent(input, admitted, { stage: 'preparation', error }, new Date());
  observe(deps, admitted, finished);
  return finished;
}

function observe(
  { metrics, log }: AttemptDeps,
  { delivery }: Admitted,
  { facts, failure }: FinishedAttempt,
  traceparent?: string,
): void {
  const isCut = failure !== null && 'cutOff' in failure;
  metrics.attempts.inc({ outcome: isCut ? 'cut-off' : (failure?.error.class ?? 'delivered') });
  metrics.attemptDuration.observe(facts.durationMs / 1000, traceparent);
  if (delivery.attempts === 0) {
    const waitedMs = facts.startedAt.getTime() - delivery.acceptedAt.getTime();
    metrics.acceptToFirstAttempt.observe(Math.max(0, waitedMs / 1000), traceparent);
  }
  if (!failure) return;
  const { notificationId, subscriptionId } = facts;
  const { stage, error } = failure;
  const attempt = delivery.attempts + 1;
  // Without the message, which may name the receiver's host. Logs outlive the erasure of a
  // customer.
  log.info({ notificationId, subscriptionId, attempt, stage, class: error.class }, 'an attempt failed');
}
