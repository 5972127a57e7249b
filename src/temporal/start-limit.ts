const MIN = 2;
const MAX = 32;
const INITIAL = 8;
/** A start that takes longer means that Temporal is overloaded. */
const SLOW_START_MS = 250;

/**
 * Limits concurrent workflow starts. Too many concurrent starts make Temporal time out, so the
 * limit follows its latency: it grows by 1 after as many quick starts as the limit, and halves
 * after a slow one.
 */
export class StartLimit {
  private limit = INITIAL;
  private quickInARow = 0;

  get value(): number {
    return this.limit;
  }

  /** Adjusts the limit to the duration of a start. */
  note(durationMs: number): void {
    if (durationMs > SLOW_START_MS) this.failed();
    else if (++this.quickInARow >= this.limit) {
      this.limit = Math.min(MAX, this.limit + 1);
      this.quickInARow = 0;
    }
  }

  /** Adjusts the limit to a failed start, which counts as a slow one. */
  failed(): void {
    this.limit = Math.max(MIN, Math.floor(this.limit / 2));
    this.quickInARow = 0;
  }
}
