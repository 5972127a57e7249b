import type { Logger } from 'pino';
import type { NotificationRef, RescheduleRequest } from '../domain/delivery';
import type { RetentionDays } from '../domain/retention';
import type { Metrics } from '../process/metrics';
import type { PacedQueue } from '../process/paced-queue';
import type { Tracing } from '../process/tracing';
import type { Sealer } from '../store/db/crypto';
import type { Database } from '../store/db/database';
import type { AttemptRunner } from '../attempts/attempt-runner';
import type { LaneGates } from '../attempts/lane-gate';
import type { HeadStarts } from '../attempts/head-start/head-starts';

/** Dependencies of the activities, built in the composition root. */
export interface ActivityDeps {
  db: Database;
  /** Its statements may run for as long as copying a day's rows takes. */
  maintenanceDb: Database;
  sealer: Sealer;
  retention: RetentionDays;
  runAttempt: AttemptRunner;
  headStarts: Pick<HeadStarts, 'processId' | 'isUnderWay' | 'makeMissing' | 'outcomeOf' | 'takeTurn'>;
  /** Bounds the attempts in flight of each customer. */
  lanes: LaneGates;
  control: NotificationControl;
  eraser: WorkflowEraser;
  /** The calls to Temporal in the background of this process. */
  paced: PacedQueue;
  /**
   * Launches released notifications like those that were just accepted: begins the head starts that
   * this process has claimed, and queues the starts of their workflows.
   *
   * @param claimedAt - by `performance.now()`, before the statement that claimed them
   */
  launchReleased(notifications: readonly NotificationRef[], claimedAt: number): void;
  metrics: Metrics;
  /** @default off */
  tracing?: Tracing;
  log: Logger;
}

/** Starts and signals the workflows of notifications. */
export interface NotificationControl {
  /** Starts the workflow, unless it has run before. @returns false if it is running or has run */
  start(notification: NotificationRef): Promise<boolean>;
  /**
   * Signals `retry`, and starts the workflow again if it is closed.
   *
   * @param asked - `reopened`: whether the record was closed; `attempts`: those recorded so far,
   *   if it was not
   */
  retry(notification: NotificationRef, asked?: { reopened?: boolean; attempts?: number }): Promise<void>;
  /** Signals `release`, and starts the workflow if it never ran. */
  release(notification: NotificationRef): Promise<void>;
  /** Signals `cancel`, if the workflow is running. */
  cancel(notificationId: string): Promise<void>;
  /** Signals `reschedule`, if the workflow is running. */
  reschedule(notificationId: string, request: RescheduleRequest): Promise<void>;
}

/** Deletes runs of workflows with their histories, whether they have ended or not. */
export interface WorkflowEraser {
  /**
   * Deletes all runs of workflows.
   *
   * @param onProgress - called after each run
   * @returns the number of runs
   */
  deleteAll(workflowIds: readonly string[], onProgress: () => void): Promise<number>;
  /**
   * Deletes runs that name a customer in their search attributes.
   *
   * @param onProgress - called after each run
   * @returns how many runs are listed, and how many of them are not removed yet
   */
  deleteOf(customerId: string, onProgress: () => void): Promise<{ listed: number; left: number }>;
}
