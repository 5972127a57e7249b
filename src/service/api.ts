import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Logger } from 'pino';
import { ActivityStream } from '../api/activity/activity-stream';
import { createApp } from '../api/app';
import { createAuthenticator, type Authenticator } from '../api/auth/auth';
import { createTokens, type Tokens } from '../api/auth/tokens';
import { Acceptor } from '../api/events/acceptor';
import { docsPage } from '../api/pages/docs-page';
import { secretPage } from '../api/pages/secret-page';
import { webUi } from '../api/pages/web-ui';
import { allRoutes, type RouteDeps } from '../api/routes';
import type { Config } from '../config';
import { createChallengeSender } from '../delivery/challenge';
import { MAIN_TASK_QUEUE } from '../domain/delivery';
import type { Keys } from '../embedded/keys';
import { closeServer, listen } from '../process/http-server';
import type { Metrics } from '../process/metrics';
import { findOAuthClient, findPrincipalByKeyHash } from '../store/access/credentials';
import { findPortalPrincipal } from '../store/access/portal-sessions';
import { findSession } from '../store/access/sessions';
import type { Sealer } from '../store/db/crypto';
import type { Database } from '../store/db/database';
import type { TemporalLink } from '../temporal/connection';
import type { NotificationWorkflows } from '../temporal/notification-workflows';
import { RecoveryWorkflows } from '../temporal/recovery-workflows';
import type { Cleanups } from './cleanups';
import type { DeliveryEngine } from './delivery-engine';
import { createNotificationLauncher } from './notification-launcher';

/** The build writes the web UI to dist/web. */
const WEB_DIRECTORY = path.join(__dirname, '..', 'web');

interface ApiDeps extends Pick<RouteDeps, 'settlement' | 'allowedUrls' | 'publicUrl'> {
  db: Database;
  pathDb: Database;
  sealer: Sealer;
  keys: Keys;
  engine: DeliveryEngine;
  temporal: TemporalLink;
  workflows: NotificationWorkflows;
  /** Base URL of the Temporal UI, if known. */
  temporalUiUrl: string | undefined;
  metrics: Metrics;
  log: Logger;
}

/**
 * Builds the API of the configured role and listens. The role `worker` serves health and metrics only.
 *
 * @returns the port that the server listens on
 */
export async function startApi(config: Config, deps: ApiDeps, cleanups: Cleanups): Promise<number> {
  const { db, sealer, keys, log } = deps;
  const tokens = createTokens(keys.masterKey);
  const authenticator = createAuthenticator({
    adminKey: keys.adminKey,
    tokens,
    findByKeyHash: (hash) => findPrincipalByKeyHash(db, hash),
    findByClientId: async (clientId) => (await findOAuthClient(db, clientId))?.principal,
    findByPortalSession: (id) => findPortalPrincipal(db, id),
    findSession: (tokenHash) => findSession(db, sealer, tokenHash),
  });
  const activity = new ActivityStream(db, log);
  const app = createApp({
    routes: routesOf(config, deps, { tokens, authenticator, activity }),
    pages: [docsPage(), ...(config.role === 'worker' ? [] : [secretPage({ db, sealer }), webUi(WEB_DIRECTORY)])],
    db,
    sealer,
    authenticator,
    log,
  });
  const server = await listen(app, config);
  cleanups.add(() => closeServer(server));
  // Runs first: open streams would otherwise keep the server from closing.
  cleanups.add(() => activity.close());
  return (server.address() as AddressInfo).port;
}

function routesOf(
  config: Config,
  deps: ApiDeps,
  access: { tokens: Tokens; authenticator: Authenticator; activity: ActivityStream },
) {
  const { db, pathDb, sealer, engine, temporal, workflows, temporalUiUrl, metrics, log } = deps;
  const launcher = createNotificationLauncher(engine.workflowStarter, engine.headStarts);
  return allRoutes({
    ...access,
    role: config.role,
    db,
    sealer,
    settlement: deps.settlement,
    metrics,
    allowedUrls: deps.allowedUrls,
    publicUrl: deps.publicUrl,
    acceptor: new Acceptor(pathDb, launcher, metrics, log),
    launcher,
    challengeSender: createChallengeSender(engine.http),
    composer: engine.composer,
    control: workflows,
    recoveries: new RecoveryWorkflows(temporal, MAIN_TASK_QUEUE),
    temporal: () => temporal.ping(),
    temporalUiUrl: temporalUiUrl && `${temporalUiUrl}/namespaces/${config.temporal.namespace}/workflows`,
  });
}
