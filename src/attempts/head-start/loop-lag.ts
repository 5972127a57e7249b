const SAMPLE_MS = 10;

/**
 * Measures how late the event loop is, between `start` and `stop`. Responses to producers are late
 * by as much.
 */
export class LoopLag {
  private timer: NodeJS.Timeout | undefined;
  private dueAt = 0;
  private last = 0;

  /** Milliseconds by which the last timer was late; 0 while stopped. */
  get ms(): number {
    // A timer that is overdue now is a newer measurement than the last one that fired.
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
