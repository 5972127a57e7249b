import { FairQueue } from './fair-queue';

/** Whose item it is. */
interface Owner {
  customerId: string;
  subscriptionId: string;
}

/**
 * A queue in which customers take turns, and within a customer its subscriptions. The order within
 * a subscription is kept.
 */
export class TenantQueue<T extends Owner> {
  /** The id of the customer for each item. */
  private readonly turns = new FairQueue<string>();
  private readonly byCustomer = new Map<string, FairQueue<T>>();

  get size(): number {
    return this.turns.size;
  }

  push(item: T): void {
    const { customerId, subscriptionId } = item;
    let items = this.byCustomer.get(customerId);
    if (!items) this.byCustomer.set(customerId, (items = new FairQueue()));
    items.push(subscriptionId, item);
    this.turns.push(customerId, customerId);
  }

  take(): T | undefined {
    const customerId = this.turns.take();
    if (customerId === undefined) return undefined;
    const items = this.byCustomer.get(customerId)!;
    const item = items.take();
    if (items.size === 0) this.byCustomer.delete(customerId);
    return item;
  }

  clear(): void {
    this.turns.clear();
    this.byCustomer.clear();
  }
}
