export type { Composer } from '../domain/composing';
export type { ChallengeSender, ChallengeOutcome } from '../domain/challenge';
import type { LiveState, NotificationRef } from '../domain/delivery';
import type { Executor } from '../store/db/database';
import type { HeadStartDelivery } from '../domain/head-start';

/**
 * The interfaces through which routes use the rest of the service. The composition root
 * (src/service) provides the implementations, so that src/api depends neither on the Temporal
 * workers nor on the HTTP client for deliveries.
 */

/** Releases or cancels the notifications of subscriptions after a change of their status. */
export interface Settlement {
  /**
   * In the transaction of the change: marks the subscriptions with notifications to release or
   * cancel.
   *
   * @returns their ids, for `start`
   */
  mark(db: Executor, which: { subscriptionId: string } | { productId: string }): Promise<string[]>;
  /**
   * After the commit: starts a `settleSubscription` workflow for each. The reconciler starts those
   * that fail here.
   */
  start(subscriptionIds: string[]): Promise<void>;
}

/** A notification that was just accepted. */
export interface NotificationToLaunch {
  notification: NotificationRef & { host?: string | null };
  /** The input of a head start; null if this process has not claimed the first attempt. */
  delivery: HeadStartDelivery | null;
  /** By `performance.now()`, taken before the statement that claimed it. */
  claimedAt: number;
}

/**
 * Launches accepted notifications: begins the head starts of this process and queues the workflow
 * starts.
 */
export interface NotificationLauncher {
  /** Identifies the claims of this process. */
  readonly processId: string;
  /**
   * Whether the start queue has room for this number of further notifications of a customer.
   *
   * @param customerId - undefined: of every customer
   */
  hasRoom(customerId: string | undefined, notifications: number): boolean;
  /** Called after the commit. Returns immediately. */
  launch(notifications: readonly NotificationToLaunch[]): void;
}

/** Controls the workflows of recoveries. The reconciler retries what fails here. */
export interface RecoveryControl {
  start(recoveryId: string): Promise<void>;
  cancel(recoveryId: string): Promise<void>;
}

/** Signals and queries the workflows of notifications. */
export interface NotificationControl {
  /** @param options - `reopened`: the record was closed, and begins a new ladder */
  retry(notification: NotificationRef, options?: { reopened: boolean; attempts?: number }): Promise<void>;
  /** @param openedAt - when the cancelled record was opened; a later opening is not cancelled */
  cancel(notificationId: string, openedAt: Date): Promise<void>;
  live(notificationId: string): Promise<LiveState | null>;
}
