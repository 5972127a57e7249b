import { pino } from 'pino';
import { loadConfig } from '../../src/config';
import { createAttempts } from '../../src/attempts/attempt-runner';
import { HeadStarts } from '../../src/attempts/head-start/head-starts';
import type { HeadStartLimits } from '../../src/attempts/head-start/slots';
import { createLaneGates } from '../../src/attempts/lane-gate';
import { createStartPlanner } from '../../src/attempts/start-planner';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient } from '../../src/delivery/http-client';
import { newUuid } from '../../src/domain/ids';
import { createMetrics } from '../../src/process/metrics';
import type { Database } from '../../src/store/db/database';
import { releaseClaims, renewClaims } from '../../src/store/notifications/claims';
import { createRecorder } from '../../src/store/notifications/recorder';
import type { Temporal } from '../../src/temporal/connection';
import { NotificationWorkflows } from '../../src/temporal/notification-workflows';
import { startWorkers } from '../../src/worker';
import { createReleaseLauncher } from '../../src/service/notification-launcher';
import { PacedQueue } from '../../src/process/paced-queue';
import { settleNow } from '../../src/temporal/settlement';
import { WorkflowStarter } from '../../src/temporal/workflow-starter';
import { WorkflowEraser } from '../../src/temporal/workflow-eraser';
import { startTestComposer } from './composer';
import { createTestDatabase } from './database';
import { TEST_SEALER } from './seed';
import { uniqueTaskQueue, workflowBundlePath } from './temporal';

/**
 * Everything between an accepted event and the receiver, on real Postgres and real Temporal, with
 * its own task queue.
 */
export interface Pipeline {
  db: Database;
  databaseUrl: string;
  temporal: Temporal;
  taskQueue: string;
  workflows: NotificationWorkflows;
  /** Head starts of another process on the same database, which has no worker. */
  otherProcess(processId: string): HeadStarts;
  /** Head starts of the process that the worker runs in. */
  headStarts: HeadStarts;
  stop(): Promise<void>;
}

export async function startPipeline(
  temporal: Temporal,
  options: { searchAttributes?: boolean; env?: Record<string, string>; headStartLimits?: HeadStartLimits } = {},
): Promise<Pipeline> {
  const database = await createTestDatabase();
  const { db } = database;
  const taskQueue = uniqueTaskQueue();
  const log = pino({ level: 'silent' });
  const metrics = createMetrics();
  const laneConfig = loadConfig(options.env ?? {}).lanes;
  const lanes = createLaneGates(laneConfig, metrics);
  const workflows = new NotificationWorkflows(
    { use: () => temporal },
    {
      taskQueue,
      eagerStart: true,
      searchAttributes: () => options.searchAttributes ?? false,
      planStart: createStartPlanner(db, lanes.slow),
    },
  );
  const http = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8']) });
  const composer = startTestComposer();
  const attemptDeps = {
    db,
    sealer: TEST_SEALER,
    publicUrl: () => 'http://signpost.example',
    http,
    composer,
    recorder: createRecorder(db),
    operational: loadConfig({}).operational,
    settle: (id: string) => settleNow({ use: () => temporal }, taskQueue, [id]),
    metrics,
    log,
  };
  const runAttempt = createAttempts(attemptDeps).run;
  const headStartsOf = (processId: string, keepOutcomes: boolean) =>
    new HeadStarts(
      {
        processId,
        keepOutcomes,
        limits: options.headStartLimits,
        releaseClaims: (ids) => releaseClaims(db, ids, processId),
        renewClaims: (ids) => renewClaims(db, ids, processId),
      },
      keepOutcomes ? runAttempt : createAttempts(attemptDeps).run,
      log,
    );
  const headStarts = headStartsOf(newUuid(), true);
  const paced = new PacedQueue();
  const workflowStarter = new WorkflowStarter(
    workflows,
    { burst: true, paced, whenTakenOver: (id) => headStarts.whenTakenOver(id) },
    metrics,
    log,
  );
  const launchReleased = createReleaseLauncher(workflowStarter, headStarts);
  const workers = await startWorkers(
    {
      db,
      maintenanceDb: db,
      sealer: TEST_SEALER,
      retention: loadConfig({}).retention,
      runAttempt,
      headStarts,
      lanes,
      paced,
      control: workflows,
      eraser: new WorkflowEraser({ use: () => temporal }),
      launchReleased,
      metrics,
      log,
    },
    {
      temporal,
      shutdownGraceSeconds: 1,
      lanes: laneConfig,
      taskQueue,
      workflowBundlePath: workflowBundlePath(),
    },
  );
  return {
    db,
    databaseUrl: database.url,
    temporal,
    taskQueue,
    workflows,
    headStarts,
    otherProcess: (processId) => headStartsOf(processId, false),
    async stop() {
      await workflowStarter.close();
      await workers.shutdown();
      await http.close();
      await composer.close();
      await database.drop();
    },
  };
}
