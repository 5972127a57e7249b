import type { Logger } from 'pino';
import type { Database } from '../store/db/database';
import { requestWake } from '../store/subscriptions/rate-wakes';

/** Many fall asleep at about the same time. */
const GATHERS_MS = 100;

/**
 * Has notifications woken that sleep behind others in the line of a rate limit, in order. Otherwise
 * each would have to ask again and again.
 */
export class LineWaker {
  private readonly noted = new Set<string>();

  /**
   * @param settle - starts the settlement of a subscription, which wakes its line. What fails is
   *   left to the reconciler
   */
  constructor(
    private readonly db: Database,
    private readonly settle: (subscriptionId: string) => Promise<void>,
    private readonly log: Logger,
  ) {}

  /** Notes that a notification sleeps, although its turn has come. */
  note(subscriptionId: string): void {
    if (this.noted.has(subscriptionId)) return;
    this.noted.add(subscriptionId);
    setTimeout(() => void this.wake(subscriptionId), GATHERS_MS).unref();
  }

  private async wake(subscriptionId: string): Promise<void> {
    this.noted.delete(subscriptionId);
    try {
      if (await requestWake(this.db, subscriptionId)) await this.settle(subscriptionId);
    } catch (error) {
      this.log.warn({ err: error, subscriptionId }, 'the line of a rate limit is woken later');
    }
  }
}
