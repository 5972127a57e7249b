import type { Config } from '../config';
import { type Database } from '../store/db/database';
import { closeRecovery } from '../store/notifications/recoveries';
import type { Temporal } from '../temporal/connection';
import { isNotFound, type NamespaceKeeper } from '../temporal/namespace-keeper';
import type { NotificationWorkflows } from '../temporal/notification-workflows';
import type { RecoveryWorkflows } from '../temporal/recovery-workflows';
import { Reconciler } from '../temporal/reconciler';
import { startWorkers, type Workers } from '../worker';
import type { Cleanups } from './cleanups';
import { controlWorkflows } from './control-workflows';
import type { OperationalEvents } from './operational-events';
import { createReconcilerStore } from './reconciler-store';

type WorkerDeps = Parameters<typeof startWorkers>[0];

interface RoleParts {
  config: Config;
  workflows: NotificationWorkflows;
  keeper: NamespaceKeeper;
  /** Starts a settlement that is not running. */
  ensureSettling(subscriptionId: string): Promise<void>;
  operationalEvents: OperationalEvents;
  /** Checks that Temporal responds. @throws an error if it does not */
  ping(): Promise<unknown>;
  /** Called when the Temporal workers cannot start, or stop with an error. */
  fail(error: unknown): void;
}

/**
 * Runs the role `worker` from the moment the Temporal namespace is there.
 *
 * @returns resolves when the workers and the reconciler run
 */
export function startWorkerRole(deps: WorkerDeps, parts: RoleParts, cleanups: Cleanups): Promise<unknown> {
  const role = new WorkerRole(deps, parts);
  cleanups.addWork(() => role.stop());
  return role.running;
}

class WorkerRole {
  /** Resolves when the workers and the reconciler run. */
  readonly running: Promise<void>;
  private workers: Workers | undefined;
  private reconciler: Reconciler | undefined;
  private stopped = false;

  constructor(
    private readonly deps: WorkerDeps,
    private readonly parts: RoleParts,
  ) {
    this.running = parts.keeper.ready.then((temporal) => this.run(temporal));
    this.running.catch((error: unknown) => this.stopped || parts.fail(error));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([this.reconciler?.stop(), this.workers?.shutdown()]);
  }

  private async run(temporal: Temporal): Promise<void> {
    await this.runWorkers(temporal);
    if (this.stopped) return;
    this.reconciler = createReconciler(this.deps, this.parts, temporal);
    this.reconciler.start();
  }

  private async runWorkers(temporal: Temporal): Promise<void> {
    const { config, fail } = this.parts;
    const workers = await startWorkers(this.deps, {
      temporal,
      shutdownGraceSeconds: config.shutdownGraceSeconds,
      lanes: config.lanes,
      deployment: config.temporal.deployment,
    });
    this.workers = workers;
    if (this.stopped) return workers.shutdown();
    workers.finished.catch((error: unknown) => this.runAgain(temporal, workers, error)).catch(fail);
  }

  /**
   * Workers end when their namespace is deleted. They run again when it was created again.
   *
   * @throws the error of the workers, if the namespace is there
   */
  private async runAgain(temporal: Temporal, workers: Workers, error: unknown): Promise<void> {
    if (this.stopped) return;
    const { keeper } = this.parts;
    if (!(await isGone(temporal, keeper))) throw error;
    this.deps.log.warn({ err: error }, 'the Temporal namespace was deleted; the workers wait until it exists again');
    await workers.shutdown();
    await keeper.prepared();
    if (!this.stopped) await this.runWorkers(temporal);
  }
}

async function isGone(temporal: Temporal, keeper: NamespaceKeeper): Promise<boolean> {
  return keeper.prepare(temporal).then(
    () => false,
    (error: unknown) => isNotFound(error),
  );
}

function createReconciler(deps: WorkerDeps, parts: RoleParts, temporal: Temporal): Reconciler {
  const { db, metrics, log } = deps;
  const { config, workflows, operationalEvents, ensureSettling, ping } = parts;
  const { recoveries, startErasure } = controlWorkflows({ use: () => temporal }, db);
  return new Reconciler({
    store: createReconcilerStore(db),
    workflows,
    ping,
    burst: config.burst,
    startSettling: ensureSettling,
    operationalEvents,
    resumeRecovery: (id) => resumeRecovery(db, recoveries, id),
    startErasure,
    listTerminated: (since) => workflows.listTerminated(since),
    metrics,
    log,
  });
}

async function resumeRecovery(db: Database, workflows: RecoveryWorkflows, id: string): Promise<void> {
  if (!(await workflows.resume(id))) await closeRecovery(db, id, 'cancelled');
}
