import type { NotificationStatus } from './types';

/**
 * Messages between a notification's workflow, its activities and its callers. These are wire shapes
 * that are stored in histories. Fields are only ever added, and none contains a payload or a
 * secret.
 */

/** Task queue of workflows and of the fast lane's local activities. */
export const MAIN_TASK_QUEUE = 'signpost';
/** Task queue of long attempts: ordinary activities with heartbeats and their own slots. */
export const SLOW_TASK_QUEUE_SUFFIX = '-slow';
/**
 * Task queue of the activities that control others: settling, recovering, maintaining. They never
 * wait behind deliveries.
 */
export const CONTROL_TASK_QUEUE_SUFFIX = '-control';

/** Attempts with a longer timeout use the slow lane, so that they do not occupy a workflow task. */
export const FAST_LANE_MAX_TIMEOUT_SECONDS = 15;
/** An attempt that takes longer than this moves its subscription to the slow lane. */
export const SLOW_ATTEMPT_MS = 5000;
/** How long a subscription stays in the slow lane after its last slow attempt. */
export const SLOW_LANE_SECONDS = 600;

/**
 * Longest wait of a head start for a slot. The claim on the first attempt lasts this long plus the
 * subscription's timeout, so that an attempt that begins in time also ends before the claim lapses.
 */
export const HEAD_START_WAIT_SECONDS = 10;
/**
 * Prefix of the attempt keys of head starts. No workflow knows such an attempt before it takes it
 * over.
 */
export const HEAD_START_PREFIX = 'head:';
/**
 * Prefix that the attempt key gets if the attempt was cut off. Under the key itself it is made
 * again.
 */
export const CUT_OFF_PREFIX = 'cut:';
/** Prefix of the ids of burst workflows, each of which handles many notifications. */
export const BURST_PREFIX = 'burst/';
/**
 * Seconds after which the reconciler checks that a workflow is running, for a notification that was
 * just accepted or whose head start failed.
 */
export const RECONCILE_AFTER_SECONDS = 15;

/**
 * `fast`: local activities of the workflow task. `slow`: ordinary activities on their own task
 * queue.
 */
export type Lane = 'fast' | 'slow';

/** Input of the workflow `deliverNotification`. */
export interface DeliverNotificationInput {
  notificationId: string;
  /** Waits between the attempts, in seconds, when the ladder began. */
  schedule: readonly number[];
  lane: Lane;
  /** Failed attempts of the ladder so far, if the workflow replaces a lost one. @default 0 */
  step?: number;
}

/** The argument of the signal `reschedule`: a new time of the next attempt. */
export interface RescheduleRequest {
  /** Attempts made so far. The signal has no effect on the wait after another attempt. */
  attempts: number;
  waitSeconds: number;
  /** The same time, RFC 3339. */
  dueAt: string;
}

/** Result of a workflow that did not fail. */
export interface DeliverNotificationResult {
  /** `failed` only if the notification was cancelled after its last attempt. */
  status: 'delivered' | 'cancelled' | 'failed';
  attempts: number;
}

/** Input of the activity `cancelNotification`. */
export interface CancelNotificationInput {
  notificationId: string;
  /** When the record to cancel was opened, RFC 3339; absent: whenever. */
  openedAt?: string;
}

/** Result of the activity `cancelNotification`. */
export interface CancelNotificationResult extends DeliverNotificationResult {
  /** The record was reopened later than `openedAt`, so it is open. */
  reopened?: boolean;
}

/** Input of the workflow `deliverBurst`. */
export interface DeliverBurstInput {
  notificationIds: readonly string[];
}

/** The number of notifications in a burst, and how many of them continued in their own workflow. */
export interface DeliverBurstResult {
  notifications: number;
  handedOn: number;
}

/** Input of the activity `deliver`. */
export interface DeliverInput {
  notificationId: string;
  /**
   * Number of the attempt in its workflow run. Together with the run's id it is the attempt key, by
   * which a repeated activity finds its own record.
   */
  sequence: number;
  trigger: 'scheduled' | 'manual';
  /**
   * Recorded attempts when the retries were asked for that a manual attempt is made for. Absent: it
   * is not known, or the run was reset, so the attempt is made.
   */
  askedAfter?: number;
  /** For workers of earlier versions: an attempt reads the schedule of its subscription. */
  schedule: readonly number[];
  /** Failed attempts of the ladder so far. */
  step: number;
  /** Whether the workflow understands the outcome `reroute`. @default false */
  mayReroute?: boolean;
}

/** Result of the activity `deliver`, already recorded in Postgres. */
export type DeliverOutcome = DeliverResult & {
  /**
   * The attempt was made and recorded by an earlier execution whose result Temporal did not get.
   */
  repeated?: boolean;
  /**
   * The attempt was made for a manual retry. Set if it is repeated, or if Postgres had the retry
   * before the attempt.
   */
  wasManual?: boolean;
};

type DeliverResult =
  | { kind: 'delivered'; attempts: number }
  /**
   * The attempt failed. The next one is due after `waitSeconds`, at `dueAt` (RFC 3339), in `lane`.
   */
  | { kind: 'retry'; attempts: number; waitSeconds: number; dueAt: string; lane: Lane; reason: string }
  /** The last attempt of the ladder failed. */
  | { kind: 'failed'; attempts: number; reason: string }
  /** No attempt was made, because the subscription does not take deliveries now. */
  | { kind: 'held'; attempts: number }
  /**
   * No attempt was made, because the rate limit, or the customer's share of the lane, allows one
   * only after `waitSeconds`.
   */
  | { kind: 'throttled'; attempts: number; waitSeconds: number; dueAt: string }
  /** No attempt was made, because it belongs to another lane. */
  | { kind: 'reroute'; attempts: number; lane: Lane }
  /** The notification was cancelled. No attempt was made, or its failure no longer matters. */
  | { kind: 'cancelled'; attempts: number };

/** Result of the workflow query `live`. */
export interface LiveState {
  phase: 'delivering' | 'waiting' | 'held' | 'closed';
  /** Attempts made so far, including those of earlier runs. */
  attempt: number;
  /** RFC 3339; set while waiting. */
  nextAttemptAt: string | null;
}

/** Everything needed to start or signal a notification's workflow. */
export interface NotificationRef extends DeliverNotificationInput {
  /** Its subscription had a slow attempt lately. Absent if that is not so, or not known. */
  slow?: boolean;
  customerId: string;
  subscriptionId: string;
  eventType: string;
  /** Where the trace of the event continues. Absent if it has none, or it is not at hand. */
  traceparent?: string;
}

/** A notification whose workflow is started. */
export interface RefToStart extends NotificationRef {
  /** Whether its first attempt is being made already. @default false */
  hasHeadStart?: boolean;
}

/** A notification whose workflow a retry signals, which names the attempts so far. */
export interface ReopenedNotification extends NotificationRef {
  /** Recorded attempts. */
  attempts: number;
}

/**
 * An overdue notification, which may have no running workflow, or a cancelled one, whose workflow
 * may be running. The reconciler checks it.
 */
export interface OverdueNotification extends ReopenedNotification {
  status: NotificationStatus;
  openedAt: Date;
  /** Whether a person or a recovery reopened it. */
  reopened: boolean;
  /** Time until its next attempt is due; 0 if it is due. */
  dueInSeconds: number;
  /** A manual retry was requested and has not begun. */
  retryAsked: boolean;
  /** Accepted, never reopened, and without a recorded attempt. */
  unattempted: boolean;
}

/**
 * Seconds past the due time after which the reconciler checks that a workflow is running. So what
 * an empty Temporal has forgotten moves on within a minute.
 */
export const OVERDUE_SECONDS = 30;
