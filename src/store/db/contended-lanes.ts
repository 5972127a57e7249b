/** How long an owner without further failures stays apart. */
const APART_MS = 10_000;
/** Lanes that are written concurrently. One that waits for its lock leaves others to go on. */
const MAX_WRITING = 3;

/** How group commit recognizes items that can wait for the same lock. */
export interface LaneOptions<Item> {
  /** Whether an item failed because others hold a lock that it needs. */
  isContended(error: unknown): boolean;
  /** The tenant of an item. While one of its lanes fails, all its items are written apart. */
  ownerOf(item: Item): string;
  /** Items that need the same locks have the same lane. */
  laneOf(item: Item): string;
}

/** A caller, until its items are written. */
export interface Waiting<Item, Result> {
  items: readonly Item[];
  resolve(results: Result[]): void;
  reject(error: unknown): void;
}

/** Called with the callers of a group that failed for a lock. */
export type OnContended<Item, Result> = (failed: readonly Waiting<Item, Result>[], error: unknown) => void;

interface Lane<Item, Result> {
  owners: ReadonlySet<string>;
  group: Waiting<Item, Result>[];
}

/**
 * Writes apart from all others what waits for a lock. Without it, one row that somebody else keeps
 * locked would stop every group that contains an item for it, and with it the items of all others.
 *
 * A lane is always in one of these states:
 *
 * - TOGETHER: the initial state. Its items share groups with all others. A group that fails for a
 *   lock moves its lanes to SUSPECTED.
 * - SUSPECTED: its items of that group, and all that its owners submit meanwhile, are written by
 *   lane in statements of their own. Success moves it back to TOGETHER, another failure for a lock
 *   to APART.
 * - APART: its items are rejected, and from now on all items of its owners are written by lane,
 *   after those of lanes that did not fail. Success moves the lane back to TOGETHER, and so do
 *   {@link APART_MS} without a failure.
 */
export class ContendedLanes<Item, Result> {
  private readonly queue = new Map<string, Lane<Item, Result>>();
  /** The lanes that are APART, by owner, and when they move back. */
  private readonly apart = new Map<string, Map<string, number>>();
  /** The names of the lanes that are being written. */
  private readonly writing = new Set<string>();
  /** How many lanes of an owner are queued or being written. */
  private readonly suspected = new Map<string, number>();
  private isWritingApart = false;
  private mixed = 0;

  /** @param write - writes one group, and calls `onContended` if it fails for a lock */
  constructor(
    private readonly write: (group: Waiting<Item, Result>[], onContended: OnContended<Item, Result>) => Promise<void>,
    private readonly options: LaneOptions<Item>,
  ) {}

  /** Takes a caller whose owner has a lane apart or suspected. @returns whether it did */
  take(caller: Waiting<Item, Result>): boolean {
    if (this.apart.size === 0 && this.suspected.size === 0) return false;
    const owners = this.ownersOf(caller);
    if (![...owners].some((owner) => this.suspected.has(owner) || this.hasLanesApart(owner))) return false;
    this.enqueue(this.laneOf(caller), owners, caller);
    return true;
  }

  /** Takes the callers of a group that failed for a lock. */
  takeOver(group: readonly Waiting<Item, Result>[]): void {
    for (const caller of group) this.enqueue(this.laneOf(caller), this.ownersOf(caller), caller);
  }

  private enqueue(name: string, owners: ReadonlySet<string>, caller: Waiting<Item, Result>): void {
    const lane = this.queue.get(name);
    if (lane) lane.group.push(caller);
    else {
      this.queue.set(name, { owners, group: [caller] });
      for (const owner of owners) this.suspected.set(owner, (this.suspected.get(owner) ?? 0) + 1);
    }
    this.writeNext();
  }

  private writeNext(): void {
    while (this.writing.size < MAX_WRITING) {
      const name = this.nextLane();
      if (name === undefined) return;
      void this.writeLane(name);
    }
  }

  private async writeLane(name: string): Promise<void> {
    const lane = this.queue.get(name)!;
    const isApart = this.isApart(name, lane);
    this.queue.delete(name);
    this.writing.add(name);
    if (isApart) this.isWritingApart = true;
    let failure: { error: unknown } | undefined;
    await this.write(lane.group, (_, error) => (failure = { error }));
    this.writing.delete(name);
    if (isApart) this.isWritingApart = false;
    for (const owner of lane.owners) this.noLongerSuspect(owner);
    if (failure) this.setApart(name, lane, failure.error);
    else this.setTogether(name, lane);
    this.writeNext();
  }

  /** A lane that may succeed comes before one that failed the last time. */
  private nextLane(): string | undefined {
    let first: string | undefined;
    for (const [name, lane] of this.queue) {
      if (this.writing.has(name)) continue;
      if (!this.isApart(name, lane)) return name;
      if (!this.isWritingApart) first ??= name;
    }
    return first;
  }

  private isApart(name: string, { owners }: Lane<Item, Result>): boolean {
    return [...owners].some((owner) => this.apart.get(owner)?.has(name));
  }

  private noLongerSuspect(owner: string): void {
    const left = this.suspected.get(owner)! - 1;
    if (left > 0) this.suspected.set(owner, left);
    else this.suspected.delete(owner);
  }

  private setApart(name: string, lane: Lane<Item, Result>, error: unknown): void {
    const until = performance.now() + APART_MS;
    for (const owner of lane.owners) {
      const lanes = this.apart.get(owner) ?? new Map<string, number>();
      this.apart.set(owner, lanes.set(name, until));
    }
    for (const { reject } of lane.group) reject(error);
  }

  private setTogether(name: string, lane: Lane<Item, Result>): void {
    for (const owner of lane.owners) {
      const lanes = this.apart.get(owner);
      if (lanes?.delete(name) && lanes.size === 0) this.apart.delete(owner);
    }
  }

  private hasLanesApart(owner: string): boolean {
    const lanes = this.apart.get(owner);
    if (!lanes) return false;
    const now = performance.now();
    for (const [name, until] of lanes) if (until <= now) lanes.delete(name);
    if (lanes.size === 0) this.apart.delete(owner);
    return lanes.size > 0;
  }

  private ownersOf({ items }: Waiting<Item, Result>): ReadonlySet<string> {
    return new Set(items.map((item) => this.options.ownerOf(item)));
  }

  /** A caller whose items have several lanes gets one of its own. */
  private laneOf({ items }: Waiting<Item, Result>): string {
    const lanes = new Set(items.map((item) => this.options.laneOf(item)));
    return lanes.size === 1 ? [...lanes][0]! : `several ${++this.mixed}`;
  }
}
