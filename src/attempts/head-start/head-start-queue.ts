import type { Logger } from 'pino';
import { BURST_PREFIX } from '../../domain/delivery';
import type { HeadStartDelivery } from '../../domain/head-start';
import { TenantTurns } from '../../domain/tenant-turns';
import { BacklogPace } from './backlog-pace';
import { ClaimRenewal, type RenewedClaim } from './claim-renewal';
import { LoopLag } from './loop-lag';
import { Slots, type HeadStartLimits, type Slot } from './slots';
import { isFresh, isTooLate, renewUntil, WaitingList } from './waiting-list';

/** A lag of the event loop above this makes it late. */
const LATE_MS = 20;
/**
 * If nothing was accepted for this long, no producer waits for a response that a backlog could
 * delay.
 */
const QUIET_MS = 250;
/** How often head starts that wait are checked for what changes with time alone. */
const SWEEP_MS = 100;
/** Upper limit of head starts that wait. What is claimed beyond it is left to the workflows. */
const MAX_WAITING = 50_000;

/** A claimed notification and its workflow. */
export interface HeadStart {
  notificationId: string;
  subscriptionId: string;
  customerId: string;
  workflowId: string;
  /** Host and port of the subscription's URL. */
  host?: string | null;
  /** `performance.now()` before the statement that claimed it. */
  claimedAt: number;
  /**
   * What the accept wrote; absent if the claim was renewed since, which makes the head start part
   * of a backlog.
   */
  accepted?: HeadStartDelivery;
}

/**
 * Why a head start was left to its workflow:
 *
 * - `late`: its request would begin so late that it might outlast the claim
 * - `slow`: its subscription became slow
 * - `full`: too many wait
 * - `postponed`: its transform or its rate limit had no turn for it
 * - `stopped`: the process stops
 */
export type LeftReason = 'late' | 'slow' | 'full' | 'postponed' | 'stopped';

/** A head start in the queue. */
export interface Queued extends HeadStart {
  /** Until when its claim is renewed, by `performance.now()`; absent if it is not. */
  renewUntil?: number;
  /** Set when it does not wait any more. */
  left?: boolean;
}

export interface QueueOptions {
  limits: HeadStartLimits;
  /** Called with a head start that leaves the queue without a turn. */
  onLeft(headStart: Queued, reason: LeftReason): void;
  /** Called when turns may have come with time alone. */
  onSweep(): void;
  /**
   * Renews claims. Given only if bursts follow their members in this process: they would claim
   * again what leaves, at three times the cost.
   */
  renewClaims?(notificationIds: readonly string[]): Promise<readonly RenewedClaim[]>;
  log: Logger;
}

/** A head start whose turn has come. */
export interface Turn {
  headStart: Queued;
  /** What the accept wrote, if that is still fresh. */
  accepted: HeadStartDelivery | undefined;
  slot: Slot;
}

/**
 * The head starts that wait for a slot, and the slots. Customers take turns, and within a customer
 * its subscriptions. {@link Slots} has the limits, {@link BacklogPace} that of a backlog: the head
 * starts that have waited for more than 1 s, while producers post.
 */
export class HeadStartQueue {
  private readonly turns = new TenantTurns<Queued>();
  private readonly list = new WaitingList<Queued>();
  private readonly slots: Slots;
  private readonly backlog: BacklogPace;
  private readonly lag = new LoopLag();
  private sweepTimer: NodeJS.Timeout | undefined;
  /** `performance.now()` of the last accept. */
  private acceptedAt = 0;
  private readonly renewal: ClaimRenewal<Queued> | undefined;

  constructor(private readonly options: QueueOptions) {
    const { limits, renewClaims, log } = options;
    this.slots = new Slots(limits, (released, customerId) =>
      released.forEach((limit) => this.turns.release(limit, customerId)),
    );
    this.backlog = new BacklogPace(limits.total);
    this.renewal =
      renewClaims && new ClaimRenewal(renewClaims, (one, claimedAt) => this.list.noteRenewed(one, claimedAt), log);
  }

  get size(): number {
    return this.list.size;
  }

  /** Payloads of head starts that wait, in characters. */
  get payloadBytes(): number {
    return this.list.payloadBytes;
  }

  get slotsInUse(): number {
    return this.slots.inUse;
  }

  noteAccept(): void {
    this.acceptedAt = performance.now();
  }

  /**
   * Notes whether any head start is under way, since only then the lag of the event loop matters.
   */
  noteRunning(isAny: boolean): void {
    if (isAny) this.lag.start();
    else this.lag.stop();
  }

  push(headStart: HeadStart): void {
    const queued: Queued = { ...headStart };
    // A notification with a workflow of its own leaves instead: its workflow makes the attempt.
    if (this.renewal && headStart.workflowId.startsWith(BURST_PREFIX)) queued.renewUntil = renewUntil();
    this.list.push(queued);
    if (this.size > MAX_WAITING) return this.leave(queued, 'full');
    this.turns.push(queued);
    this.sweepTimer ??= setTimeout(() => this.sweep(), SWEEP_MS).unref();
  }

  /** Whether the event loop is late. */
  get isLate(): boolean {
    return this.lag.ms > LATE_MS;
  }

  /** Takes a slot for the next head start that no limit blocks. */
  take(isLate: boolean): Turn | undefined {
    for (;;) {
      const next = this.turns.take((one) =>
        one.left ? undefined : this.slots.blockedBy(one, isLate, this.isPaced(one) ? this.backlog.slots : undefined),
      );
      if (!next) return undefined;
      if (next.left) continue;
      if (isTooLate(next)) this.leave(next, 'late');
      else return { headStart: next, accepted: this.list.leave(next), slot: this.slots.take(next) };
    }
  }

  /** Has all head starts of a subscription leave. */
  leaveSubscription(of: HeadStart): void {
    for (const one of this.turns.remove(of)) this.leave(one, 'slow');
  }

  /** Has all head starts leave. */
  close(): void {
    for (const one of this.turns.drain()) this.leave(one, 'stopped');
    clearTimeout(this.sweepTimer);
  }

  private leave(one: Queued, reason: LeftReason): void {
    if (one.left) return;
    this.list.leave(one);
    this.options.onLeft(one, reason);
  }

  private sweep(): void {
    this.sweepTimer = undefined;
    for (const one of this.list.sweep()) this.leave(one, 'late');
    this.renewal?.add(this.list.takeToRenew());
    this.slots.recheck();
    this.options.onSweep();
    if (this.size > 0) this.sweepTimer ??= setTimeout(() => this.sweep(), SWEEP_MS).unref();
  }

  private isPaced(one: Queued): boolean {
    return !isFresh(one) && performance.now() - this.acceptedAt <= QUIET_MS;
  }
}
