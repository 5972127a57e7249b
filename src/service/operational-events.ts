import type { NotificationRef } from '../domain/delivery';
import type { OpenNotifications } from '../domain/open-notifications';
import type { OperationalRules } from '../domain/operational-events';
import type { Metrics } from '../process/metrics';
import type { Database } from '../store/db/database';
import { publishRaised } from '../store/operational/publish';
import { raiseRecovered } from '../store/operational/raising';
import { deleteOldStates, noteBacklog } from '../store/operational/states';

interface Deps {
  db: Database;
  rules: OperationalRules;
  readOpen(): Promise<OpenNotifications>;
  /** Starts the workflows of notifications, in the background. */
  launch(notifications: readonly NotificationRef[]): void;
  metrics: Pick<Metrics, 'operationalEvents'>;
}

/** The periodic work of operational events, which the reconciler runs. */
export interface OperationalEvents {
  /** Raises what no attempt notices, and publishes what was raised. */
  publish(): Promise<void>;
  /** Compares the backlog with its threshold. */
  checkBacklog(): Promise<void>;
}

export function createOperationalEvents({ db, rules, readOpen, launch, metrics }: Deps): OperationalEvents {
  return {
    async publish() {
      await raiseRecovered(db);
      const { notifications, counts } = await publishRaised(db, rules);
      for (const [type, count] of counts) metrics.operationalEvents.inc({ type }, count);
      // If the process dies here, the reconciler starts them.
      launch(notifications);
    },
    async checkBacklog() {
      const { pending } = (await readOpen()).byStatus;
      await noteBacklog(db, pending ?? { count: 0, oldestOpenedAt: null }, rules);
      await deleteOldStates(db, rules.quietSeconds);
    },
  };
}
