import type { Logger } from 'pino';
import type { NotificationRef } from '../domain/delivery';
import type { HttpClient } from '../delivery/http-client';
import type { Metrics } from '../metrics';
import type { Sealer } from '../store/crypto';
import type { Database } from '../store/database';

/** What the activities work with; built in src/worker.ts. */
export interface ActivityDeps {
  db: Database;
  sealer: Sealer;
  http: HttpClient;
  control: NotificationControl;
  metrics: Metrics;
  log: Logger;
}

/** Reaches the workflows of notifications; what an activity needs of Temporal. */
export interface NotificationControl {
  /** Signals `release`, starting the workflow where it never ran. */
  release(notification: NotificationRef): Promise<void>;
  /** Signals `cancel`; a workflow that is not running needs none. */
  cancel(notificationId: string): Promise<void>;
}
