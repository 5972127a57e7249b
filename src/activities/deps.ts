import type { Logger } from 'pino';
import type { Composer } from '../domain/composing';
import type { NotificationRef } from '../domain/delivery';
import type { HttpClient } from '../delivery/http-client';
import type { Metrics } from '../process/metrics';
import type { Database } from '../store/db/database';
import type { AttemptRecord, RecordedAttempt } from '../store/deliveries';
import type { Attempter } from '../attempts/attempter';
import type { HeadStarts } from '../attempts/head-start/head-starts';
import type { Signer } from '../attempts/sign';

/** What attempts are made with; built in the composition root. */
export interface AttemptDeps extends Signer {
  db: Database;
  http: HttpClient;
  composer: Pick<Composer, 'compose'>;
  /** Records an attempt, together with others that end at the same time. */
  recorder(attempt: AttemptRecord): Promise<RecordedAttempt>;
  /** Has the workflows of notifications started that Signpost's own events gave rise to; returns at once. */
  launch(notifications: readonly NotificationRef[]): void;
  metrics: Metrics;
  log: Logger;
}

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
