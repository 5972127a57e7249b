import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type DeliverOutcome } from '../../domain/delivery';
import type { AttemptRunner } from '../attempt-runner';
import { BacklogPace } from './backlog-pace';
import { FairQueue } from './fair-queue';
import { LoopLag } from './loop-lag';
import { headStartKey } from '../take-over';
import type { HeadStart } from './head-start';
import { isFresh, isTooLate } from './head-start';

/** Maximum number of concurrent head starts, those that are being recorded included. */
const CONCURRENCY = 256;
/**
 * Slots while the event loop is late: more requests would make it later still, and producers wait
 * for it too.
 */
const SENDING_WHEN_LATE = 32;
/** A lag of the event loop above this makes it late. */
const LATE_MS = 20;
/**
 * Maximum number of slots of one subscription, so that a receiver that hangs cannot take all slots.
 */
const SENDING_PER_SUBSCRIPTION = 64;
/**
 * How long an outcome is kept for its workflow. A workflow that asks later reads the recorded
 * outcome.
 */
const OUTCOME_KEPT_MS = 60_000;
/**
 * If nothing was accepted for this long, no producer waits for a response that a backlog could
 * delay.
 */
const QUIET_MS = 250;
/** How long `taken` waits at most, since the workflow may run on another worker. */
const TAKEN_TIMEOUT_MS = 2000;

interface Entry {
  outcome: Promise<DeliverOutcome | undefined>;
  resolve(outcome: DeliverOutcome | undefined): void;
  /** Set by `taken`. */
  onTaken?(): void;
  expiresAt: number;
}

export interface HeadStartOptions {
  /** Identifies the claims of this process; new at every start. */
  processId: string;
  /** Whether a worker in this process asks for outcomes. */
  keepOutcomes: boolean;
}

/**
 * Makes head starts: the process that accepted a notification makes its first attempt while the
 * workflow is being started, so that the receiver does not wait for Temporal. The workflow owns the
 * outcome and all that follows. A crash loses nothing: the claim and the workflow outlive the
 * process.
 *
 * Each head start is in one of these states:
 *
 * - QUEUED
 * - SENDING
 * - RECORDING
 * - KEPT
 * - FORGOTTEN
 *
 * ## QUEUED
 *
 * `begin` was called, and the head start waits in the fair queue for a slot. Subscriptions take
 * turns.
 *
 * - A slot becomes free: SENDING.
 * - Its turn comes more than 9 s after the claim: KEPT, without an outcome. Its request might
 *   outlast the claim, and then the workflow would send too.
 * - `close` is called: KEPT, without an outcome.
 *
 * ## SENDING
 *
 * The head start holds a slot: its attempt is admitted, prepared and sent. A subscription with 64
 * slots is paused in the queue. The number of slots is 256, or 32 while the event loop is more than
 * 20 ms late. A backlog gets only what {@link BacklogPace} allows, as long as events are being
 * accepted.
 *
 * - Nothing more will be sent: the slot is released, RECORDING.
 * - There is no attempt to make, or reading fails: the slot is released, KEPT.
 *
 * ## RECORDING
 *
 * The attempt is being recorded. It still counts against the 256 concurrent head starts, but holds
 * no slot.
 *
 * - The attempt is recorded: KEPT, with its outcome.
 * - Postgres did not take the record: KEPT, without an outcome. The workflow makes the attempt.
 *
 * ## KEPT
 *
 * The outcome waits for the workflow, up to 60 s after `begin`. A process without a worker skips
 * this state.
 *
 * - The workflow calls `outcomeOf`: FORGOTTEN.
 * - A later `begin` finds it expired: FORGOTTEN.
 *
 * ## FORGOTTEN
 *
 * This process knows nothing about the notification any more. `outcomeOf` returns undefined, and
 * the caller reads the record in Postgres.
 */
export class HeadStarts {
  private readonly entries = new Map<string, Entry>();
  private readonly queue = new FairQueue<HeadStart>();
  private readonly sendingBySubscription = new Map<string, number>();
  private readonly lag = new LoopLag();
  private readonly backlog = new BacklogPace(CONCURRENCY);
  private running = 0;
  private sending = 0;
  /** `performance.now()` of the last accept. */
  private acceptedAt = 0;
  private closed = false;
  private idle: (() => void)[] = [];

  constructor(
    private readonly options: HeadStartOptions,
    private readonly runAttempt: AttemptRunner,
    private readonly log: Logger,
  ) {}

  get processId(): string {
    return this.options.processId;
  }

  /** Number of head starts that wait for a slot. */
  get waiting(): number {
    return this.queue.size;
  }

  /**
   * Queues head starts and makes them in the background as slots become free. Subscriptions take
   * turns, and the order within a subscription is kept.
   */
  begin(headStarts: readonly HeadStart[]): void {
    if (this.closed) return;
    const now = performance.now();
    if (headStarts.some(({ accepted }) => accepted)) this.acceptedAt = now;
    for (const [id, { expiresAt }] of this.entries) {
      if (expiresAt > now) break;
      this.entries.delete(id);
    }
    for (const headStart of headStarts) {
      this.entries.set(headStart.notificationId, newEntry(now + OUTCOME_KEPT_MS));
      this.queue.push(headStart.subscriptionId, headStart);
    }
    this.pump();
  }

  /**
   * Waits for the outcome of a head start.
   *
   * @returns undefined if this process made none, or could not record it
   */
  async outcomeOf(notificationId: string): Promise<DeliverOutcome | undefined> {
    const entry = this.entries.get(notificationId);
    const outcome = await entry?.outcome;
    this.entries.delete(notificationId);
    entry?.onTaken?.();
    return outcome;
  }

  /**
   * Resolves when the workflow has asked for the outcome, or after 2 s. Resolves immediately if
   * there is no head start.
   */
  async taken(notificationId: string): Promise<void> {
    const entry = this.entries.get(notificationId);
    if (!entry) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, TAKEN_TIMEOUT_MS);
      entry.onTaken = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /**
   * Drops queued head starts and waits for those that are sending or recording. The claims of the
   * dropped ones lapse, and their workflows make the attempts.
   *
   * @param graceMs - maximum wait
   */
  async close(graceMs: number): Promise<void> {
    this.closed = true;
    for (const { notificationId } of this.queue.drain()) this.finish(notificationId, undefined);
    if (this.running === 0) return;
    const ended = new Promise<void>((resolve) => this.idle.push(resolve));
    const giveUp = new AbortController();
    await Promise.race([ended, sleep(graceMs, undefined, { signal: giveUp.signal })]);
    giveUp.abort();
  }

  private pump(): void {
    const slots = this.lag.ms > LATE_MS ? SENDING_WHEN_LATE : CONCURRENCY;
    for (;;) {
      const next = this.queue.peek();
      if (!next || this.running >= CONCURRENCY) return;
      if (this.sending >= (this.isPaced(next) ? Math.min(slots, this.backlog.slots) : slots)) return;
      this.queue.take();
      if (isTooLate(next)) this.finish(next.notificationId, undefined);
      else void this.run(next);
    }
  }

  private isPaced(next: HeadStart): boolean {
    return !isFresh(next) && performance.now() - this.acceptedAt <= QUIET_MS;
  }

  private async run(headStart: HeadStart): Promise<void> {
    const { notificationId, subscriptionId } = headStart;
    this.running += 1;
    this.lag.start();
    const releaseSlot = this.acquireSlot(subscriptionId);
    const outcome = await this.attempt(headStart, releaseSlot);
    releaseSlot();
    this.running -= 1;
    this.finish(notificationId, outcome);
    if (this.running === 0) {
      this.lag.stop();
      for (const resolve of this.idle.splice(0)) resolve();
    }
    this.pump();
  }

  /** @returns releases the slot; further calls have no effect */
  private acquireSlot(subscriptionId: string): () => void {
    const sending = (this.sendingBySubscription.get(subscriptionId) ?? 0) + 1;
    this.sendingBySubscription.set(subscriptionId, sending);
    this.sending += 1;
    if (sending === SENDING_PER_SUBSCRIPTION) this.queue.pause(subscriptionId);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.releaseSlot(subscriptionId);
    };
  }

  private releaseSlot(subscriptionId: string): void {
    const left = this.sendingBySubscription.get(subscriptionId)! - 1;
    if (left > 0) this.sendingBySubscription.set(subscriptionId, left);
    else this.sendingBySubscription.delete(subscriptionId);
    this.sending -= 1;
    this.queue.resume(subscriptionId);
    this.pump();
  }

  private finish(notificationId: string, outcome: DeliverOutcome | undefined): void {
    const entry = this.entries.get(notificationId);
    entry?.resolve(outcome);
    if (this.options.keepOutcomes) return;
    this.entries.delete(notificationId);
    entry?.onTaken?.();
  }

  private async attempt(headStart: HeadStart, onSent: () => void): Promise<DeliverOutcome | undefined> {
    const { notificationId, schedule, workflowId, accepted } = headStart;
    try {
      return await this.runAttempt({
        notificationId,
        schedule,
        sequence: 1,
        step: 0,
        trigger: 'scheduled',
        attemptKey: headStartKey(this.processId),
        workflowId,
        processId: this.processId,
        slow: false,
        accepted: isFresh(headStart) ? accepted : undefined,
        onSent,
      });
    } catch (error) {
      this.log.warn(
        { err: error, notificationId },
        'a head start failed or could not be recorded; its workflow makes the attempt',
      );
      return undefined;
    }
  }
}

function newEntry(expiresAt: number): Entry {
  const entry: Partial<Entry> = { expiresAt };
  entry.outcome = new Promise((resolve) => (entry.resolve = resolve));
  return entry as Entry;
}
