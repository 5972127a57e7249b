import { Limits } from '../api/limits/limits';
import { createLaneGates } from '../attempts/lane-gate';
import { createStartPlanner } from '../attempts/start-planner';
import type { Config } from '../config';
import { collectorPort } from '../config/tracing-settings';
import { MAIN_TASK_QUEUE } from '../domain/delivery';
import { inboxUrlPattern } from '../domain/play';
import { parseUrl } from '../domain/parse-url';
import { parseUrlPattern } from '../domain/url-pattern';
import { ensureKeys, type Keys } from '../embedded/keys';
import { registerBuildInfo } from '../process/build-info';
import { registerDeploymentMetrics } from '../process/deployment-metrics';
import { createLimitMetrics } from '../process/limit-metrics';
import { createLog } from '../process/log';
import { createMetrics } from '../process/metrics';
import { loadOpenTelemetry } from '../process/load-open-telemetry';
import { NO_TRACING, type Tracing } from '../process/tracing';
import { registerPoolMetrics } from '../process/pool-metrics';
import { registerRetentionMetrics } from '../process/retention-metrics';
import { registerSpanMetrics } from '../process/span-metrics';
import { reconcileAllowedUrls } from '../store/catalog/review-urls';
import { createSealer } from '../store/db/crypto';
import { OpenCounts } from '../store/notifications/open-counts';
import { readTables } from '../store/retention/status';
import { findCustomersOf, markSettling } from '../store/subscriptions/settling';
import { readDeploymentState } from '../temporal/deployment-state';
import { installRuntime } from '../temporal/runtime';
import { settleNow, startSettling } from '../temporal/settlement';
import { WorkflowEraser } from '../temporal/workflow-eraser';
import { startApi } from './api';
import { Cleanups } from './cleanups';
import { connectTemporal, openConnections, type Connections } from './connections';
import { reportKeyUseRegularly } from './key-use';
import { createOperationalEvents } from './operational-events';
import { createReleaseLauncher, createStarter } from './notification-launcher';
import { createDeliveryEngine } from './delivery-engine';
import { createPlay } from './play';
import { startWorkerRole } from './worker-role';

/** A running process of the service. */
export interface Service {
  /** Base URL of the API; with the role `worker` it serves health and metrics only. */
  url: string;
  /** The admin key and where it comes from. */
  keys: Pick<Keys, 'adminKey' | 'adminKeyFile'>;
  temporalUiUrl: string | undefined;
  /** Resolves when Temporal is connected and the parts of the role run. Postgres is up by then. */
  ready: Promise<void>;
  /** Rejects when a part fails permanently. */
  failed: Promise<never>;
  /**
   * Stops accepting, waits for attempts in flight, then stops everything that was started. Resolves
   * 4.5 s after the grace period at the latest.
   */
  stop(): Promise<void>;
  /**
   * Stops the embedded servers immediately; the process must exit then. Attempts in flight are
   * repeated later.
   */
  stopNow(): Promise<void>;
}

/**
 * Composition root: builds every part and starts those of the configured role.
 *
 * @param report - called with one line whenever startup has to wait for something
 * @param abandon - ends the wait for Postgres; what was started is stopped, and the call throws
 */
export async function startService(
  config: Config,
  report: (line: string) => void,
  abandon?: AbortSignal,
): Promise<Service> {
  const cleanups = new Cleanups();
  try {
    return await compose(config, report, cleanups, abandon);
  } catch (error) {
    await cleanups.run(config.shutdownGraceSeconds * 1000);
    throw error;
  }
}

async function compose(
  config: Config,
  report: (line: string) => void,
  cleanups: Cleanups,
  abandon: AbortSignal | undefined,
): Promise<Service> {
  const openTelemetry = loadOpenTelemetry(config);
  const tracing: Tracing = openTelemetry ?? NO_TRACING;
  const log = createLog(config.logLevel, openTelemetry && (() => openTelemetry.logFields()));
  openTelemetry?.reportTo(log);
  // Added first, so it runs last, and exports the spans of the end.
  cleanups.add(() => tracing.close(), { always: true });
  const sdkMetrics = installRuntime(log);
  const keys = ensureKeys(config);
  const sealer = createSealer(keys.masterKey, keys.previousMasterKey);
  const { pools, ...servers } = await openConnections(config, sealer, log, cleanups, report, abandon);
  const { db, pathDb, readDb } = pools;
  const open = new OpenCounts(readDb);
  const metrics = createMetrics(() => open.read(), tracing.isOn);
  if (sdkMetrics) metrics.registry.addSource(() => sdkMetrics.read());
  registerBuildInfo(metrics.registry, config.role);
  if (openTelemetry) registerSpanMetrics(metrics.registry, openTelemetry.spans);
  registerPoolMetrics(metrics.registry, pools);
  reportKeyUseRegularly({ db, keys: sealer, registry: metrics.registry, log }, cleanups);
  registerRetentionMetrics(metrics.registry, () => readTables(readDb, Date.now()));
  const lanes = createLaneGates(config.lanes, metrics);
  const planStart = createStartPlanner(pathDb, lanes.slow);
  const { temporal, workflows, keeper } = connectTemporal(
    config,
    servers.temporalAddress,
    planStart,
    tracing,
    log,
    cleanups,
  );
  const { deployment } = config.temporal;
  if (deployment)
    registerDeploymentMetrics(metrics.registry, () => readDeploymentState(temporal, MAIN_TASK_QUEUE, deployment));
  const ensureSettling = async (subscriptionId: string) =>
    startSettling(temporal, MAIN_TASK_QUEUE, subscriptionId, await findCustomersOf(db, [subscriptionId]));
  const settle = async (subscriptionIds: string[]) =>
    settleNow(temporal, MAIN_TASK_QUEUE, subscriptionIds, await findCustomersOf(db, subscriptionIds));

  // The port is unknown until the server listens. No event is accepted before, and attempts of
  // earlier notifications use the configured port.
  let publicUrl = config.publicUrl ?? urlOf(config.host, config.port);
  const common = { sealer, workflows, publicUrl: () => publicUrl, metrics, tracing, log };
  const temporalUiUrl = config.temporal.uiUrl ?? servers.embeddedUiUrl;
  const ownPorts = new Set([
    config.port,
    ...portsOf(servers, temporalUiUrl),
    ...[config.metricsPort, sdkMetrics?.port, config.tracing && collectorPort(config.tracing)].filter(
      (port) => port !== undefined,
    ),
  ]);
  const limitMetrics = createLimitMetrics(metrics.registry);
  const limits = new Limits(config.limits, limitMetrics);
  const hasPlay = config.features.has('play');
  const play = hasPlay ? createPlay({ db, sealer, limits, log }, common.publicUrl, cleanups) : undefined;
  const engine = createDeliveryEngine(
    config,
    { ...common, pathDb, ownPorts: () => ownPorts, localReceiver: play, settle: (id) => settle([id]) },
    cleanups,
  );
  let stopping = false;
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined);

  let ready: Promise<unknown> = keeper.ready;
  const openOfWorker = new OpenCounts(readDb);
  if (config.role !== 'api')
    ready = startWorkerRole(
      {
        db,
        maintenanceDb: pools.maintenanceDb,
        sealer,
        retention: config.retention,
        runAttempt: engine.runAttempt,
        headStarts: engine.headStarts,
        paced: engine.paced,
        lanes,
        control: workflows,
        eraser: new WorkflowEraser(temporal),
        launchReleased: createReleaseLauncher(engine.workflowStarter, engine.headStarts, tracing),
        metrics,
        tracing,
        log,
      },
      {
        keeper,
        config,
        workflows,
        operationalEvents: createOperationalEvents({
          db,
          rules: config.operational,
          readOpen: () => openOfWorker.read(),
          launch: createStarter(engine.workflowStarter),
          metrics,
        }),
        ensureSettling,
        ping: () => temporal.ping(),
        fail,
      },
      cleanups,
    );
  cleanups.addWork(() => engine.workflowStarter.close());

  const patterns = hasPlay ? [...config.allowUrls, inboxUrlPattern(publicUrl)] : config.allowUrls;
  const allowedUrls = patterns.map((pattern) => parseUrlPattern(pattern)!);
  const settlement = { mark: markSettling, start: settle };
  const port = await startApi(
    config,
    {
      ...common,
      pools,
      keys,
      engine,
      temporal,
      settlement,
      allowedUrls,
      temporalUiUrl,
      limits,
      limitMetrics,
      play,
      isStopping: () => stopping,
    },
    cleanups,
  );
  publicUrl = config.publicUrl ?? urlOf(config.host, port);
  ownPorts.add(port);

  const unsettled = await db.transaction((executor) => reconcileAllowedUrls(executor, allowedUrls));
  void keeper.ready
    .then(() => settle(unsettled))
    .catch((error: unknown) =>
      log.warn({ err: error }, 'settlements were not started; the reconciler will start them'),
    );
  return {
    url: publicUrl,
    keys,
    temporalUiUrl,
    ready: ready.then(() => undefined),
    failed,
    stop() {
      stopping = true;
      return cleanups.run(config.shutdownGraceSeconds * 1000, log);
    },
    stopNow: servers.stopEmbedded,
  };
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The ports of the servers that this process uses, whether they run on this machine or not. */
function portsOf(
  { databaseUrl, temporalAddress }: Pick<Connections, 'databaseUrl' | 'temporalAddress'>,
  temporalUiUrl: string | undefined,
): number[] {
  return [databaseUrl, `http://${temporalAddress}`, temporalUiUrl].flatMap((url) => {
    const port = url === undefined ? undefined : parseUrl(url)?.port;
    return port ? [Number(port)] : [];
  });
}
