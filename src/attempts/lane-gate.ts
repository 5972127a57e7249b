import type { Lane } from '../domain/delivery';
import type { LaneLimits } from '../domain/lanes';
import { Timetable } from '../domain/timetable';
import type { Metrics } from '../process/metrics';

/** Shortest and longest wait of an attempt that finds no slot. */
const MIN_WAIT_MS = 250;
const MAX_WAIT_MS = 300_000;
/** Part of the slots for customers and subscriptions that have nothing in flight. */
const RESERVED = 0.1;
/** Weight of the last attempt in the mean duration. */
const SMOOTHING = 0.2;
/** Lines without attempts in flight are forgotten when there are more of them than this. */
const MAX_IDLE_LINES = 1000;

/** An attempt in a lane, by `performance.now()`. */
interface AttemptInLane {
  since: number;
  /** When the receiver was done. What follows says nothing about how long attempts take. */
  sentAt?: number;
}

/** The attempts of a customer or subscription. */
interface Line {
  inFlight: Set<AttemptInLane>;
  /** Mean duration of the attempts that ended. */
  meanMs: number;
  /** When the last one that was turned away comes back. */
  backAt: number;
  /** When attempts come that wait elsewhere. */
  readonly planned: Timetable;
}

/**
 * Ends an attempt in its lane.
 *
 * @param wasMade - whether it counts for how long attempts take; yes by default
 */
type Leave = (wasMade?: boolean) => void;

/** A place in a lane, from `enter` to `leave`. */
export class LaneVisit {
  private leaveLines: Leave | undefined;
  private attempt: AttemptInLane | undefined;
  private of: { customerId: string; subscriptionId: string } | undefined;

  constructor(private readonly gate: LaneGate) {}

  /**
   * Takes a place in the lane, unless the visit has one.
   *
   * @returns undefined if the attempt may begin; otherwise the seconds after which to try again
   */
  enter(customerId: string, subscriptionId: string): number | undefined {
    if (this.leaveLines) return undefined;
    const attempt = { since: performance.now() };
    const entered = this.gate.enter(customerId, subscriptionId, attempt);
    if (typeof entered === 'number') return entered / 1000;
    this.leaveLines = entered;
    this.attempt = attempt;
    this.of = { customerId, subscriptionId };
    return undefined;
  }

  /** Gives the place back: the attempt is not made now. */
  withdraw(): void {
    this.leaveLines?.(false);
    this.leaveLines = undefined;
  }

  /**
   * Takes a place again after `withdraw`. In contrast to `enter`, one that finds none is expected
   * to ask again soon.
   */
  comeBack(): boolean {
    if (this.leaveLines || !this.of) return true;
    const { customerId, subscriptionId } = this.of;
    return this.gate.isFree(customerId, subscriptionId) && this.enter(customerId, subscriptionId) === undefined;
  }

  /** The receiver is done. The attempt keeps its place until it is recorded. */
  sent(): void {
    if (this.attempt) this.attempt.sentAt = performance.now();
  }

  leave(): void {
    this.leaveLines?.();
    this.leaveLines = undefined;
  }
}

/** The gates of a worker process. */
export type LaneGates = Record<Lane, LaneGate>;

export function createLaneGates(limits: Record<Lane, LaneLimits>, metrics: Metrics): LaneGates {
  return { fast: new LaneGate('fast', limits.fast, metrics), slow: new LaneGate('slow', limits.slow, metrics) };
}

/**
 * Bounds the attempts of workflows in a lane of this process, so that no customer takes all of it.
 *
 * A customer, and a subscription, may have half as many attempts in flight as slots are free, and
 * at most its cap. So the share of each shrinks as more of them are busy. The last tenth of the
 * slots is for those that have nothing in flight. An attempt that finds no slot does not wait here,
 * where it would occupy Temporal's slots: its workflow waits, and comes back about when the ones
 * before it have ended.
 */
export class LaneGate {
  private readonly customers = new Map<string, Line>();
  private readonly subscriptions = new Map<string, Line>();
  private total = 0;

  constructor(
    private readonly lane: Lane,
    private readonly limits: LaneLimits,
    private readonly metrics: Metrics,
  ) {
    metrics.laneLimit.set({ lane }, limits.slots);
    metrics.laneInFlight.set({ lane }, 0);
  }

  visit(): LaneVisit {
    return new LaneVisit(this);
  }

  /**
   * @returns leaves the lane; or, if there is no slot, the milliseconds after which to try again
   */
  enter(
    customerId: string,
    subscriptionId: string,
    attempt: AttemptInLane = { since: performance.now() },
  ): Leave | number {
    const customer = lineOf(this.customers, customerId);
    const subscription = lineOf(this.subscriptions, subscriptionId);
    if (this.isFull(subscription, this.limits.perSubscription))
      return this.turnAway('subscription', subscription, this.limits.perSubscription);
    if (this.isFull(customer, this.limits.perCustomer))
      return this.turnAway('customer', customer, this.limits.perCustomer);
    customer.inFlight.add(attempt);
    subscription.inFlight.add(attempt);
    this.count(1);
    return (wasMade = true) => {
      end(customer, attempt, wasMade);
      end(subscription, attempt, wasMade);
      this.count(-1);
    };
  }

  /** Whether an attempt would find a slot now. */
  isFree(customerId: string, subscriptionId: string): boolean {
    return (
      !this.isFull(lineOf(this.subscriptions, subscriptionId), this.limits.perSubscription) &&
      !this.isFull(lineOf(this.customers, customerId), this.limits.perCustomer)
    );
  }

  /**
   * Plans an attempt that waits elsewhere, so that it finds a slot when it comes and is no part of
   * a crowd.
   *
   * @param afterMs - the earliest time from now
   * @param unknownMs - how long attempts take at least, as long as none has ended here
   * @returns the milliseconds after which it should come
   */
  plan(customerId: string, subscriptionId: string, afterMs: number, unknownMs = 0): number {
    const now = performance.now();
    const at = [
      { line: lineOf(this.subscriptions, subscriptionId), cap: this.limits.perSubscription },
      { line: lineOf(this.customers, customerId), cap: this.limits.perCustomer },
    ].reduce((time, { line, cap }) => {
      line.planned.forgetBefore(now);
      const leastMs = line.meanMs > 0 ? 0 : unknownMs;
      return line.planned.plan(time, Math.max(leastMs, expectedMs(line, now)) / cap);
    }, now + afterMs);
    // A difference of floating-point times may be a little less.
    return Math.max(afterMs, at - now);
  }

  private isFull(line: Line, cap: number): boolean {
    return line.inFlight.size >= Math.min(cap, this.share(line));
  }

  private share({ inFlight }: Line): number {
    const { slots } = this.limits;
    const free = slots - this.total;
    return inFlight.size === 0 ? free : (free - Math.floor(slots * RESERVED)) / 2;
  }

  private count(change: 1 | -1): void {
    this.total += change;
    this.metrics.laneInFlight.set({ lane: this.lane }, this.total);
  }

  /** Attempts that are turned away come back one after the other, in order. */
  private turnAway(by: 'subscription' | 'customer', line: Line, cap: number): number {
    this.metrics.laneTurnedAway.inc({ lane: this.lane, by });
    const now = performance.now();
    const places = Math.max(1, Math.min(cap, line.inFlight.size));
    line.backAt = Math.max(line.backAt, now) + expectedMs(line, now) / places;
    return Math.min(MAX_WAIT_MS, Math.max(MIN_WAIT_MS, line.backAt - now));
  }
}

function lineOf(lines: Map<string, Line>, key: string): Line {
  let line = lines.get(key);
  if (!line) {
    if (lines.size >= MAX_IDLE_LINES) forgetIdle(lines);
    line = { inFlight: new Set(), meanMs: 0, backAt: 0, planned: new Timetable() };
    lines.set(key, line);
  }
  return line;
}

function forgetIdle(lines: Map<string, Line>): void {
  const now = performance.now();
  for (const [key, { inFlight, backAt, planned }] of lines)
    if (inFlight.size === 0 && backAt <= now && planned.forgetBefore(now)) lines.delete(key);
}

function end(line: Line, attempt: AttemptInLane, wasMade: boolean): void {
  line.inFlight.delete(attempt);
  if (!wasMade) return;
  const durationMs = (attempt.sentAt ?? performance.now()) - attempt.since;
  line.meanMs = line.meanMs === 0 ? durationMs : line.meanMs + SMOOTHING * (durationMs - line.meanMs);
}

/** How long an attempt takes: the mean, or the age of those in flight if they hang. */
function expectedMs({ inFlight, meanMs }: Line, now: number): number {
  let ageMs = 0;
  for (const { since, sentAt = now } of inFlight) ageMs += sentAt - since;
  return Math.max(meanMs, inFlight.size === 0 ? 0 : ageMs / inFlight.size);
}
