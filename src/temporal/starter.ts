import type { Logger } from 'pino';
import type { NotificationRef } from '../domain/delivery';
import type { Metrics } from '../metrics';
import type { NotificationWorkflows } from './notification-workflows';

const MIN_CONCURRENCY = 2;
const MAX_CONCURRENCY = 32;
const INITIAL_CONCURRENCY = 8;
/** A start that takes longer says that Temporal is behind. */
const SLOW_START_MS = 250;
/** Notifications that may wait here; beyond that the API refuses events until there is room. */
const MAX_QUEUE = 50_000;

/**
 * Starts workflows of accepted notifications, a bounded number at once: Temporal collapses into time-outs when many starts press on it. The
 * bound follows its latency: one more after each quick round, half after a slow one. What fails here, or is lost with the process, the
 * relay finds in Postgres.
 */
export class Starter {
  private readonly queue: NotificationRef[] = [];
  private head = 0;
  private running = 0;
  private limit = INITIAL_CONCURRENCY;
  private quickInARow = 0;
  private closed = false;
  private idle: (() => void)[] = [];

  constructor(
    private readonly workflows: Pick<NotificationWorkflows, 'start'>,
    private readonly metrics: Metrics,
    private readonly log: Logger,
  ) {}

  /** Whether more events may be accepted. */
  get hasRoom(): boolean {
    return this.waiting < MAX_QUEUE;
  }

  /** Takes notifications to start; returns at once. */
  enqueue(notifications: readonly NotificationRef[]): void {
    if (this.closed) return;
    for (const notification of notifications) this.queue.push(notification);
    this.pump();
  }

  /** Stops starting, and waits for the starts under way. What was not started is found by a relay. */
  async close(): Promise<void> {
    this.closed = true;
    this.queue.length = 0;
    this.head = 0;
    if (this.running > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  private get waiting(): number {
    return this.queue.length - this.head;
  }

  private pump(): void {
    while (this.running < this.limit && this.waiting > 0) {
      const notification = this.queue[this.head]!;
      this.head += 1;
      // Taking from the front of an array moves all that follow; the used part is cut off in large pieces instead.
      if (this.head >= 1024) this.head -= this.queue.splice(0, this.head).length;
      this.running += 1;
      void this.start(notification).finally(() => {
        this.running -= 1;
        this.pump();
        if (this.running === 0) for (const resolve of this.idle.splice(0)) resolve();
      });
    }
    this.metrics.startQueue.set(this.waiting);
    this.metrics.startConcurrency.set(this.limit);
  }

  private async start(notification: NotificationRef): Promise<void> {
    const startedAt = performance.now();
    try {
      if (await this.workflows.start(notification)) this.metrics.started.inc({ by: 'accept' });
      this.adapt(performance.now() - startedAt <= SLOW_START_MS);
    } catch (error) {
      this.adapt(false);
      this.log.warn(
        { err: error, notificationId: notification.notificationId },
        'starting a workflow failed; the relay will start it',
      );
    }
  }

  private adapt(quick: boolean): void {
    if (!quick) {
      this.limit = Math.max(MIN_CONCURRENCY, Math.floor(this.limit / 2));
      this.quickInARow = 0;
    } else if (++this.quickInARow >= this.limit) {
      this.limit = Math.min(MAX_CONCURRENCY, this.limit + 1);
      this.quickInARow = 0;
    }
  }
}
