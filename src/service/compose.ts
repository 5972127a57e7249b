import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { PoolConfig } from 'pg';
import { createAttemptRunner } from '../attempts/attempt-runner';
import { HeadStarts } from '../attempts/head-start/head-starts';
import { Acceptor } from '../api/events/acceptor';
import { ActivityStream } from '../api/activity/activity-stream';
import { createApp } from '../api/app';
import { createAuthenticator } from '../api/auth/auth';
import { docsPage } from '../api/pages/docs-page';
import { allRoutes } from '../api/routes';
import { secretPage } from '../api/pages/secret-page';
import { webUi } from '../api/pages/web-ui';
import { createComposer } from '../composition/composer';
import { DataSources, DRY_RUN_CONNECTIONS } from '../composition/data-sources';
import { TransformPool } from '../composition/transform-pool';
import { type Config } from '../config';
import { createAddressGuard } from '../delivery/address-guard';
import { createChallengeSender } from '../delivery/challenge';
import { createHttpClient } from '../delivery/http-client';
import { MAIN_TASK_QUEUE } from '../domain/delivery';
import { newUuid } from '../domain/ids';
import { parseUrlPattern } from '../domain/url-pattern';
import { startEmbedded, type Embedded } from '../embedded';
import { ensureKeys } from '../embedded/keys';
import { closeServer, listen } from '../process/http-server';
import { createNotificationLauncher } from './notification-launcher';
import { createLog } from '../process/log';
import { createTokens } from '../api/auth/tokens';
import { createMetrics } from '../process/metrics';
import { reconcileAllowedUrls } from '../store/catalog/allowlist';
import { findOAuthClient, findPrincipalByKeyHash } from '../store/access/credentials';
import { createSealer } from '../store/db/crypto';
import { openDatabase, PATH_POOL } from '../store/db/database';
import { migrateWhenUp } from '../store/db/migrate-when-up';
import { createRecorder } from '../store/notifications/recorder';
import { ensurePartitions } from '../store/db/partitions';
import { findPortalPrincipal } from '../store/access/portal-sessions';
import { findSession } from '../store/access/sessions';
import { markSettling } from '../store/subscriptions/settling';
import { TemporalLink } from '../temporal/connection';
import { NotificationWorkflows } from '../temporal/notification-workflows';
import { RecoveryWorkflows } from '../temporal/recovery-workflows';
import { installRuntime } from '../temporal/runtime';
import { ensureSearchAttributes, REGISTER_COMMAND } from '../temporal/search-attributes';
import { startSettling } from '../temporal/settlement';
import { WorkflowStarter } from '../temporal/workflow-starter';
import { endClaims } from '../store/notifications/claims';
import { countOpen } from '../store/notifications/overdue';
import { runWorker } from './worker-role';

/** Where the build puts the web UI. */
const WEB_DIRECTORY = path.join(__dirname, '..', 'web');

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
  const transforms = new TransformPool({ kind: 'delivery', ...config.transforms, metrics, log });
  cleanups.push(async () => transforms.close());
  const composer = createComposer(dataSources, transforms);
  // What people try has processes and connections of its own, so that it never delays a delivery.
  const dryRunSources = new DataSources(config.dataSources, log, DRY_RUN_CONNECTIONS);
  cleanups.push(() => dryRunSources.close());
  const dryRunTransforms = new TransformPool({ kind: 'dry-run', ...config.dryRuns, metrics, log });
  cleanups.push(async () => dryRunTransforms.close());
  const runAttempt = createAttemptRunner({
    db: pathDb,
    sealer,
    publicUrl: () => publicUrl,
    http,
    composer,
    recorder: createRecorder(pathDb),
    launch: (notifications) =>
      void workflowStarter.enqueue(notifications.map((notification) => ({ ...notification, hasHeadStart: false }))),
    metrics,
    log,
  });
  const headStarts = new HeadStarts({ processId: newUuid(), keepOutcomes: runsWorker }, runAttempt, log);
  cleanups.push(() => headStarts.close(config.shutdownGraceSeconds * 1000));
  const workflowStarter = new WorkflowStarter(
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
        { db, runAttempt, headStarts, control: workflows, metrics, log },
        { temporal: connected, config, workflows, settle },
      ),
    );
    ready = running;
    running.then(({ workers }) => workers.finished).catch(fail);
    cleanups.push(() => running.then((worker) => worker.stop()).catch(() => undefined));
  }
  cleanups.push(() => workflowStarter.close());

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
  const settlement = { mark: markSettling, start: settle };
  const launcher = createNotificationLauncher(workflowStarter, headStarts);
  const routes = allRoutes({
    role: config.role,
    db,
    sealer,
    authenticator,
    tokens,
    settlement,
    metrics,
    allowedUrls,
    acceptor: new Acceptor(pathDb, launcher, metrics),
    launcher,
    publicUrl: () => publicUrl,
    challengeSender: createChallengeSender(http),
    composer: createComposer(dryRunSources, dryRunTransforms),
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
    .catch((error: unknown) => log.warn({ err: error }, 'the reconciler will settle'));
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

function temporalSettings(config: Config, embedded: Embedded) {
  const { namespace, apiKey, tls } = config.temporal;
  return { address: embedded.temporalAddress, namespace, apiKey, tls };
}
