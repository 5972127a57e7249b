export type { Challenger, ChallengeOutcome } from '../domain/challenge';
import type { LiveState, NotificationRef } from '../domain/delivery';
import type { Executor } from '../store/database';

/**
 * What the routes need of the rest of the service. The composition root (src/main.ts) fills them in, so that src/api knows neither
 * Temporal's workers nor the HTTP client that delivers.
 */

/** Brings the notifications of subscriptions in line after a change of their status. */
export interface Settler {
  /**
   * Inside the transaction of the change: marks the subscriptions concerned that have something to release or to cancel.
   *
   * @returns their ids, for `start`
   */
  mark(db: Executor, which: { subscriptionId: string } | { productId: string }): Promise<string[]>;
  /** After the commit: starts a `settleSubscription` workflow for each. What fails here the relay starts later. */
  start(subscriptionIds: string[]): Promise<void>;
}

/** Has the workflows of accepted notifications started. */
export interface EventStarter {
  /** Whether more may be accepted. */
  readonly hasRoom: boolean;
  enqueue(notifications: readonly NotificationRef[]): void;
}

/** Steers and asks the workflows of notifications. */
export interface NotificationControl {
  retry(notification: NotificationRef): Promise<void>;
  cancel(notificationId: string): Promise<void>;
  live(notificationId: string): Promise<LiveState | null>;
}
