import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { HEAD_START_WAIT_SECONDS, type DeliverOutcome } from '../domain/delivery';
import type { Delivery } from '../store/deliveries';
import type { Attempter } from './attempter';
import { LoopLag } from './loop-lag';
import { headStartKey } from './take-over';

const CONCURRENCY = 256;
/** … and while the event loop is late: producers wait for it, too, and more at once would only make it later. */
const CONCURRENCY_WHEN_LATE = 96;
const LATE_MS = 20;
/** Attempts under way at once to one subscription: a receiver that hangs must not take all places. */
const CONCURRENCY_PER_SUBSCRIPTION = 64;
/** How long an outcome waits for its workflow to ask; after that the workflow finds it in the record. */
const KEPT_MS = 60_000;
/** The claim is counted by the database's clock, the wait by ours: so much may lie between a statement's start and its clock being read. */
const MARGIN_MS = 1000;
/** What the accept read is fresh for so long; who had to wait longer for a turn looks again. */
const FRESH_MS = 500;
/** How long the start of a workflow is taken to be under way where its worker never asks. */
const TAKEN_AFTER_MS = 2000;

/** A claimed notification, and the workflow that looks after it. */
export interface HeadStart {
  delivery: Delivery;
  schedule: readonly number[];
  workflowId: string;
  /** By `performance.now()`, taken before the statement that claimed it. */
  claimedAt: number;
}

interface Entry {
  outcome: Promise<DeliverOutcome | undefined>;
  finish(outcome: DeliverOutcome | undefined): void;
  taken: Promise<void>;
  take(): void;
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
  private readonly queue: HeadStart[] = [];
  private readonly runningBySubscription = new Map<string, number>();
  private readonly lag = new LoopLag();
  private running = 0;
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
    return this.queue.length;
  }

  /** Makes head starts, in order, as far as there are places; returns at once. */
  begin(headStarts: readonly HeadStart[]): void {
    if (this.closed) return;
    const now = performance.now();
    for (const [id, { expiresAt }] of this.entries) {
      if (expiresAt > now) break;
      this.entries.delete(id);
    }
    for (const headStart of headStarts) {
      this.entries.set(headStart.delivery.notificationId, newEntry(now + KEPT_MS));
      this.queue.push(headStart);
    }
    this.pump();
  }

  /** What came of a notification's head start, once it is recorded; `undefined` where this process made none. */
  async outcomeOf(notificationId: string): Promise<DeliverOutcome | undefined> {
    const entry = this.entries.get(notificationId);
    const outcome = await entry?.outcome;
    this.entries.delete(notificationId);
    entry?.take();
    return outcome;
  }

  /** Resolves when a workflow took the outcome over, or is not going to do so in this process. */
  async taken(notificationId: string): Promise<void> {
    const entry = this.entries.get(notificationId);
    if (!entry) return;
    const timer = setTimeout(() => entry.take(), TAKEN_AFTER_MS);
    await entry.taken;
    clearTimeout(timer);
  }

  /**
   * Begins no more, and waits for those under way. The others' claims lapse, and their workflows make the attempts.
   *
   * @param graceMs - waits no longer than that
   */
  async close(graceMs: number): Promise<void> {
    this.closed = true;
    for (const { delivery } of this.queue.splice(0)) this.finish(delivery.notificationId, undefined);
    if (this.running === 0) return;
    const ended = new Promise<void>((resolve) => this.idle.push(resolve));
    const giveUp = new AbortController();
    await Promise.race([ended, sleep(graceMs, undefined, { signal: giveUp.signal })]);
    giveUp.abort();
  }

  private pump(): void {
    // Those of a subscription that has all its places are passed over; they keep their order.
    const places = this.lag.ms > LATE_MS ? CONCURRENCY_WHEN_LATE : CONCURRENCY;
    for (let index = 0; this.running < places && index < this.queue.length;) {
      const next = this.queue[index]!;
      if (isTooLate(next)) {
        this.queue.splice(index, 1);
        this.finish(next.delivery.notificationId, undefined);
        continue;
      }
      const subscriptionId = next.delivery.subscription!.id;
      const running = this.runningBySubscription.get(subscriptionId) ?? 0;
      if (running >= CONCURRENCY_PER_SUBSCRIPTION) {
        index += 1;
        continue;
      }
      this.queue.splice(index, 1);
      this.running += 1;
      this.lag.start();
      this.runningBySubscription.set(subscriptionId, running + 1);
      void this.make(next).then((outcome) => {
        this.ended(subscriptionId);
        this.finish(next.delivery.notificationId, outcome);
        this.pump();
      });
    }
  }

  private ended(subscriptionId: string): void {
    this.running -= 1;
    const left = this.runningBySubscription.get(subscriptionId)! - 1;
    if (left > 0) this.runningBySubscription.set(subscriptionId, left);
    else this.runningBySubscription.delete(subscriptionId);
    if (this.running > 0) return;
    this.lag.stop();
    for (const resolve of this.idle.splice(0)) resolve();
  }

  private finish(notificationId: string, outcome: DeliverOutcome | undefined): void {
    const entry = this.entries.get(notificationId);
    entry?.finish(outcome);
    if (this.options.keepOutcomes) return;
    this.entries.delete(notificationId);
    entry?.take();
  }

  private async make({ delivery, schedule, workflowId, claimedAt }: HeadStart): Promise<DeliverOutcome | undefined> {
    const { notificationId } = delivery;
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
        loaded: performance.now() - claimedAt > FRESH_MS ? undefined : delivery,
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

/** One that comes to its turn too late might still be sending when the claim lapses and the workflow sends as well. */
function isTooLate({ claimedAt }: HeadStart): boolean {
  return performance.now() - claimedAt > HEAD_START_WAIT_SECONDS * 1000 - MARGIN_MS;
}

function newEntry(expiresAt: number): Entry {
  const entry: Partial<Entry> = { expiresAt };
  entry.outcome = new Promise((finish) => (entry.finish = finish));
  entry.taken = new Promise((take) => (entry.take = take));
  return entry as Entry;
}
