import { existsSync } from 'node:fs';
import path from 'node:path';
import { Worker, type WorkerDeploymentOptions, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from './activities';
import type { ActivityDeps } from './activities/deps';
import type { LaneConfig } from './config/lane-settings';
import { CONTROL_TASK_QUEUE_SUFFIX, MAIN_TASK_QUEUE, SLOW_TASK_QUEUE_SUFFIX } from './domain/delivery';
import type { DeploymentVersion } from './domain/deployment';
import { NO_TRACING } from './process/tracing';
import type { Temporal } from './temporal/connection';
import { workerTracing } from './temporal/trace-interceptors';

/**
 * Waiting workflows kept in memory. The others cost nothing until their timer fires; then they are
 * replayed.
 */
const MAX_CACHED_WORKFLOWS = 500;
/**
 * Slots beyond those of a lane, for attempts that are rerouted or turned away immediately, and for
 * other local activities.
 */
const SPARE_SLOTS = 50;
/**
 * Activities still running this long after the grace period are abandoned. A later worker repeats
 * them.
 */
const FORCE_AFTER_GRACE_SECONDS = 5;

/**
 * Options that the SDK accepts but does not declare. It ends workflow code that runs for more than
 * 5 s by the clock, which happens when the whole process was paused: by a debugger, a frozen
 * container or a suspended machine. On Node 20, V8 may then find the stack of async hooks
 * corrupted, and the process aborts. Our workflows have no long loops, so the limit is a day.
 */
const UNDECLARED = { isolateExecutionTimeout: 24 * 3600 * 1000 };

/** The build writes it beside the compiled code. */
const BUILT_BUNDLE = path.join(__dirname, 'workflow-bundle.js');

export interface WorkerSettings {
  temporal: Temporal;
  shutdownGraceSeconds: number;
  lanes: LaneConfig;
  /** Absent: the workers are not versioned. */
  deployment?: DeploymentVersion;
  /** @default `MAIN_TASK_QUEUE`; each test uses its own */
  taskQueue?: string;
  /**
   * File of a prebuilt workflow bundle.
   *
   * @default the bundle that the build made, or the sources if it is absent
   */
  workflowBundlePath?: string;
}

/**
 * The Temporal workers of one process: one for workflows and the fast lane, one for the slow lane,
 * and one for what controls others.
 */
export interface Workers {
  /** Resolves when all have shut down; rejects when one fails permanently. */
  finished: Promise<void>;
  /** Stops polling for tasks, and resolves when attempts in flight have finished. */
  shutdown(): Promise<void>;
}

/** Composition root of the worker: builds the activities and runs both lanes. */
export async function startWorkers(deps: ActivityDeps, settings: WorkerSettings): Promise<Workers> {
  const { temporal, shutdownGraceSeconds, taskQueue = MAIN_TASK_QUEUE, workflowBundlePath = BUILT_BUNDLE } = settings;
  const { fast, slow, controlSlots, workflowTaskSlots, workflowTaskPollers, activityPollers } = settings.lanes;
  const tracing = workerTracing(deps.tracing ?? NO_TRACING);
  const common = {
    connection: temporal.connection,
    namespace: temporal.namespace,
    activities: createActivities(deps),
    ...tracing,
    shutdownGraceTime: shutdownGraceSeconds * 1000,
    ...(settings.deployment && { workerDeploymentOptions: versioned(settings.deployment) }),
    shutdownForceTime: (shutdownGraceSeconds + FORCE_AFTER_GRACE_SECONDS) * 1000,
  } satisfies Partial<WorkerOptions>;
  const workers = await Promise.all([
    Worker.create({
      ...common,
      ...UNDECLARED,
      ...workflowSource(workflowBundlePath, tracing),
      taskQueue,
      enableNonLocalActivities: false,
      maxCachedWorkflows: MAX_CACHED_WORKFLOWS,
      maxConcurrentLocalActivityExecutions: fast.slots + SPARE_SLOTS,
      maxConcurrentWorkflowTaskExecutions: workflowTaskSlots,
      maxConcurrentWorkflowTaskPolls: workflowTaskPollers,
    }),
    Worker.create({
      ...common,
      taskQueue: taskQueue + SLOW_TASK_QUEUE_SUFFIX,
      maxConcurrentActivityTaskExecutions: slow.slots + SPARE_SLOTS,
      maxConcurrentActivityTaskPolls: activityPollers,
    }),
    Worker.create({
      ...common,
      taskQueue: taskQueue + CONTROL_TASK_QUEUE_SUFFIX,
      maxConcurrentActivityTaskExecutions: controlSlots,
      maxConcurrentActivityTaskPolls: activityPollers,
    }),
  ]);
  const runs = workers.map((worker) => worker.run());
  const finished = Promise.all(runs).then(() => undefined);
  // Callers handle a failure. Before one awaits it, a rejection must not end the process.
  finished.catch(() => undefined);
  return {
    finished,
    async shutdown() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.allSettled(runs);
    },
  };
}

/**
 * Workflows move to the current version at their next workflow task, unless they say otherwise:
 * notifications wait for hours, and the workers of their version are long gone.
 */
function versioned(version: DeploymentVersion): WorkerDeploymentOptions {
  return { version, useWorkerVersioning: true, defaultVersioningBehavior: 'AUTO_UPGRADE' };
}

/** A bundle contains its interceptors. */
function workflowSource(
  bundlePath: string,
  { interceptors }: Pick<WorkerOptions, 'interceptors'>,
): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'interceptors'> {
  return existsSync(bundlePath)
    ? { workflowBundle: { codePath: bundlePath } }
    : {
        workflowsPath: require.resolve('./workflows'),
        interceptors: { ...interceptors, workflowModules: [require.resolve('./workflows/trace-interceptors')] },
      };
}
