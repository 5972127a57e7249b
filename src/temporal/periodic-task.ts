import type { Logger } from 'pino';

/** A failure that repeats is logged at most this often. */
const LOG_INTERVAL_MS = 60_000;

/** Work that is repeated at its own pace. A failed run is logged and repeated like any other. */
export class PeriodicTask {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;
  private loggedAt = -Infinity;

  /** @param name - for the log */
  constructor(
    private readonly name: string,
    private readonly intervalMs: number,
    private readonly work: () => Promise<void>,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.schedule(0);
  }

  /** Runs no more, and waits for the current run. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Runs now. Public for tests, which cannot wait for the timer. */
  run(): Promise<void> {
    return this.work();
  }

  private schedule(afterMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.work()
        .then(() => void (this.loggedAt = -Infinity))
        .catch((error: unknown) => this.report(error))
        // Random intervals keep several processes from working at the same time.
        .finally(() => this.schedule(this.intervalMs * (0.75 + Math.random() / 2)));
    }, afterMs);
  }

  private report(err: unknown): void {
    if (performance.now() - this.loggedAt < LOG_INTERVAL_MS) return;
    this.loggedAt = performance.now();
    this.log.warn({ err, task: this.name }, 'a periodic task failed; it will be repeated');
  }
}
