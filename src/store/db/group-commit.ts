import { ContendedLanes, type LaneOptions, type OnContended, type Waiting } from './contended-lanes';

export interface GroupCommitOptions<Item> {
  /** Maximum number of concurrent statements. */
  pipelines: number;
  /**
   * Maximum time from one statement to the next, in milliseconds. Items gather in that time, and an
   * item of a large group costs far less. The actual time is 1 ms per item of the last group, so
   * items hardly wait while few arrive, and not at all after a pause.
   */
  maxGatherMs: number;
  /** Maximum number of items of one statement; a single call may have more. */
  maxItems: number;
  /**
   * Whether an error has nothing to do with the items, so that writing them one by one is
   * pointless.
   */
  isUnavailable(error: unknown): boolean;
  /** Writes what waits for a lock apart from the rest, with one more statement at a time. */
  lanes?: LaneOptions<Item>;
}

/**
 * Group commit: writes the items of concurrent callers in one statement, so that more callers need
 * fewer commits each. A single caller after a pause does not wait.
 *
 * The queue of callers is always in one of these states:
 *
 * - EMPTY: nobody waits. A submission is written immediately if a pipeline is FREE and the gather
 *   time of the last statement is over. Otherwise the queue moves to GATHERING or WAITING.
 * - GATHERING: a pipeline is FREE, but the last statement began less than its gather time ago: 1 ms
 *   per item, at most `maxGatherMs`. More callers join. When a timer ends the gather time, a group
 *   of at most `maxItems` is written. The queue is then EMPTY, or WAITING if callers are left over.
 * - WAITING: every pipeline is busy, or callers are left over from a full group. More callers join.
 *   The end of a statement, or a submission while a pipeline is FREE, writes the next group or
 *   moves the queue to GATHERING.
 *
 * Each of the `pipelines` is always in one of these states:
 *
 * - FREE: moves to WRITING when the queue hands it a group.
 * - WRITING: one statement writes the whole group. If it succeeds, every caller gets its results.
 *   If it fails and the group has one caller, or the database is unavailable, all callers are
 *   rejected. In each case the pipeline is FREE again. So it is after a failure for a lock: with
 *   `lanes`, the callers move to {@link ContendedLanes}. Any other failure moves it to SPLITTING.
 * - SPLITTING: writes the items of each caller in a statement of their own, one caller after the
 *   other. Only callers whose items fail are rejected. After the last one the pipeline is FREE.
 */
export class GroupCommit<Item, Result> {
  private readonly waiting: Waiting<Item, Result>[] = [];
  private running = 0;
  /** `performance.now()` of the next statement; items gather until then. */
  private nextAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private readonly contended: ContendedLanes<Item, Result> | undefined;

  /**
   * @param write - writes the items of a group in one transaction; returns one result per item, in
   *   order
   */
  constructor(
    private readonly write: (items: readonly Item[]) => Promise<Result[]>,
    private readonly options: GroupCommitOptions<Item>,
  ) {
    if (options.lanes)
      this.contended = new ContendedLanes((group, onContended) => this.writeGroup(group, onContended), options.lanes);
  }

  /**
   * @returns one result per item, in order, after the commit
   * @throws what `write` throws for these items; items of other callers cannot fail them
   */
  submit(items: readonly Item[]): Promise<Result[]> {
    return new Promise<Result[]>((resolve, reject) => {
      const caller = { items, resolve, reject };
      if (this.contended?.take(caller)) return;
      this.waiting.push(caller);
      this.next();
    });
  }

  private next(): void {
    if (this.timer || this.waiting.length === 0 || this.running >= this.options.pipelines) return;
    const leftMs = this.nextAt - performance.now();
    if (leftMs <= 0) void this.run();
    else {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        void this.run();
      }, leftMs);
    }
  }

  private async run(): Promise<void> {
    const group = this.takeGroup();
    if (group.length === 0) return;
    this.running += 1;
    this.nextAt = performance.now() + Math.min(this.options.maxGatherMs, countItems(group));
    await this.writeGroup(group, this.contended && ((failed) => this.contended!.takeOver(failed)));
    this.running -= 1;
    this.next();
  }

  private takeGroup(): Waiting<Item, Result>[] {
    const group: Waiting<Item, Result>[] = [];
    let items = 0;
    let taken = 0;
    for (const next of this.waiting) {
      // Its owner may have become suspected while it waited.
      if (!this.contended?.take(next)) {
        items += next.items.length;
        if (group.length > 0 && items > this.options.maxItems) break;
        group.push(next);
      }
      taken += 1;
    }
    this.waiting.splice(0, taken);
    return group;
  }

  /** @param onContended - called instead of rejecting those that failed for a lock */
  private async writeGroup(
    group: readonly Waiting<Item, Result>[],
    onContended?: OnContended<Item, Result>,
  ): Promise<void> {
    try {
      const results = await this.write(group.flatMap(({ items }) => items));
      let position = 0;
      for (const { items, resolve } of group) resolve(results.slice(position, (position += items.length)));
    } catch (error) {
      if (onContended && this.options.lanes?.isContended(error)) onContended(group, error);
      else if (group.length === 1 || this.options.isUnavailable(error)) for (const { reject } of group) reject(error);
      // One item cannot be written. Writing the calls one by one keeps it from failing the others.
      else for (const each of group) await this.writeGroup([each], onContended);
    }
  }
}

function countItems(group: readonly Waiting<unknown, unknown>[]): number {
  return group.reduce((sum, { items }) => sum + items.length, 0);
}
