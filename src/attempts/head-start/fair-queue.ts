interface Lane<T> {
  items: T[];
  /** How many of them were taken; they are cut off now and then, since taking the first of a long array moves the rest. */
  taken: number;
}

const CUT_AFTER = 1024;

/**
 * A queue with a lane for each key: lanes take turns, and what is in a lane keeps its order. A lane that has to wait is set aside, so that taking the
 * next costs the same however many wait.
 */
export class FairQueue<T> {
  /** In the order of their turns. */
  private readonly ready = new Map<string, Lane<T>>();
  private readonly aside = new Map<string, Lane<T>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  push(key: string, item: T): void {
    const lane = this.ready.get(key) ?? this.aside.get(key);
    if (lane) lane.items.push(item);
    else this.ready.set(key, { items: [item], taken: 0 });
    this.count += 1;
  }

  /** The next in turn, which stays; `undefined` where there is none that need not wait. */
  peek(): T | undefined {
    const first = this.ready.values().next();
    return first.done ? undefined : first.value.items[first.value.taken];
  }

  /** The next in turn; `undefined` where there is none that need not wait. */
  take(): T | undefined {
    const first = this.ready.entries().next();
    if (first.done) return undefined;
    const [key, lane] = first.value;
    const item = lane.items[lane.taken]!;
    lane.taken += 1;
    this.count -= 1;
    this.ready.delete(key);
    if (lane.taken < lane.items.length) {
      if (lane.taken === CUT_AFTER) {
        lane.items.splice(0, CUT_AFTER);
        lane.taken = 0;
      }
      this.ready.set(key, lane);
    }
    return item;
  }

  /** Has a lane wait until it is let on; what is pushed meanwhile waits as well. */
  setAside(key: string): void {
    this.aside.set(key, this.ready.get(key) ?? { items: [], taken: 0 });
    this.ready.delete(key);
  }

  letOn(key: string): void {
    const lane = this.aside.get(key);
    if (!lane) return;
    this.aside.delete(key);
    if (lane.items.length > lane.taken) this.ready.set(key, lane);
  }

  /** Empties it. */
  drain(): T[] {
    const left = [...this.ready.values(), ...this.aside.values()].flatMap(({ items, taken }) => items.slice(taken));
    this.ready.clear();
    this.aside.clear();
    this.count = 0;
    return left;
  }
}
