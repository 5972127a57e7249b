const SAMPLE_MS = 10;

/** How late the event loop is: what else waits in this process, such as an answer to a producer, waits as long. Measured only while asked to. */
export class LoopLag {
  private timer: NodeJS.Timeout | undefined;
  private dueAt = 0;
  private last = 0;

  /** Milliseconds by which the last turn of a timer was late; 0 while nothing is measured. */
  get ms(): number {
    // A timer that is overdue now says more than the last one that came.
    return this.timer ? Math.max(this.last, performance.now() - this.dueAt) : 0;
  }

  start(): void {
    if (this.timer) return;
    this.dueAt = performance.now() + SAMPLE_MS;
    this.timer = setInterval(() => {
      const now = performance.now();
      this.last = now - this.dueAt;
      this.dueAt = now + SAMPLE_MS;
    }, SAMPLE_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.last = 0;
  }
}
