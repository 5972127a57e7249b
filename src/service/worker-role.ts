import { type Config } from '../config/index';
import { MAIN_TASK_QUEUE } from '../domain/delivery';
import { type Database } from '../store/db/database';
import { closeRecovery, findStalled } from '../store/notifications/recoveries';
import { findUnsettled, markForgottenHolds } from '../store/subscriptions/settling';
import type { TemporalLink } from '../temporal/connection';
import { ensureMaintenanceSchedule } from '../temporal/maintenance-schedule';
import type { NotificationWorkflows } from '../temporal/notification-workflows';
import { RecoveryWorkflows } from '../temporal/recovery-workflows';
import { Relay } from '../temporal/reconciler';
import { startWorkers, type Workers } from '../worker';
import { cancelNotification } from '../store/notifications/transitions';
import { takeOverdue } from '../store/notifications/overdue';

interface WorkerParts {
  temporal: Awaited<TemporalLink['connected']>;
  config: Config;
  workflows: NotificationWorkflows;
  settle(subscriptionIds: string[]): Promise<void>;
}

/** Runs the Temporal workers and the relay. */
export async function runWorker(
  deps: Parameters<typeof startWorkers>[0],
  { temporal, config, workflows, settle }: WorkerParts,
): Promise<{ workers: Workers; stop(): Promise<void> }> {
  const { db, metrics, log } = deps;
  const workers = await startWorkers(deps, { temporal, shutdownGraceSeconds: config.shutdownGraceSeconds });
  const relay = new Relay({
    store: {
      takeOverdue: (limit, againAfterSeconds) => takeOverdue(db, limit, againAfterSeconds),
      cancel: async (notificationId) => void (await cancelNotification(db, notificationId)),
      findUnsettled: (olderThanSeconds) => findUnsettled(db, olderThanSeconds),
      markForgottenHolds: () => markForgottenHolds(db),
    },
    workflows,
    burst: config.burst,
    startSettling: settle,
    resumeRecoveries: (olderThanSeconds) =>
      resumeRecoveries(db, new RecoveryWorkflows({ use: () => temporal }, MAIN_TASK_QUEUE), olderThanSeconds),
    metrics,
    log,
  });
  relay.start();
  await ensureMaintenanceSchedule(temporal, MAIN_TASK_QUEUE).catch((error: unknown) =>
    log.warn({ err: error }, 'the maintenance schedule could not be made; the next start tries again'),
  );
  return {
    workers,
    async stop() {
      await relay.stop();
      await workers.shutdown();
    },
  };
}

async function resumeRecoveries(db: Database, workflows: RecoveryWorkflows, olderThanSeconds: number): Promise<void> {
  for (const id of await findStalled(db, olderThanSeconds)) {
    if (!(await workflows.resume(id))) await closeRecovery(db, id, 'cancelled');
  }
}
