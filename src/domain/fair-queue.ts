interface Line<T> {
  items: T[];
  /**
   * Number of items taken from the front. They are removed in blocks, because removing the first
   * moves all others.
   */
  taken: number;
}

/** Taken items are removed from a line in blocks of this size. */
const CUT_AFTER = 1024;

/**
 * A queue in which keys take turns and the order within a key is kept. The items of a paused key
 * are stored apart, so that `take` costs the same however many keys are paused.
 */
export class FairQueue<T> {
  /** The keys that are not paused, in the order of their turns. */
  private readonly ready = new Map<string, Line<T>>();
  private readonly paused = new Map<string, Line<T>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  push(key: string, item: T): void {
    const line = this.ready.get(key) ?? this.paused.get(key);
    if (line) line.items.push(item);
    else this.ready.set(key, { items: [item], taken: 0 });
    this.count += 1;
  }

  /** The next item, without taking it. @returns undefined if every key is paused or empty */
  peek(): T | undefined {
    const first = this.ready.values().next();
    return first.done ? undefined : first.value.items[first.value.taken];
  }

  /** Takes the next item. @returns undefined if every key is paused or empty */
  take(): T | undefined {
    const first = this.ready.entries().next();
    if (first.done) return undefined;
    const [key, line] = first.value;
    const item = line.items[line.taken]!;
    line.taken += 1;
    this.count -= 1;
    this.ready.delete(key);
    if (line.taken < line.items.length) {
      if (line.taken === CUT_AFTER) {
        line.items.splice(0, CUT_AFTER);
        line.taken = 0;
      }
      this.ready.set(key, line);
    }
    return item;
  }

  /** Pauses a key. Items pushed while it is paused wait too. No effect on a paused key. */
  pause(key: string): void {
    if (this.paused.has(key)) return;
    this.paused.set(key, this.ready.get(key) ?? { items: [], taken: 0 });
    this.ready.delete(key);
  }

  /** Lets a paused key take turns again; no effect on any other key. */
  resume(key: string): void {
    const line = this.paused.get(key);
    if (!line) return;
    this.paused.delete(key);
    if (line.items.length > line.taken) this.ready.set(key, line);
  }

  /** Takes everything that a key has, paused or not. */
  remove(key: string): T[] {
    const line = this.ready.get(key) ?? this.paused.get(key);
    if (!line) return [];
    this.ready.delete(key);
    this.paused.delete(key);
    const left = line.items.slice(line.taken);
    this.count -= left.length;
    return left;
  }

  /** Drops every item. Paused keys stay paused. */
  clear(): void {
    this.ready.clear();
    for (const key of this.paused.keys()) this.paused.set(key, { items: [], taken: 0 });
    this.count = 0;
  }

  /** Empties the queue. @returns the items that were left, of paused keys too */
  drain(): T[] {
    const left = [...this.ready.values(), ...this.paused.values()].flatMap(({ items, taken }) => items.slice(taken));
    this.ready.clear();
    this.paused.clear();
    this.count = 0;
    return left;
  }
}
