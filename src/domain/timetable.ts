const CELL_MS = 1000;

/** How far ahead something is planned at most, in milliseconds. */
const MAX_AHEAD_MS = 300_000;

/**
 * Plans what comes later, so that it does not come as a crowd: not more often than at an interval,
 * whatever was planned for a later time before.
 */
export class Timetable {
  /** Number of planned times, by second. */
  private readonly counts = new Map<number, number>();

  /**
   * Plans one more.
   *
   * @param atMs - the earliest time, in milliseconds of any clock
   * @param intervalMs - between two; 0: any number at the same time
   * @returns its time. What exceeds five minutes is spread over the last half of them, because much
   *   may have changed by then
   */
  plan(atMs: number, intervalMs: number): number {
    if (intervalMs <= 0) return atMs;
    const perCell = Math.max(1, Math.floor(CELL_MS / intervalMs));
    const cells = Math.max(1, Math.ceil(intervalMs / CELL_MS));
    const first = Math.floor(atMs / CELL_MS);
    const last = first + MAX_AHEAD_MS / CELL_MS;
    for (let cell = first; cell < last; cell++) {
      if (!this.hasRoom(cell, cells, perCell)) continue;
      for (let taken = cell; taken < cell + cells; taken++) this.counts.set(taken, this.of(taken) + 1);
      return Math.max(atMs, cell * CELL_MS);
    }
    return atMs + MAX_AHEAD_MS * (0.5 + Math.random() / 2);
  }

  /** Forgets what is over. @returns whether nothing is planned after that */
  forgetBefore(nowMs: number): boolean {
    for (const cell of this.counts.keys()) if ((cell + 1) * CELL_MS <= nowMs) this.counts.delete(cell);
    return this.counts.size === 0;
  }

  private hasRoom(cell: number, cells: number, perCell: number): boolean {
    for (let one = cell; one < cell + cells; one++) if (this.of(one) >= perCell) return false;
    return true;
  }

  private of(cell: number): number {
    return this.counts.get(cell) ?? 0;
  }
}
