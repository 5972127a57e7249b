const MIN = 2;
const MAX = 32;
const INITIAL = 8;
/** A start that takes longer says that Temporal is behind. */
const SLOW_START_MS = 250;

/**
 * How many workflow starts may be under way at once. Temporal collapses into time-outs when many press on it, so the bound follows its latency:
 * one more after each quick round, half after a slow one.
 */
export class StartLimit {
  private limit = INITIAL;
  private quickInARow = 0;

  get value(): number {
    return this.limit;
  }

  /** Takes note of how long a start took. */
  note(durationMs: number): void {
    if (durationMs > SLOW_START_MS) this.failed();
    else if (++this.quickInARow >= this.limit) {
      this.limit = Math.min(MAX, this.limit + 1);
      this.quickInARow = 0;
    }
  }

  /** Takes note of a start that failed, which is slower than any. */
  failed(): void {
    this.limit = Math.max(MIN, Math.floor(this.limit / 2));
    this.quickInARow = 0;
  }
}
