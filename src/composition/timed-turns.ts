import type { EvaluationOwner } from '../domain/composing';

/** Something that waits for a process or connection. */
export interface Waiting {
  owner: EvaluationOwner;
  /** How many places it takes in the queue. */
  places: number;
}

/**
 * What waits for a process or connection. The customer whose work has taken the least time is next,
 * so that one with slow work gets as much time as others, and not as many turns. The
 * subscriptions of a customer take turns. What one subscription waits for keeps its order.
 *
 * A customer that was away comes back with the time of the one that had the last turn: it catches
 * up on nothing.
 *
 * When the queue is full, the customer with the most places gives one up, so a customer that fills
 * the queue is the one that is refused.
 */
export class TimedTurns<T extends Waiting> {
  /** By customer, then by subscription, each in the order of their turns. */
  private readonly lines = new Map<string, Map<string, T[]>>();
  private readonly placesOf = new Map<string, number>();
  /** Of customers that wait, or have used more than the one that had the last turn. */
  private readonly usedMs = new Map<string, number>();
  /** What the customer had used that had the last turn. */
  private lastUsedMs = 0;
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
    if (line.size === 0) this.usedMs.set(customer, Math.max(this.lastUsedMs, this.usedMs.get(customer) ?? 0));
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
    let next: string | undefined;
    for (const customer of this.lines.keys())
      if (mayRun(customer) && (next === undefined || this.usedBy(customer) < this.usedBy(next))) next = customer;
    if (next === undefined) return undefined;
    const line = this.lines.get(next)!;
    const [subscription, items] = line.entries().next().value!;
    const [item] = items;
    this.remove(item!);
    // The remaining jobs go to the end.
    moveToBack(line, subscription);
    moveToBack(this.lines, next);
    this.lastUsedMs = Math.max(this.lastUsedMs, this.usedBy(next));
    return item;
  }

  /** Notes how long a customer held a process or connection. */
  charge(customer: string, ms: number): void {
    this.usedMs.set(customer, Math.max(this.lastUsedMs, this.usedBy(customer)) + ms);
    for (const [other, usedMs] of this.usedMs)
      if (usedMs <= this.lastUsedMs && !this.lines.has(other)) this.usedMs.delete(other);
  }

  private usedBy(customer: string): number {
    return this.usedMs.get(customer) ?? 0;
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
