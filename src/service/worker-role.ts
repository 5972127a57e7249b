import type { Config } from '../config';
import { MAIN_TASK_QUEUE } from '../domain/delivery';
import { type Database } from '../store/db/database';
import { closeRecovery, findStalled } from '../store/notifications/recoveries';
import { findUnsettled, markForgottenHolds } from '../store/subscriptions/settling';
import type { Temporal } from '../temporal/connection';
import { ensureMaintenanceSchedule } from '../temporal/maintenance-schedule';
import type { NotificationWorkflows } from '../temporal/notification-workflows';
import { RecoveryWorkflows } from '../temporal/recovery-workflows';
import { Reconciler } from '../temporal/reconciler';
import { startWorkers, type Workers } from '../worker';
import { cancelNotification } from '../store/notifications/transitions';
import { findStillOpen, takeOverdue } from '../store/notifications/overdue';
import type { Cleanups } from './cleanups';

type WorkerDeps = Parameters<typeof startWorkers>[0];

interface WorkerParts {
  config: Config;
  workflows: NotificationWorkflows;
  /** Starts settlements that are not running. */
  ensureSettling(subscriptionIds: string[]): Promise<void>;
}

interface RoleParts extends WorkerParts {
  whenConnected: Promise<Temporal>;
  /** Called when the Temporal workers cannot start, or stop with an error. */
  fail(error: unknown): void;
}

/**
 * Runs the role `worker` from the moment Temporal is connected.
 *
 * @returns resolves when the workers and the reconciler run
 */
export function startWorkerRole(deps: WorkerDeps, parts: RoleParts, cleanups: Cleanups): Promise<unknown> {
  const running = parts.whenConnected.then((temporal) => runWorker(deps, temporal, parts));
  running.then(({ workers }) => workers.finished).catch(parts.fail);
  cleanups.add(() => running.then((worker) => worker.stop()).catch(() => undefined));
  return running;
}

async function runWorker(
  deps: WorkerDeps,
  temporal: Temporal,
  { config, workflows, ensureSettling }: WorkerParts,
): Promise<{ workers: Workers; stop(): Promise<void> }> {
  const { db, metrics, log } = deps;
  const workers = await startWorkers(deps, {
    temporal,
    shutdownGraceSeconds: config.shutdownGraceSeconds,
    lanes: config.lanes,
  });
  const reconciler = new Reconciler({
    store: {
      takeOverdue: (limit, againAfterSeconds) => takeOverdue(db, limit, againAfterSeconds),
      stillOpen: (notificationIds) => findStillOpen(db, notificationIds),
      cancel: async (notificationId) => void (await cancelNotification(db, notificationId)),
      findUnsettled: (olderThanSeconds) => findUnsettled(db, olderThanSeconds),
      markForgottenHolds: () => markForgottenHolds(db),
    },
    workflows,
    burst: config.burst,
    startSettling: ensureSettling,
    resumeRecoveries: (olderThanSeconds) =>
      resumeRecoveries(db, new RecoveryWorkflows({ use: () => temporal }, MAIN_TASK_QUEUE), olderThanSeconds),
    metrics,
    log,
  });
  reconciler.start();
  await ensureMaintenanceSchedule(temporal, MAIN_TASK_QUEUE).catch((error: unknown) =>
    log.warn({ err: error }, 'the maintenance schedule could not be created; the next start of a worker tries again'),
  );
  return {
    workers,
    async stop() {
      await reconciler.stop();
      await workers.shutdown();
    },
  };
}

async function resumeRecoveries(db: Database, workflows: RecoveryWorkflows, olderThanSeconds: number): Promise<void> {
  for (const id of await findStalled(db, olderThanSeconds)) {
    if (!(await workflows.resume(id))) await closeRecovery(db, id, 'cancelled');
  }
}
