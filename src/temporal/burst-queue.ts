import { BURST_PREFIX, type NotificationRef } from '../domain/delivery';
import { FairQueue } from '../domain/fair-queue';
import { newUuid } from '../domain/ids';

/**
 * Maximum size of a burst. If all attempts of four bursts fail, Temporal takes about 70 s to start
 * a workflow for each notification, and the activity of a burst may take two minutes.
 */
const MAX_BURST = 1000;
/**
 * How long a burst gathers. Nothing is delayed by it: the first attempts are being made meanwhile.
 */
const BURST_GATHERS_MS = 500;
/** Maximum share of a customer in a burst with others. Further ones gather in bursts of its own. */
const SHARED_PER_CUSTOMER = 100;
/** Key of the bursts that customers share. No customer id is empty. */
const SHARED = '';
/** Traces that a burst links to. */
const MAX_TRACES = 64;

type Member = Pick<NotificationRef, 'customerId' | 'notificationId' | 'traceparent'>;

/** A burst that gathers, or waits to be started. */
export interface Burst {
  workflowId: string;
  /** The customer, or empty if customers share it. */
  key: string;
  notificationIds: string[];
  /** Its members by customer. */
  counts: Map<string, number>;
  /** Where the traces of members continue, at most 64, each once. */
  traces: Set<string>;
  since: number;
}

/**
 * The bursts that gather or wait. Most customers share bursts, because each costs a workflow. A
 * customer with many notifications gets bursts of its own, so that its slow receivers do not delay
 * the bursts of others, and these take turns with the shared ones.
 */
export class BurstQueue {
  /** At most one per key. */
  private readonly gathering = new Map<string, Burst>();
  private readonly ready = new FairQueue<Burst>();

  get isEmpty(): boolean {
    return this.gathering.size === 0 && this.ready.size === 0;
  }

  /** @returns the id of the burst's workflow */
  join({ customerId, notificationId, traceparent }: Member): string {
    const shared = this.gathering.get(SHARED);
    const isHeavy = (shared?.counts.get(customerId) ?? 0) >= SHARED_PER_CUSTOMER || this.gathering.has(customerId);
    const burst = this.gather(isHeavy ? customerId : SHARED);
    burst.notificationIds.push(notificationId);
    if (traceparent !== undefined && burst.traces.size < MAX_TRACES) burst.traces.add(traceparent);
    burst.counts.set(customerId, (burst.counts.get(customerId) ?? 0) + 1);
    if (burst.notificationIds.length >= MAX_BURST) this.close(burst);
    return burst.workflowId;
  }

  /** Takes the next burst that is full or has gathered for long enough. */
  take(): Burst | undefined {
    const due = performance.now() - BURST_GATHERS_MS;
    for (const burst of this.gathering.values()) if (burst.since <= due) this.close(burst);
    return this.ready.take();
  }

  /** Milliseconds until the next burst has gathered; undefined if none gathers. */
  get nextInMs(): number | undefined {
    const [next] = this.gathering.values();
    return next && Math.max(0, next.since + BURST_GATHERS_MS - performance.now());
  }

  /** Keeps bursts of a key from being taken, or lets them be taken again. */
  pause(key: string): void {
    this.ready.pause(key);
  }

  resume(key: string): void {
    this.ready.resume(key);
  }

  clear(): void {
    this.gathering.clear();
    this.ready.clear();
  }

  private gather(key: string): Burst {
    let burst = this.gathering.get(key);
    if (!burst) {
      const workflowId = BURST_PREFIX + newUuid();
      const members = { notificationIds: [], counts: new Map<string, number>(), traces: new Set<string>() };
      burst = { workflowId, key, ...members, since: performance.now() };
      this.gathering.set(key, burst);
    }
    return burst;
  }

  private close(burst: Burst): void {
    this.gathering.delete(burst.key);
    this.ready.push(burst.key, burst);
  }
}
