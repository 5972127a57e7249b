/**
 * Runs work for all callers that wait for it, at most once per interval: a flood of callers costs
 * no more than a few. Each caller gets the result of a run that began after its call.
 *
 * States: IDLE → SCHEDULED (callers wait for the interval to end) → RUNNING → IDLE, or SCHEDULED if
 * there were calls during the run.
 */
export class PacedRuns<T> {
  private next: Promise<T> | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private startedAt = -Infinity;

  /** @param run - the work. It may fail, which fails its callers only */
  constructor(
    private readonly intervalMs: number,
    private readonly run: () => Promise<T>,
  ) {}

  call(): Promise<T> {
    return (this.next ??= this.schedule());
  }

  private async schedule(): Promise<T> {
    // One run at a time, so that slow ones do not pile up.
    await this.running;
    const waitMs = this.startedAt + this.intervalMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.ceil(waitMs)));
    this.next = undefined;
    this.startedAt = performance.now();
    const result = this.run();
    this.running = result.catch(() => undefined);
    return result;
  }
}
