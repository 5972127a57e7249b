import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { HEAD_START_WAIT_SECONDS, type DeliverOutcome } from '../../domain/delivery';
import type { Attempter } from '../attempter';
import { BacklogPace } from './backlog-pace';
import { FairQueue } from './fair-queue';
import { LoopLag } from './loop-lag';
import { headStartKey } from '../take-over';
import type { HeadStartDelivery } from '../../domain/head-start';

/** Attempts under way at once, recording them included. */
const CONCURRENCY = 256;
/** Requests under way at once while the event loop is late: producers wait for it, too, and more at once would only make it later. */
const SENDING_WHEN_LATE = 32;
const LATE_MS = 20;
/** Requests under way at once to one subscription: a receiver that hangs must not take all places. */
const SENDING_PER_SUBSCRIPTION = 64;
/** How long an outcome waits for its workflow to ask; after that the workflow finds it in the record. */
const KEPT_MS = 60_000;
/** The claim is counted by the database's clock, the wait by ours: so much may lie between a statement's start and its clock being read. */
const MARGIN_MS = 1000;
/** What the accept wrote is fresh for so long, as is all that is kept for a moment; who had to wait longer for a turn is part of a backlog, and looks again. */
const FRESH_MS = 1000;
/** Where nothing was accepted for so long, no producer waits for an answer that a backlog could hold up. */
const QUIET_MS = 250;
/** How long the start of a workflow is taken to be under way where its worker never asks. */
const TAKEN_AFTER_MS = 2000;

/** A claimed notification, and the workflow that looks after it. */
export interface HeadStart {
  notificationId: string;
  subscriptionId: string;
  schedule: readonly number[];
  workflowId: string;
  /** By `performance.now()`, taken before the statement that claimed it. */
  claimedAt: number;
  /** What the accept wrote; absent where the claim was renewed since, which makes it part of a backlog. */
  accepted?: HeadStartDelivery;
}

interface Entry {
  outcome: Promise<DeliverOutcome | undefined>;
  finish(outcome: DeliverOutcome | undefined): void;
  /** Set by who waits for it. */
  onTaken?(): void;
  expiresAt: number;
}

export interface HeadStartOptions {
  /** Names the claims of this process; new with every start. */
  processId: string;
  /** Whether a worker of this process will ask for outcomes. */
  keepOutcomes: boolean;
}

/**
 * Head starts: the process that accepted a notification makes its first attempt at once, while the workflow is being started, so that the
 * receiver does not wait for Temporal. The workflow owns the outcome and all that follows. A crash loses nothing: claim and workflow outlive
 * the process.
 */
export class HeadStarts {
  private readonly entries = new Map<string, Entry>();
  private readonly queue = new FairQueue<HeadStart>();
  private readonly sendingBySubscription = new Map<string, number>();
  private readonly lag = new LoopLag();
  private readonly backlog = new BacklogPace(CONCURRENCY);
  private running = 0;
  private sending = 0;
  /** By `performance.now()`: when something was accepted last. */
  private acceptedAt = 0;
  private closed = false;
  private idle: (() => void)[] = [];

  constructor(
    private readonly options: HeadStartOptions,
    private readonly attempter: Attempter,
    private readonly log: Logger,
  ) {}

  get processId(): string {
    return this.options.processId;
  }

  /** Head starts that wait for their turn. */
  get waiting(): number {
    return this.queue.size;
  }

  /** Makes head starts as far as there are places: subscriptions take turns, and the order of each is kept. Returns at once. */
  begin(headStarts: readonly HeadStart[]): void {
    if (this.closed) return;
    const now = performance.now();
    if (headStarts.some(({ accepted }) => accepted)) this.acceptedAt = now;
    for (const [id, { expiresAt }] of this.entries) {
      if (expiresAt > now) break;
      this.entries.delete(id);
    }
    for (const headStart of headStarts) {
      this.entries.set(headStart.notificationId, newEntry(now + KEPT_MS));
      this.queue.push(headStart.subscriptionId, headStart);
    }
    this.pump();
  }

  /** What came of a notification's head start, once it is recorded; `undefined` where this process made none. */
  async outcomeOf(notificationId: string): Promise<DeliverOutcome | undefined> {
    const entry = this.entries.get(notificationId);
    const outcome = await entry?.outcome;
    this.entries.delete(notificationId);
    entry?.onTaken?.();
    return outcome;
  }

  /** Resolves when a workflow took the outcome over, or is not going to do so in this process. */
  async taken(notificationId: string): Promise<void> {
    const entry = this.entries.get(notificationId);
    if (!entry) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, TAKEN_AFTER_MS);
      entry.onTaken = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /**
   * Begins no more, and waits for those under way. The others' claims lapse, and their workflows make the attempts.
   *
   * @param graceMs - waits no longer than that
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
    const places = this.lag.ms > LATE_MS ? SENDING_WHEN_LATE : CONCURRENCY;
    for (;;) {
      const next = this.queue.peek();
      if (!next || this.running >= CONCURRENCY) return;
      if (this.sending >= (this.isPaced(next) ? Math.min(places, this.backlog.places) : places)) return;
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
    const answered = this.takePlace(subscriptionId);
    const outcome = await this.make(headStart, answered);
    answered();
    this.running -= 1;
    this.finish(notificationId, outcome);
    if (this.running === 0) {
      this.lag.stop();
      for (const resolve of this.idle.splice(0)) resolve();
    }
    this.pump();
  }

  /** @returns what gives the place back, once: the record is waited for without it */
  private takePlace(subscriptionId: string): () => void {
    const sending = (this.sendingBySubscription.get(subscriptionId) ?? 0) + 1;
    this.sendingBySubscription.set(subscriptionId, sending);
    this.sending += 1;
    if (sending === SENDING_PER_SUBSCRIPTION) this.queue.setAside(subscriptionId);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.givePlaceBack(subscriptionId);
    };
  }

  private givePlaceBack(subscriptionId: string): void {
    const left = this.sendingBySubscription.get(subscriptionId)! - 1;
    if (left > 0) this.sendingBySubscription.set(subscriptionId, left);
    else this.sendingBySubscription.delete(subscriptionId);
    this.sending -= 1;
    this.queue.letOn(subscriptionId);
    this.pump();
  }

  private finish(notificationId: string, outcome: DeliverOutcome | undefined): void {
    const entry = this.entries.get(notificationId);
    entry?.finish(outcome);
    if (this.options.keepOutcomes) return;
    this.entries.delete(notificationId);
    entry?.onTaken?.();
  }

  private async make(headStart: HeadStart, onAnswered: () => void): Promise<DeliverOutcome | undefined> {
    const { notificationId, schedule, workflowId, accepted } = headStart;
    try {
      return await this.attempter({
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
        onAnswered,
      });
    } catch (error) {
      this.log.warn(
        { err: error, notificationId },
        'a head start could not be made or recorded; the workflow takes over',
      );
      return undefined;
    }
  }
}

function isFresh({ accepted, claimedAt }: HeadStart): boolean {
  return accepted !== undefined && performance.now() - claimedAt <= FRESH_MS;
}

/** One that comes to its turn too late might still be sending when the claim lapses and the workflow sends as well. */
function isTooLate({ claimedAt }: HeadStart): boolean {
  return performance.now() - claimedAt > HEAD_START_WAIT_SECONDS * 1000 - MARGIN_MS;
}

function newEntry(expiresAt: number): Entry {
  const entry: Partial<Entry> = { expiresAt };
  entry.outcome = new Promise((finish) => (entry.finish = finish));
  return entry as Entry;
}
