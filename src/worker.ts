import { existsSync } from 'node:fs';
import path from 'node:path';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from './activities';
import type { ActivityDeps } from './activities/deps';
import { MAIN_TASK_QUEUE, SLOW_TASK_QUEUE_SUFFIX } from './domain/delivery';
import type { Temporal } from './temporal/connection';

/** Waiting workflows that stay in memory; the others are replayed when their timer fires, and cost nothing until then. */
const MAX_CACHED_WORKFLOWS = 500;
const FAST_LANE_SLOTS = 100;
const SLOW_LANE_SLOTS = 200;
/** Past the grace time, what is still under way is given up; a worker that starts later takes it up again. */
const FORCE_AFTER_GRACE_SECONDS = 5;

/** The build puts it beside the compiled code. */
const BUILT_BUNDLE = path.join(__dirname, 'workflow-bundle.js');

export interface WorkerSettings {
  temporal: Temporal;
  shutdownGraceSeconds: number;
  /** @default the service's own; tests use one each */
  taskQueue?: string;
  /** File of a prebuilt workflow bundle. @default the one that the build made, or the sources where there is none */
  workflowBundlePath?: string;
}

/** The Temporal workers of one process: workflows with the fast lane, and the slow lane with slots of its own. */
export interface Workers {
  /** Resolves when both have shut down; rejects when one fails for good. */
  finished: Promise<void>;
  /** Takes no more tasks, lets attempts in flight finish. */
  shutdown(): Promise<void>;
}

/** Composition root of the worker: builds the activities and runs both lanes. */
export async function startWorkers(deps: ActivityDeps, settings: WorkerSettings): Promise<Workers> {
  const { temporal, shutdownGraceSeconds, taskQueue = MAIN_TASK_QUEUE, workflowBundlePath = BUILT_BUNDLE } = settings;
  const common = {
    connection: temporal.connection,
    namespace: temporal.namespace,
    activities: createActivities(deps),
    shutdownGraceTime: shutdownGraceSeconds * 1000,
    shutdownForceTime: (shutdownGraceSeconds + FORCE_AFTER_GRACE_SECONDS) * 1000,
  } satisfies Partial<WorkerOptions>;
  const workers = await Promise.all([
    Worker.create({
      ...common,
      ...workflowSource(workflowBundlePath),
      taskQueue,
      enableNonLocalActivities: false,
      maxCachedWorkflows: MAX_CACHED_WORKFLOWS,
      maxConcurrentLocalActivityExecutions: FAST_LANE_SLOTS,
    }),
    Worker.create({
      ...common,
      taskQueue: taskQueue + SLOW_TASK_QUEUE_SUFFIX,
      maxConcurrentActivityTaskExecutions: SLOW_LANE_SLOTS,
    }),
  ]);
  const runs = workers.map((worker) => worker.run());
  const finished = Promise.all(runs).then(() => undefined);
  // Whoever waits for it handles a failure; until then it must not end the process unheard.
  finished.catch(() => undefined);
  return {
    finished,
    async shutdown() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.allSettled(runs);
    },
  };
}

function workflowSource(bundlePath: string): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  return existsSync(bundlePath)
    ? { workflowBundle: { codePath: bundlePath } }
    : { workflowsPath: require.resolve('./workflows') };
}
