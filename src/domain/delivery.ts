import type { NotificationStatus } from './types';

/**
 * What the workflow of a notification, its activities and its callers say to each other. These are wire shapes: histories hold them, so
 * fields are only ever added, and none holds a payload or a secret.
 */

/** Task queue of workflows and of the fast lane's local activities. */
export const MAIN_TASK_QUEUE = 'signpost';
/** Task queue of attempts that may take long: ordinary activities with heartbeats, with slots of their own. */
export const SLOW_TASK_QUEUE_SUFFIX = '-slow';

/** Attempts that may take longer than this are made in the slow lane, so that they hold no workflow task. */
export const FAST_LANE_MAX_TIMEOUT_SECONDS = 15;
/** An attempt that took longer than this puts its subscription into the slow lane … */
export const SLOW_ATTEMPT_MS = 5000;
/** … for this long after the last slow one. */
export const SLOW_LANE_SECONDS = 600;

/**
 * How long a head start may wait for its turn. The claim on the first attempt lasts this long and the subscription's timeout more, so that an
 * attempt that begins in time also ends before the claim lapses.
 */
export const HEAD_START_WAIT_SECONDS = 10;
/** Attempts that a head start made are named so; no workflow knows of them until it took them over. */
export const HEAD_START_PREFIX = 'head:';
/** Ids of the workflows that look after many notifications at once begin so. */
export const BURST_PREFIX = 'burst/';
/** Seconds after which the relay doubts that somebody looks after a notification that was just accepted, or whose head start failed. */
export const RECONCILE_AFTER_SECONDS = 15;

/** `fast`: local activities of the workflow task. `slow`: ordinary activities on their own task queue. */
export type Lane = 'fast' | 'slow';

/** Input of the workflow `deliverNotification`. */
export interface DeliverNotificationInput {
  notificationId: string;
  /** Waits between the attempts of this ladder, in seconds. */
  schedule: readonly number[];
  lane: Lane;
  /** Failed attempts that this ladder has behind it, where a lost workflow is taken up again. @default 0 */
  step?: number;
}

/** Result of a workflow that did not fail. */
export interface DeliverNotificationResult {
  /** `failed` only where a cancellation came after the last attempt. */
  status: 'delivered' | 'cancelled' | 'failed';
  attempts: number;
}

/** Input of the workflow `deliverBurst`. */
export interface DeliverBurstInput {
  notificationIds: readonly string[];
}

/** How many notifications a burst had, and how many of them got a workflow of their own. */
export interface DeliverBurstResult {
  notifications: number;
  handedOn: number;
}

/** Input of the activity `deliver`. */
export interface DeliverInput {
  notificationId: string;
  /** Counts the attempts of one workflow run; with the run's id it names an attempt, so that a repeated activity finds its own record. */
  sequence: number;
  trigger: 'scheduled' | 'manual';
  schedule: readonly number[];
  /** Failed attempts of this ladder so far. */
  step: number;
}

/** What came of `deliver`; it is recorded in Postgres by then. */
export type DeliverOutcome = DeliverResult & {
  /** The attempt had been made and recorded by an earlier execution, whose answer Temporal did not get. */
  repeated?: boolean;
};

type DeliverResult =
  | { kind: 'delivered'; attempts: number }
  /** The attempt failed; the next one is due after `waitSeconds`, at `dueAt` (RFC 3339), in `lane`. */
  | { kind: 'retry'; attempts: number; waitSeconds: number; dueAt: string; lane: Lane; reason: string }
  /** The attempt failed and was the last one. */
  | { kind: 'failed'; attempts: number; reason: string }
  /** No attempt was made: the subscription does not take deliveries now. */
  | { kind: 'held'; attempts: number }
  /** No attempt was made: the rate limit allows the next one after `waitSeconds`. */
  | { kind: 'throttled'; attempts: number; waitSeconds: number; dueAt: string }
  /** No attempt was made, or its failure no longer matters: the notification was cancelled. */
  | { kind: 'cancelled'; attempts: number };

/** Answer of the workflow query `live`. */
export interface LiveState {
  phase: 'delivering' | 'waiting' | 'held' | 'closed';
  /** Attempts made so far, those of earlier runs included. */
  attempt: number;
  /** RFC 3339; while waiting. */
  nextAttemptAt: string | null;
}

/** What is needed to start or signal a notification's workflow. */
export interface NotificationRef extends DeliverNotificationInput {
  customerId: string;
  subscriptionId: string;
  eventType: string;
}

/** A notification that the relay found without anybody looking after it. */
export interface OverdueNotification extends NotificationRef {
  status: NotificationStatus;
  openedAt: Date;
  /** Somebody asked for the next attempt at once, and it has not begun. */
  retryAsked: boolean;
  /** Accepted, never opened again, and no attempt was recorded. */
  unattempted: boolean;
}

/** Seconds past the due time after which the relay doubts that a workflow is waiting. */
export const OVERDUE_SECONDS = 60;
