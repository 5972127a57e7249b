import type { Config } from '../config';
import { MAIN_TASK_QUEUE } from '../domain/delivery';
import { type Database } from '../store/db/database';
import { closeRecovery } from '../store/notifications/recoveries';
import type { Temporal } from '../temporal/connection';
import { ensureMaintenanceSchedule } from '../temporal/maintenance-schedule';
import type { NotificationWorkflows } from '../temporal/notification-workflows';
import { RecoveryWorkflows } from '../temporal/recovery-workflows';
import { Reconciler } from '../temporal/reconciler';
import { startWorkers, type Workers } from '../worker';
import type { Cleanups } from './cleanups';
import { createReconcilerStore } from './reconciler-store';

type WorkerDeps = Parameters<typeof startWorkers>[0];

interface WorkerParts {
  config: Config;
  workflows: NotificationWorkflows;
  /** Starts a settlement that is not running. */
  ensureSettling(subscriptionId: string): Promise<void>;
  /** Checks that Temporal responds. @throws an error if it does not */
  ping(): Promise<unknown>;
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
  parts: WorkerParts,
): Promise<{ workers: Workers; stop(): Promise<void> }> {
  const { db, metrics, log } = deps;
  const { config, workflows } = parts;
  const workers = await startWorkers(deps, {
    temporal,
    shutdownGraceSeconds: config.shutdownGraceSeconds,
    lanes: config.lanes,
  });
  const recoveries = new RecoveryWorkflows({ use: () => temporal }, MAIN_TASK_QUEUE);
  const reconciler = new Reconciler({
    store: createReconcilerStore(db),
    workflows,
    ping: parts.ping,
    burst: config.burst,
    startSettling: parts.ensureSettling,
    resumeRecovery: (id) => resumeRecovery(db, recoveries, id),
    listTerminated: (since) => workflows.listTerminated(since),
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

async function resumeRecovery(db: Database, workflows: RecoveryWorkflows, id: string): Promise<void> {
  if (!(await workflows.resume(id))) await closeRecovery(db, id, 'cancelled');
}
