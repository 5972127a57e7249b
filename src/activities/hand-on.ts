import type { NotificationRef } from '../domain/delivery';
import { FairQueue } from '../domain/fair-queue';

/** Maximum number of concurrent workflow starts of a process, for all its bursts together. */
const START_CONCURRENCY = 4;

interface Start {
  notification: NotificationRef;
  burst: { hasFailed(): boolean; fail(error: unknown): void };
  resolve(): void;
}

/**
 * Starts the workflows of burst members, for all bursts of this process. Customers take turns, so
 * one with many failures delays neither the retries of others nor, by crowding Temporal, their
 * other work.
 */
export class HandOnQueue {
  private readonly queue = new FairQueue<Start>();
  private running = 0;

  constructor(private readonly startWorkflow: (notification: NotificationRef) => Promise<boolean>) {}

  /** Resolves when the workflow runs, or its burst has failed. */
  start(notification: NotificationRef, burst: Start['burst']): Promise<void> {
    return new Promise((resolve) => {
      this.queue.push(notification.customerId, { notification, burst, resolve });
      if (this.running < START_CONCURRENCY) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.running += 1;
    for (let next = this.queue.take(); next; next = this.queue.take()) {
      try {
        if (!next.burst.hasFailed()) await this.startWorkflow(next.notification);
      } catch (error) {
        next.burst.fail(error);
      }
      next.resolve();
    }
    this.running -= 1;
  }
}

/**
 * Starts the workflows of the members of one burst in the background, while others are still being
 * attempted.
 */
export class HandOn {
  private readonly starts: Promise<void>[] = [];
  private failure: { error: unknown } | undefined;

  constructor(private readonly queue: HandOnQueue) {}

  /** Number of notifications that were pushed. */
  get count(): number {
    return this.starts.length;
  }

  push(notification: NotificationRef): void {
    this.starts.push(
      this.queue.start(notification, {
        hasFailed: () => this.failure !== undefined,
        fail: (error) => (this.failure ??= { error }),
      }),
    );
  }

  /**
   * Waits until everything is started.
   *
   * @throws the first failure, after which nothing is started
   */
  async done(): Promise<void> {
    await Promise.all(this.starts);
    if (this.failure) throw this.failure.error;
  }
}
