import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Logger } from 'pino';
import { ActivityStream } from '../api/activity/activity-stream';
import { createApp } from '../api/app';
import { isHttps } from '../api/http/is-https';
import { createAuthenticator } from '../api/auth/auth';
import { AuditTally } from '../api/audit/audit-tally';
import { Refusals } from '../api/audit/refusals';
import { BrowserSessions } from '../api/auth/browser-sessions';
import { LastUse } from '../api/auth/last-use';
import { OidcProvider } from '../api/auth/oidc/provider';
import { SignInRequests } from '../api/auth/oidc/sign-in-requests';
import { createTokens } from '../api/auth/tokens';
import { Acceptor } from '../api/events/acceptor';
import { EventReader } from '../api/events/event-reader';
import { ResponseWaiters } from '../api/events/response-waiters';
import { SchemaChecks } from '../api/events/schema-checks';
import type { Limits } from '../api/limits/limits';
import { Quotas } from '../api/limits/quotas';
import { RequestBytes } from '../api/limits/request-bytes';
import { createCursors } from '../api/http/cursors';
import { docsPage } from '../api/pages/docs-page';
import { playPage } from '../api/pages/play-page';
import { secretPage } from '../api/pages/secret-page';
import { webUi } from '../api/pages/web-ui';
import { allRoutes, type RouteDeps } from '../api/routes';
import { SideThread } from '../api/side-thread/side-thread';
import type { Config } from '../config';
import { createChallengeSender } from '../delivery/challenge';
import type { Keys } from '../embedded/keys';
import { drainServer } from '../process/drain-server';
import { createHttpMetrics } from '../process/http-metrics';
import { listen } from '../process/http-server';
import { createAuthMetrics } from '../process/auth-metrics';
import { knownHosts, type KnownHosts } from '../process/known-hosts';
import type { LimitMetrics } from '../process/limit-metrics';
import type { Metrics } from '../process/metrics';
import type { Tracing } from '../process/tracing';
import { metricsListener } from '../process/metrics-listener';
import { findHolderOfKey, findOAuthClient } from '../store/access/credentials';
import { findPortalPrincipal } from '../store/access/portal-sessions';
import { findSession } from '../store/access/sessions';
import type { Sealer } from '../store/db/crypto';
import type { Pools } from '../store/db/pools';
import type { TemporalLink } from '../temporal/connection';
import type { NotificationWorkflows } from '../temporal/notification-workflows';
import type { Cleanups } from './cleanups';
import type { DeliveryEngine } from './delivery-engine';
import type { Play } from './play';
import { createNotificationLauncher } from './notification-launcher';
import { controlWorkflows } from './control-workflows';

/** The build writes the web UI to dist/web. */
const WEB_DIRECTORY = path.join(__dirname, '..', 'web');

interface ApiDeps extends Pick<RouteDeps, 'settlement' | 'allowedUrls' | 'publicUrl'> {
  pools: Pools;
  sealer: Sealer;
  keys: Keys;
  engine: DeliveryEngine;
  temporal: TemporalLink;
  workflows: NotificationWorkflows;
  /** Base URL of the Temporal UI, if known. */
  temporalUiUrl: string | undefined;
  metrics: Metrics;
  tracing: Tracing;
  log: Logger;
  limits: Limits;
  limitMetrics: LimitMetrics;
  /** Absent if the installation has no test receiver. */
  play?: Play;
  isStopping(): boolean;
}

/**
 * Builds the API of the configured role and listens. The role `worker` serves health and metrics
 * only.
 *
 * @returns the port that the server listens on
 */
export async function startApi(config: Config, deps: ApiDeps, cleanups: Cleanups): Promise<number> {
  const { pools, sealer, keys, limits, limitMetrics, log } = deps;
  const { db, authDb, readDb } = pools;
  const tokens = createTokens(keys.masterKey, keys.previousMasterKey);
  const usesHttps = () => isHttps(deps.publicUrl());
  const { oidc, sessionIdleSeconds, sessionLifeSeconds } = config.signIn;
  const rules = { idleSeconds: sessionIdleSeconds, issuer: oidc?.issuer };
  const lastUse = new LastUse(db, log);
  cleanups.addWork(() => lastUse.close());
  const authenticator = createAuthenticator({
    adminKey: keys.adminKey,
    tokens,
    findByKeyHash: (hash) => findHolderOfKey(authDb, hash),
    findByClientId: (clientId) => findOAuthClient(authDb, clientId),
    findByPortalSession: async (id) => (config.features.has('portal') ? findPortalPrincipal(authDb, id) : undefined),
    findSession: (tokenHash) => findSession(authDb, sealer, tokenHash, rules),
    usesHttps,
    onUse: (id) => lastUse.note(id),
    onSessionUse: (id) => lastUse.noteSession(id),
  });
  const tally = new AuditTally(db, log);
  tally.start();
  cleanups.addWork(() => tally.close());
  const signIn = {
    browserSessions: new BrowserSessions({
      db,
      sealer,
      rules,
      lifeSeconds: sessionLifeSeconds,
      usesHttps,
      portalIsFramed: config.portalFrameAncestors.length > 0,
    }),
    oidc: oidc && { provider: new OidcProvider(oidc), requests: new SignInRequests(keys.masterKey, usesHttps) },
  };
  const activity = new ActivityStream(readDb, log);
  const responseWaiters = new ResponseWaiters(readDb, log);
  const sideThread = new SideThread({ metrics: deps.metrics });
  cleanups.addWork(() => sideThread.close());
  const isKnownHost = knownHosts(config);
  const app = createApp({
    requestBytes: new RequestBytes(config.bounds.requestBytes, deps.metrics),
    routes: routesOf(config, deps, {
      tokens,
      authenticator,
      ...signIn,
      tally,
      activity,
      responseWaiters,
      limitMetrics,
      sideThread,
    }),
    pages: [
      docsPage(),
      ...(config.role === 'worker'
        ? []
        : [
            secretPage({ db, sealer, limits }),
            ...(deps.play ? [playPage(deps.play.receiver)] : []),
            webUi(WEB_DIRECTORY, config.portalFrameAncestors),
          ]),
    ],
    db,
    readDb,
    sealer,
    cursors: createCursors(keys.masterKey, keys.previousMasterKey),
    authenticator,
    limits,
    quotas: new Quotas(config.quotas, limitMetrics),
    tally,
    refusals: new Refusals(tally, createAuthMetrics(deps.metrics.registry)),
    knownHosts: isKnownHost,
    trustedProxies: config.trustedProxies,
    features: config.features,
    usesHttps,
    httpMetrics: createHttpMetrics(deps.metrics.registry, deps.tracing.isOn),
    tracing: deps.tracing,
    log,
  });
  const server = await listen(app, config);
  if (config.metricsPort !== undefined)
    await startMetrics({ host: config.host, port: config.metricsPort, isKnownHost }, deps, cleanups);
  // Half of the grace period is left for attempts.
  cleanups.addDrain((leftMs) => drainServer(server, leftMs / 2));
  // These run first: open streams and calls that wait would otherwise keep the server from closing.
  cleanups.addDrain(async () => responseWaiters.close());
  cleanups.addDrain(() => activity.close());
  return (server.address() as AddressInfo).port;
}

/** Serves metrics apart from the API, to the end. */
async function startMetrics(
  { host, port, isKnownHost }: Pick<Config, 'host' | 'port'> & { isKnownHost: KnownHosts },
  { metrics, log }: Pick<ApiDeps, 'metrics' | 'log'>,
  cleanups: Cleanups,
): Promise<void> {
  const server = await listen(metricsListener(metrics.registry, isKnownHost), { host, port }, 'SIGNPOST_METRICS_PORT');
  cleanups.add(async () => {
    server.close();
    server.closeAllConnections();
  });
  log.info({ port: (server.address() as AddressInfo).port }, 'metrics are served');
}

function routesOf(
  config: Config,
  deps: ApiDeps,
  access: Pick<
    RouteDeps,
    | 'tokens'
    | 'authenticator'
    | 'browserSessions'
    | 'oidc'
    | 'tally'
    | 'activity'
    | 'responseWaiters'
    | 'limitMetrics'
    | 'sideThread'
  >,
) {
  const { pools, sealer, engine, temporal, workflows, temporalUiUrl, metrics, log } = deps;
  const schemaChecks = new SchemaChecks(access.sideThread, log);
  const launcher = createNotificationLauncher(engine.workflowStarter, engine.headStarts, deps.tracing);
  return allRoutes({
    ...access,
    ...pools,
    role: config.role,
    sealer,
    settlement: deps.settlement,
    metrics,
    allowedUrls: deps.allowedUrls,
    urlFault: engine.urlFault,
    features: config.features,
    publicUrl: deps.publicUrl,
    retention: config.retention,
    schemaChecks,
    eventReader: new EventReader(access.sideThread),
    acceptor: new Acceptor(pools.pathDb, launcher, metrics, config.bounds.eventsInHand, schemaChecks),
    launcher,
    challengeSender: createChallengeSender(engine.http),
    composer: engine.dryRunComposer,
    control: workflows,
    ...controlWorkflows(temporal, pools.db),
    temporal: () => temporal.ping(),
    isStopping: deps.isStopping,
    servesMetrics: config.metricsPort === undefined,
    temporalUiUrl: temporalUiUrl && `${temporalUiUrl}/namespaces/${config.temporal.namespace}/workflows`,
  });
}
