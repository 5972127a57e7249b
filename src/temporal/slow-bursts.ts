import { endsWithin } from '../process/ends-within';

/** A burst that takes longer waits for slow receivers, which costs neither us nor Temporal. */
const SLOW_AFTER_MS = 1000;
/**
 * Slow bursts that may run beside others: in all, and of one key. Each occupies a slot for a local
 * activity.
 */
const MAX_SLOW = 40;
const MAX_SLOW_PER_KEY = 20;

/**
 * The bursts that wait for slow receivers. They leave their place to others, so that the retries of
 * everybody else do not wait for the slowest receiver of a burst.
 */
export class SlowBursts {
  private readonly byKey = new Map<string, number>();
  private total = 0;

  /**
   * Resolves when a burst has ended, or is slow and there is room for another slow one.
   *
   * @param run - does not reject
   */
  async endOrLinger(key: string, run: Promise<void>): Promise<void> {
    if (await endsWithin(run, SLOW_AFTER_MS)) return;
    if (this.total >= MAX_SLOW || this.of(key) >= MAX_SLOW_PER_KEY) return run;
    this.count(key, 1);
    void run.then(() => this.count(key, -1));
  }

  private of(key: string): number {
    return this.byKey.get(key) ?? 0;
  }

  private count(key: string, change: 1 | -1): void {
    this.total += change;
    const left = this.of(key) + change;
    if (left > 0) this.byKey.set(key, left);
    else this.byKey.delete(key);
  }
}
