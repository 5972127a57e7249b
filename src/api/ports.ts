export type { Composer } from '../domain/composing';
export type { Challenger, ChallengeOutcome } from '../domain/challenge';
import type { LiveState, NotificationRef } from '../domain/delivery';
import type { Executor } from '../store/db/database';
import type { HeadStartDelivery } from '../domain/head-start';

/**
 * What the routes need of the rest of the service. The composition root (src/service/compose.ts) fills them in, so that src/api knows neither
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

/** A notification that was just accepted, with what its first attempt needs where that is this process's to make. */
export interface NotificationToLaunch {
  notification: NotificationRef;
  delivery: HeadStartDelivery | null;
  /** By `performance.now()`, taken before the statement that claimed it. */
  claimedAt: number;
}

/** Sees to accepted notifications: makes the first attempts that are this process's, and has the workflows started. */
export interface Launcher {
  /** Names the claims of this process. */
  readonly processId: string;
  /** Whether more may be accepted. */
  readonly hasRoom: boolean;
  /** After the commit; returns at once. */
  launch(notifications: readonly NotificationToLaunch[]): void;
}

/** Steers the workflows of recoveries. What fails here the relay makes up for. */
export interface RecoveryControl {
  start(recoveryId: string): Promise<void>;
  cancel(recoveryId: string): Promise<void>;
}

/** Steers and asks the workflows of notifications. */
export interface NotificationControl {
  retry(notification: NotificationRef): Promise<void>;
  cancel(notificationId: string): Promise<void>;
  live(notificationId: string): Promise<LiveState | null>;
}
