import { FairQueue } from '../domain/fair-queue';

/** Calls at the same time, of all customers. */
const CONCURRENCY = 4;
/** Pauses are this much shorter: as long as Temporal answers quickly, customers need none. */
const QUICK_MS = 15;
/** Longest pause of a customer. */
const MAX_PAUSE_MS = 500;

/**
 * Calls to Temporal in the background that cause more work there, such as the start of a workflow.
 * Customers take turns, and each has one call at a time. After it the customer pauses, so one with
 * many calls leaves most of Temporal to others.
 */
export class PacedQueue {
  private readonly queue = new FairQueue<{ key: string; call: () => Promise<void>; pauses: number }>();
  private running = 0;

  /**
   * Runs a call when its turn has come.
   *
   * @param key - the customer, with a prefix if its calls do not wait for those of another kind
   * @param pauses - how many times as long as the call took the key pauses
   */
  run<T>(key: string, call: () => Promise<T>, pauses = 1): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.queue.push(key, { key, call: () => call().then(resolve, reject), pauses });
      this.pump();
    });
  }

  private pump(): void {
    while (this.running < CONCURRENCY) {
      const next = this.queue.take();
      if (!next) return;
      void this.make(next.key, next.call, next.pauses);
    }
  }

  private async make(key: string, call: () => Promise<void>, pauses: number): Promise<void> {
    this.queue.pause(key);
    this.running += 1;
    const since = performance.now();
    await call();
    this.running -= 1;
    setTimeout(
      () => {
        this.queue.resume(key);
        this.pump();
      },
      Math.min(MAX_PAUSE_MS, Math.max(0, pauses * (performance.now() - since) - QUICK_MS)),
    );
    this.pump();
  }
}
