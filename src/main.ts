import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { PoolConfig } from 'pg';
import { createAttempter } from './attempts/attempter';
import { HeadStarts } from './attempts/head-start/head-starts';
import { Acceptor } from './api/events/acceptor';
import { ActivityStream } from './api/activity/activity-stream';
import { createApp } from './api/app';
import { createAuthenticator } from './api/auth/auth';
import { docsPage } from './api/pages/docs-page';
import { allRoutes } from './api/routes';
import { secretPage } from './api/pages/secret-page';
import { webUi } from './api/pages/web-ui';
import { createComposer } from './composition/composer';
import { DataSources } from './composition/data-sources';
import { TransformPool } from './composition/transform-pool';
import { ConfigError, loadConfig, type Config } from './config';
import { createAddressGuard } from './delivery/address-guard';
import { createChallenger } from './delivery/challenge';
import { createHttpClient } from './delivery/http-client';
import { MAIN_TASK_QUEUE } from './domain/delivery';
import { newUuid } from './domain/ids';
import { parseUrlPattern } from './domain/url-pattern';
import { startEmbedded, type Embedded } from './embedded';
import { ensureKeys } from './embedded/keys';
import { growEvenly, sweepHeap } from './process/heap';
import { closeServer, listen } from './process/http-server';
import { createLauncher } from './service/launcher';
import { createLog } from './process/log';
import { createTokens } from './api/auth/tokens';
import { createMetrics } from './process/metrics';
import { reconcileAllowedUrls } from './store/catalog/allowlist';
import { findOAuthClient, findPrincipalByKeyHash } from './store/access/credentials';
import { createSealer } from './store/db/crypto';
import { openDatabase, PATH_POOL, type Database } from './store/db/database';
import { cancelNotification } from './store/deliveries';
import { migrateWhenUp } from './store/db/migrate-when-up';
import { createRecorder } from './store/notifications/recorder';
import { countOpen, endClaims, takeOverdue } from './store/notifications/notifications';
import { ensurePartitions } from './store/db/partitions';
import { findPortalPrincipal } from './store/access/portal-sessions';
import { closeRecovery, findStalled } from './store/notifications/recoveries';
import { findSession } from './store/access/sessions';
import { findUnsettled, markForgottenHolds, markSettling } from './store/subscriptions/settling';
import { printSummary } from './service/start-summary';
import { TemporalLink } from './temporal/connection';
import { ensureMaintenanceSchedule } from './temporal/maintenance-schedule';
import { NotificationWorkflows } from './temporal/notification-workflows';
import { RecoveryWorkflows } from './temporal/recovery-workflows';
import { Relay } from './temporal/reconciler';
import { installRuntime } from './temporal/runtime';
import { ensureSearchAttributes, REGISTER_COMMAND } from './temporal/search-attributes';
import { startSettling } from './temporal/settlement';
import { Starter } from './temporal/starter';
import { startWorkers, type Workers } from './worker';

/** Built beside this file. */
const WEB_DIRECTORY = path.join(__dirname, 'web');

/** A running process of the service. */
export interface Service {
  /** Where the API listens; absent for the role `worker`, which serves health and metrics only. */
  url: string;
  adminKey: string;
  temporalUiUrl: string | undefined;
  /** Resolves when Temporal is connected and the role's parts run; Postgres is by then. */
  ready: Promise<void>;
  /** Rejects when a part fails for good. */
  failed: Promise<never>;
  /** Stops accepting, lets attempts in flight finish, then stops everything that was started. */
  stop(): Promise<void>;
  /** Stops the embedded parts without waiting for anything; the process is to end then. What was under way is made again later. */
  stopNow(): Promise<void>;
}

/**
 * Composition root: builds every part and starts those of the configured role.
 *
 * @param report - told, in a line each, what is being waited for
 * @param abandon - gives up waiting for Postgres, stops what was started, and throws
 */
export async function startService(
  config: Config,
  report: (line: string) => void,
  abandon?: AbortSignal,
): Promise<Service> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  try {
    return await compose(config, report, cleanups, stop, abandon);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function compose(
  config: Config,
  report: (line: string) => void,
  cleanups: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
  abandon: AbortSignal | undefined,
): Promise<Service> {
  const log = createLog(config.logLevel);
  installRuntime(log);
  const { adminKey, masterKey } = ensureKeys(config);
  const embedded = await startEmbedded(config, report);
  cleanups.push(() => embedded.stop());

  abandon?.throwIfAborted();
  await migrateWhenUp(embedded.databaseUrl, report, abandon);
  const connect = (options?: PoolConfig) =>
    openDatabase(
      embedded.databaseUrl,
      (error) => log.warn({ err: error }, 'an idle connection to Postgres broke; it is replaced'),
      options,
    );
  const db = connect();
  cleanups.push(() => db.close());
  const pathDb = connect(PATH_POOL);
  cleanups.push(() => pathDb.close());
  await ensurePartitions(db);
  // The lock on the data directory says that no process before us is left.
  if (config.databaseUrl === undefined) await endClaims(db);

  const sealer = createSealer(masterKey);
  const metrics = createMetrics(() => countOpen(db));
  const allowedUrls = config.allowUrls.map((pattern) => parseUrlPattern(pattern)!);
  const temporal = new TemporalLink(temporalSettings(config, embedded), log);
  cleanups.push(() => temporal.close());
  let searchAttributes = false;
  const runsWorker = config.role !== 'api';
  const workflows = new NotificationWorkflows(temporal, {
    taskQueue: MAIN_TASK_QUEUE,
    eagerStart: runsWorker,
    searchAttributes: () => searchAttributes,
  });
  const settle = (subscriptionIds: string[]) => startSettling(temporal, MAIN_TASK_QUEUE, subscriptionIds);
  // Until the port is known nothing is accepted; what is left from before is told the configured one.
  let publicUrl = config.publicUrl ?? urlOf(config.host, config.port);
  const http = createHttpClient({ guard: createAddressGuard(config.allowAddresses) });
  cleanups.push(() => http.close());
  const dataSources = new DataSources(config.dataSources, log);
  cleanups.push(() => dataSources.close());
  const transforms = new TransformPool();
  cleanups.push(async () => transforms.close());
  const composer = createComposer(dataSources, transforms);
  const attempter = createAttempter({
    db: pathDb,
    sealer,
    publicUrl: () => publicUrl,
    http,
    composer,
    recorder: createRecorder(pathDb),
    launch: (notifications) =>
      void starter.enqueue(notifications.map((notification) => ({ ...notification, hasHeadStart: false }))),
    metrics,
    log,
  });
  const headStarts = new HeadStarts({ processId: newUuid(), keepOutcomes: runsWorker }, attempter, log);
  cleanups.push(() => headStarts.close(config.shutdownGraceSeconds * 1000));
  const starter = new Starter(
    workflows,
    { burst: config.burst, taken: (notificationId) => headStarts.taken(notificationId) },
    metrics,
    log,
  );

  const whenConnected = temporal.connected.then(async (connected) => {
    searchAttributes = await ensureSearchAttributes(connected);
    if (!searchAttributes)
      log.warn(`search attributes are missing and may not be registered from here; run: ${REGISTER_COMMAND}`);
    return connected;
  });
  whenConnected.catch(() => undefined);

  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined);

  let ready: Promise<unknown> = whenConnected;
  if (runsWorker) {
    const running = whenConnected.then((connected) =>
      runWorker(
        { db, attempter, headStarts, control: workflows, metrics, log },
        { temporal: connected, config, workflows, settle },
      ),
    );
    ready = running;
    running.then(({ workers }) => workers.finished).catch(fail);
    cleanups.push(() => running.then((worker) => worker.stop()).catch(() => undefined));
  }
  cleanups.push(() => starter.close());

  const tokens = createTokens(masterKey);
  const authenticator = createAuthenticator({
    adminKey,
    tokens,
    findByKeyHash: (hash) => findPrincipalByKeyHash(db, hash),
    findByClientId: async (clientId) => (await findOAuthClient(db, clientId))?.principal,
    findByPortalSession: (id) => findPortalPrincipal(db, id),
    findSession: (tokenHash) => findSession(db, sealer, tokenHash),
  });
  const activity = new ActivityStream(db, log);
  const temporalUiUrl = config.temporal.uiUrl ?? embedded.temporalUiUrl;
  const settler = { mark: markSettling, start: settle };
  const launcher = createLauncher(starter, headStarts);
  const routes = allRoutes({
    role: config.role,
    db,
    sealer,
    authenticator,
    tokens,
    settler,
    metrics,
    allowedUrls,
    acceptor: new Acceptor(pathDb, launcher, metrics),
    launcher,
    publicUrl: () => publicUrl,
    challenger: createChallenger(http),
    composer,
    control: workflows,
    recoveries: new RecoveryWorkflows(temporal, MAIN_TASK_QUEUE),
    activity,
    temporal: () => temporal.ping(),
    temporalUiUrl: temporalUiUrl && `${temporalUiUrl}/namespaces/${config.temporal.namespace}/workflows`,
  });
  const app = createApp({
    routes,
    pages: [docsPage(), ...(config.role === 'worker' ? [] : [secretPage({ db, sealer }), webUi(WEB_DIRECTORY)])],
    db,
    sealer,
    authenticator,
    log,
  });
  const server = await listen(app, config);
  cleanups.push(() => closeServer(server));
  cleanups.push(() => activity.close());
  const { port } = server.address() as AddressInfo;
  publicUrl = config.publicUrl ?? urlOf(config.host, port);

  const unsettled = await db.transaction((executor) => reconcileAllowedUrls(executor, allowedUrls));
  void whenConnected
    .then(() => settle(unsettled))
    .catch((error: unknown) => log.warn({ err: error }, 'the relay will settle'));
  return {
    url: publicUrl,
    adminKey,
    temporalUiUrl,
    ready: ready.then(() => undefined),
    failed,
    stop,
    stopNow: () => embedded.stop(),
  };
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

interface WorkerParts {
  temporal: Awaited<TemporalLink['connected']>;
  config: Config;
  workflows: NotificationWorkflows;
  settle(subscriptionIds: string[]): Promise<void>;
}

/** Runs the Temporal workers and the relay. */
async function runWorker(
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

function temporalSettings(config: Config, embedded: Embedded) {
  const { namespace, apiKey, tls } = config.temporal;
  return { address: embedded.temporalAddress, namespace, apiKey, tls };
}

/** Ctrl-C reaches this process twice, from the terminal and from npm, which passes it on; only what comes later is a second wish. */
const SECOND_WISH_MS = 1000;

/** Runs the service until a signal ends it. The exit code is 0 after a clean stop. */
export async function main(): Promise<void> {
  growEvenly();
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  let service: Service | undefined;
  let askedAt = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!stopping.signal.aborted) {
        askedAt = Date.now();
        stopping.abort();
      } else if (Date.now() - askedAt > SECOND_WISH_MS) {
        void (service?.stopNow() ?? Promise.resolve()).finally(() => process.exit(130));
      }
    });
  }
  try {
    const config = loadConfig();
    const running = await startService(config, print, stopping.signal);
    service = running;
    printSummary(config, running, print);
    const ready = running.ready.then(sweepHeap).then(() => print('ready'));
    await Promise.race([stopped, running.failed, ready.then(() => stopped)]).finally(async () => {
      print('stopping: attempts in flight are finished first (again to stop at once)');
      await running.stop();
    });
    process.exit(0);
  } catch (error) {
    if (stopping.signal.aborted) process.exit(0);
    // A bad setting is one clear line; anything else is worth its stack.
    const text =
      error instanceof ConfigError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    process.stderr.write(`${text}\n`);
    process.exit(1);
  }
}

if (require.main === module) void main();
