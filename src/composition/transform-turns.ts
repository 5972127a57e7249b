import type { EvaluationOwner } from '../domain/composing';

/** Something that waits for a process. */
export interface Waiting {
  owner: EvaluationOwner;
  /** How many places it takes in the queue. */
  places: number;
}

/**
 * What waits for a process: customers take turns, and so do the subscriptions of a customer. What
 * one subscription waits for keeps its order.
 *
 * When the queue is full, the customer with the most places gives one up, so a customer that fills
 * the queue is the one that is refused.
 */
export class TransformTurns<T extends Waiting> {
  /** By customer, then by subscription, each in the order of their turns. */
  private readonly lines = new Map<string, Map<string, T[]>>();
  private readonly placesOf = new Map<string, number>();
  private places = 0;
  private count = 0;

  constructor(private readonly maxPlaces: number) {}

  get size(): number {
    return this.count;
  }

  /** @returns what has to leave for it, or the item itself */
  push(item: T): T[] {
    const { customer, subscription } = item.owner;
    const line = this.lines.get(customer) ?? new Map<string, T[]>();
    this.lines.set(customer, line);
    line.set(subscription, [...(line.get(subscription) ?? []), item]);
    this.account(item, 1);
    const refused: T[] = [];
    while (this.places > this.maxPlaces) {
      const last = this.newestOf(this.largest(customer));
      this.remove(last);
      refused.push(last);
    }
    return refused;
  }

  /** The next in turn of the customers that may run; `undefined` if there is none. */
  take(mayRun: (customer: string) => boolean): T | undefined {
    for (const [customer, line] of this.lines) {
      if (!mayRun(customer)) continue;
      const [subscription, items] = line.entries().next().value!;
      const [item] = items;
      this.remove(item!);
      // The remaining jobs go to the end.
      moveToBack(line, subscription);
      moveToBack(this.lines, customer);
      return item;
    }
    return undefined;
  }

  /** @returns whether it was waiting */
  remove(item: T): boolean {
    const { customer, subscription } = item.owner;
    const line = this.lines.get(customer);
    const items = line?.get(subscription);
    if (!line || !items?.includes(item)) return false;
    const left = items.filter((other) => other !== item);
    if (left.length > 0) line.set(subscription, left);
    else line.delete(subscription);
    if (line.size === 0) this.lines.delete(customer);
    this.account(item, -1);
    return true;
  }

  /** Empties it. */
  drain(): T[] {
    const all = [...this.lines.values()].flatMap((line) => [...line.values()].flat());
    for (const item of all) this.remove(item);
    return all;
  }

  private account({ owner: { customer }, places }: T, sign: 1 | -1): void {
    const left = (this.placesOf.get(customer) ?? 0) + sign * places;
    if (left > 0) this.placesOf.set(customer, left);
    else this.placesOf.delete(customer);
    this.places += sign * places;
    this.count += sign;
  }

  /** Among equals the one that came last is refused. */
  private largest(candidate: string): string {
    for (const [customer, places] of this.placesOf)
      if (places > (this.placesOf.get(candidate) ?? 0)) candidate = customer;
    return candidate;
  }

  private newestOf(customer: string): T {
    const lines = [...this.lines.get(customer)!.values()];
    return lines.reduce((longest, line) => (line.length > longest.length ? line : longest)).at(-1)!;
  }
}

function moveToBack<V>(map: Map<string, V>, key: string): void {
  const value = map.get(key);
  if (value !== undefined && map.delete(key)) map.set(key, value);
}
