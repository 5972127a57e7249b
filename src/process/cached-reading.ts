import { endsWithin } from './ends-within';

const FRESH_MS = 10_000;
/** A value that is slow to read is read less often: at most a twentieth of the time. */
const FRESH_PER_READ = 20;
const PATIENCE_MS = 1000;

/**
 * A value that is read for metrics. A scrape waits for it for at most a second and never fails
 * because of it: it gets the last value instead.
 */
export class CachedReading<T> {
  private value: T | undefined;
  private readAt = performance.now();
  private freshMs: number;
  private reading: Promise<void> | undefined;

  /**
   * @param readNow - reads the value; there is at most one read in flight
   * @param leastFreshMs - how long a value is used at least
   */
  constructor(
    private readonly readNow: () => Promise<T>,
    private readonly leastFreshMs = FRESH_MS,
  ) {
    this.freshMs = leastFreshMs;
  }

  /** @returns undefined until the first read has succeeded */
  async read(): Promise<T | undefined> {
    if (this.value !== undefined && this.ageMs() < this.freshMs) return this.value;
    this.reading ??= this.refresh();
    await endsWithin(this.reading, PATIENCE_MS);
    return this.value;
  }

  /** Time since the last successful read, or since the start if there was none. */
  ageSeconds(): number {
    return this.ageMs() / 1000;
  }

  private ageMs(): number {
    return performance.now() - this.readAt;
  }

  private async refresh(): Promise<void> {
    const startedAt = performance.now();
    try {
      this.value = await this.readNow();
      this.readAt = startedAt;
      this.freshMs = Math.max(this.leastFreshMs, FRESH_PER_READ * (performance.now() - startedAt));
    } catch {
      // The age shows it.
    } finally {
      this.reading = undefined;
    }
  }
}
