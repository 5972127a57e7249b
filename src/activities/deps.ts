import type { Logger } from 'pino';
import type { NotificationRef } from '../domain/delivery';
import type { Metrics } from '../process/metrics';
import type { Database } from '../store/db/database';
import type { Attempter } from '../attempts/attempter';
import type { HeadStarts } from '../attempts/head-start/head-starts';

/** What the activities work with; built in the composition root. */
export interface ActivityDeps {
  db: Database;
  attempter: Attempter;
  headStarts: Pick<HeadStarts, 'processId' | 'begin' | 'outcomeOf'>;
  control: NotificationControl;
  metrics: Metrics;
  log: Logger;
}

/** Reaches the workflows of notifications; what an activity needs of Temporal. */
export interface NotificationControl {
  /** Starts the workflow; one that is there already is left as it is. */
  start(notification: NotificationRef): Promise<boolean>;
  /** Signals `retry`, starting the workflow anew where it was closed. */
  retry(notification: NotificationRef): Promise<void>;
  /** Signals `release`, starting the workflow where it never ran. */
  release(notification: NotificationRef): Promise<void>;
  /** Signals `cancel`; a workflow that is not running needs none. */
  cancel(notificationId: string): Promise<void>;
}
