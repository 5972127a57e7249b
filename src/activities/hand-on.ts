import type { NotificationRef } from '../domain/delivery';
import { slowStartsOf, type PacedQueue } from '../process/paced-queue';

/**
 * Starts the workflows of the members of one burst in the background, while others are still being
 * attempted.
 */
export class HandOn {
  private readonly starts: Promise<void>[] = [];
  private failure: { error: unknown } | undefined;

  constructor(
    private readonly queue: PacedQueue,
    private readonly startWorkflow: (notification: NotificationRef) => Promise<boolean>,
  ) {}

  /** Number of notifications that were pushed. */
  get count(): number {
    return this.starts.length;
  }

  push(notification: NotificationRef): void {
    const { lane, customerId } = notification;
    const key = lane === 'slow' ? slowStartsOf(customerId) : customerId;
    this.starts.push(this.queue.run(key, () => this.start(notification)));
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

  private async start(notification: NotificationRef): Promise<void> {
    if (this.failure) return;
    try {
      await this.startWorkflow(notification);
    } catch (error) {
      this.failure ??= { error };
    }
  }
}
