import { CustomerShares } from './customer-shares';
import { TimedTurns, type Waiting } from './timed-turns';

/**
 * Places that customers share, such as processes or connections, and the queue for them: turns go
 * by time, and customers with slow work leave one place free.
 */
export class SharedPlaces<T extends Waiting> {
  private readonly turns: TimedTurns<T>;
  private readonly shares: CustomerShares;

  constructor(places: number, maxWaiting: number) {
    this.turns = new TimedTurns(maxWaiting);
    this.shares = new CustomerShares(places);
  }

  get waiting(): number {
    return this.turns.size;
  }

  get inUse(): number {
    return this.shares.running;
  }

  /** @returns what has to leave the queue for it, or the item itself */
  push(item: T): T[] {
    return this.turns.push(item);
  }

  /** @returns whether it was waiting */
  remove(item: T): boolean {
    return this.turns.remove(item);
  }

  /** Empties the queue. */
  drain(): T[] {
    return this.turns.drain();
  }

  /** Gives the next in turn a place. @returns `undefined` if none is free for those that wait */
  take(): T | undefined {
    if (this.shares.isFull) return undefined;
    const item = this.turns.take(this.shares.whoMayRun());
    if (item) this.shares.begin(item.owner.customer);
    return item;
  }

  /**
   * Notes how long a customer held a place.
   *
   * @param wasCostly - whether it counts as slow in any case
   */
  charge(customer: string, ms: number, wasCostly = false): void {
    this.turns.charge(customer, ms);
    this.shares.note(customer, ms, wasCostly);
  }

  /** Takes a place back. */
  free(customer: string): void {
    this.shares.end(customer);
  }
}
