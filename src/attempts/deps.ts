import type { Logger } from 'pino';
import type { Composer } from '../domain/composing';
import type { OperationalRules } from '../domain/operational-events';
import type { AbortSource } from '../delivery/cut-off';
import type { HttpClient } from '../delivery/http-client';
import type { Metrics } from '../process/metrics';
import type { Tracing } from '../process/tracing';
import type { Database } from '../store/db/database';
import type { Signer } from './sign';
import type { AttemptRecord, RecordedAttempt } from '../domain/attempt';

/** Dependencies of the attempt runner, built in the composition root. */
export interface AttemptDeps extends Signer {
  db: Database;
  http: HttpClient;
  composer: Pick<Composer, 'compose'>;
  /** Records an attempt, in one statement with others that end at the same time. */
  recorder(attempt: AttemptRecord): Promise<RecordedAttempt>;
  /** When operators are notified of a subscription that keeps failing. */
  operational: Pick<OperationalRules, 'failingPercents' | 'quietSeconds'>;
  /** Aborts the requests when the process ends. */
  cutOff: AbortSource;
  /** Starts the settlement of a subscription. */
  settle(subscriptionId: string): Promise<void>;
  metrics: Metrics;
  /** @default off */
  tracing?: Tracing;
  log: Logger;
}
