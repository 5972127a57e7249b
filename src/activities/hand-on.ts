import type { NotificationRef } from '../domain/delivery';
import { FairQueue } from '../domain/fair-queue';

/** Maximum number of concurrent workflow starts. */
const START_CONCURRENCY = 4;

/**
 * Starts the workflows of burst members in the background, while others are still being attempted.
 * Customers take turns, so that one with many failures does not delay the retries of others.
 */
export class HandOn {
  private readonly queue = new FairQueue<NotificationRef>();
  private readonly running = new Set<Promise<void>>();
  private failure: { error: unknown } | undefined;
  private total = 0;

  constructor(private readonly start: (notification: NotificationRef) => Promise<boolean>) {}

  /** Number of notifications that were pushed. */
  get count(): number {
    return this.total;
  }

  push(notification: NotificationRef): void {
    this.total += 1;
    this.queue.push(notification.customerId, notification);
    if (this.running.size < START_CONCURRENCY) this.work();
  }

  /** Waits until everything is started. @throws the first failure */
  async done(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
    if (this.failure) throw this.failure.error;
  }

  private work(): void {
    const running = this.startNext().finally(() => this.running.delete(running));
    this.running.add(running);
  }

  private async startNext(): Promise<void> {
    for (let next = this.queue.take(); next; next = this.queue.take()) {
      try {
        await this.start(next);
      } catch (error) {
        this.failure ??= { error };
        this.queue.drain();
      }
    }
  }
}
