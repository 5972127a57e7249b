import { FairQueue } from './fair-queue';

/** What keeps an item from being taken now: a limit, named by `by`. */
export interface Blocked {
  by: string;
  /** Whether it keeps every item of the customer, or only those of the subscription. */
  whole: 'customer' | 'subscription';
}

/** What `TenantTurns` needs to know about an item. */
export interface Turn {
  customerId: string;
  subscriptionId: string;
}

interface Parked {
  customerId: string;
  /** Absent if the whole customer is parked. */
  subscriptionId?: string;
}

/**
 * A queue in which customers take turns, and within a customer its subscriptions. The order within
 * a subscription is kept.
 *
 * A subscription or customer that is blocked by a limit is parked under it, so that others are
 * found without a search past it. `release` brings back one of those that are parked under a limit,
 * by turns of customers. Further ones follow in `take` when nothing else is left to take, until the
 * limit blocks again. So a release costs the same however many are parked, and none of its slots is
 * left unused.
 */
export class TenantTurns<T extends Turn> {
  /** The items of each customer, by subscription. */
  private readonly lines = new Map<string, FairQueue<T>>();
  /** Customers that may have something to take, in the order of their turns. */
  private readonly ring = new Set<string>();
  /** By limit, then by customer in the order of their turns. */
  private readonly parked = new Map<string, Map<string, Parked[]>>();
  private readonly parkedCustomers = new Set<string>();
  /** Limits that were released and have not blocked since. */
  private readonly released = new Set<string>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  push(item: T): void {
    const { customerId, subscriptionId } = item;
    let line = this.lines.get(customerId);
    if (!line) this.lines.set(customerId, (line = new FairQueue<T>()));
    line.push(subscriptionId, item);
    this.count += 1;
    if (!this.parkedCustomers.has(customerId)) this.ring.add(customerId);
  }

  /**
   * Takes the next item that no limit blocks.
   *
   * @param blockedBy - returns the limit that blocks an item now, if any
   */
  take(blockedBy: (item: T) => Blocked | undefined): T | undefined {
    do {
      for (const customerId of this.ring) {
        const item = this.takeOf(customerId, blockedBy);
        if (item) return item;
      }
    } while (this.unparkReleased());
    return undefined;
  }

  /**
   * Notes that a limit may not block any more.
   *
   * @param first - the customer to bring back before others, if it is parked under the limit
   */
  release(limit: string, first?: string): void {
    if (!this.parked.has(limit)) return;
    this.released.add(limit);
    this.unparkOne(limit, first);
  }

  /** Takes everything of a subscription. */
  remove({ customerId, subscriptionId }: Turn): T[] {
    const removed = this.lines.get(customerId)?.remove(subscriptionId) ?? [];
    this.count -= removed.length;
    return removed;
  }

  /** Empties the queue. @returns what was left */
  drain(): T[] {
    const left = [...this.lines.values()].flatMap((line) => line.drain());
    this.count = 0;
    for (const each of [this.lines, this.ring, this.parked, this.parkedCustomers, this.released]) each.clear();
    return left;
  }

  private takeOf(customerId: string, blockedBy: (item: T) => Blocked | undefined): T | undefined {
    const line = this.lines.get(customerId)!;
    for (let item = line.peek(); item; item = line.peek()) {
      const blocked = blockedBy(item);
      if (!blocked) {
        line.take();
        this.count -= 1;
        // To the end of the order.
        this.ring.delete(customerId);
        if (line.size > 0) this.ring.add(customerId);
        else this.lines.delete(customerId);
        return item;
      }
      this.park(blocked, item, line);
      if (blocked.whole === 'customer') return undefined;
    }
    this.ring.delete(customerId);
    if (line.size === 0) this.lines.delete(customerId);
    return undefined;
  }

  private park({ by, whole }: Blocked, { customerId, subscriptionId }: T, line: FairQueue<T>): void {
    this.released.delete(by);
    const parked = whole === 'customer' ? { customerId } : { customerId, subscriptionId };
    const byCustomer = this.parked.get(by) ?? new Map<string, Parked[]>();
    this.parked.set(by, byCustomer);
    const others = byCustomer.get(customerId);
    if (others) others.push(parked);
    else byCustomer.set(customerId, [parked]);
    if (whole === 'subscription') return line.pause(subscriptionId);
    this.parkedCustomers.add(customerId);
    this.ring.delete(customerId);
  }

  private unparkReleased(): boolean {
    for (const limit of this.released) if (this.unparkOne(limit)) return true;
    return false;
  }

  /** @returns whether one was parked under the limit */
  private unparkOne(limit: string, first?: string): boolean {
    const next = this.takeParked(limit, first);
    if (!this.parked.has(limit)) this.released.delete(limit);
    if (!next) return false;
    const { customerId, subscriptionId } = next;
    const line = this.lines.get(customerId);
    if (subscriptionId === undefined) this.parkedCustomers.delete(customerId);
    else line?.resume(subscriptionId);
    if (line && !this.parkedCustomers.has(customerId)) this.ring.add(customerId);
    return true;
  }

  private takeParked(limit: string, first = ''): Parked | undefined {
    const byCustomer = this.parked.get(limit);
    if (!byCustomer) return undefined;
    const customerId = byCustomer.has(first) ? first : byCustomer.keys().next().value!;
    const parked = byCustomer.get(customerId)!;
    const next = parked.shift();
    byCustomer.delete(customerId);
    if (parked.length > 0) byCustomer.set(customerId, parked);
    if (byCustomer.size === 0) this.parked.delete(limit);
    return next;
  }
}
