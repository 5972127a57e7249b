import { z } from 'zod';
import type { Config } from '../../config';
import { JsonText } from '../../domain/lossless-json';
import type { Feature } from '../../domain/features';
import type { RetentionDays } from '../../domain/retention';
import type { UrlPattern } from '../../domain/url-pattern';
import type { LimitMetrics } from '../../process/limit-metrics';
import type { Metrics } from '../../process/metrics';
import type { Sealer } from '../../store/db/crypto';
import type { Database } from '../../store/db/database';
import { VERSION } from '../../process/version';
import type { Acceptor } from '../events/acceptor';
import type { EventReader } from '../events/event-reader';
import type { ResponseWaiters } from '../events/response-waiters';
import type { SchemaChecks } from '../events/schema-checks';
import type { SideThread } from '../side-thread/side-thread';
import type { ActivityStream } from '../activity/activity-stream';
import type { AuditTally } from '../audit/audit-tally';
import type { Authenticator } from '../auth/auth';
import type { BrowserSessions } from '../auth/browser-sessions';
import { openApiDocument } from '../openapi/document';
import type {
  ChallengeSender,
  Composer,
  NotificationLauncher,
  NotificationControl,
  RecoveryControl,
  Settlement,
} from '../ports';
import { route, type Route } from '../http/route';
import type { Tokens } from '../auth/tokens';
import { SubscriptionService } from '../subscriptions/subscription-service';
import { activityRoutes } from './activity';
import { allowlistRoutes } from './allowlist';
import { apiKeyRoutes } from './api-keys';
import { asyncApiRoute } from './asyncapi';
import { auditRoutes } from './audit';
import { challengeRoutes } from './challenges';
import { customerRoutes } from './customers';
import { erasureRoutes } from './erasures';
import { eventTypeRoutes } from './event-types';
import { eventRoutingRoutes } from './event-routing';
import { eventRoutes } from './events';
import { notificationRoutes } from './notifications';
import { oauthRoutes } from './oauth';
import { operationRoutes, type Probe } from './operations';
import { overviewRoutes } from './overview';
import { deployRoutes } from './deploys';
import { playRoutes } from './play';
import { portalRoutes } from './portal-sessions';
import { productRoutes } from './products';
import { secretLinkRoutes } from './secret-links';
import { bulkNotificationRoutes } from './bulk-notifications';
import { bulkRecoveryRoutes } from './bulk-recoveries';
import { recoveryRoutes } from './recoveries';
import { secretRoutes } from './secrets';
import { retentionRoutes } from './retention';
import { seriesRoutes } from './series';
import { sessionRoutes } from './session';
import { oidcRoutes, type Oidc } from './session-oidc';
import { sessionListRoutes } from './sessions';
import { signedRequestRoutes } from './signed-requests';
import { signingKeyRoutes } from './signing-keys';
import { serviceDefinitionRoutes } from './service-definitions';
import { statisticsRoutes } from './statistics';
import { setUpRoute } from './set-up';
import { subscriptionRoutes } from './subscriptions';
import { transformDraftRoute } from './transform-drafts';
import { transformRoutes } from './transforms';
import { triggerRoutes } from './trigger';
import { webhookRoutes } from './webhooks';

/** Dependencies of the routes. */
export interface RouteDeps {
  /** With the role `worker`, only health and metrics are served. */
  role: Config['role'];
  db: Database;
  /** Connections of posts with an `Idempotency-Key`. */
  keyedDb: Database;
  authDb: Database;
  readDb: Database;
  sealer: Sealer;
  authenticator: Authenticator;
  browserSessions: BrowserSessions;
  /** Absent: people sign in with credentials only. */
  oidc: Oidc | undefined;
  tokens: Tokens;
  tally: AuditTally;
  settlement: Settlement;
  metrics: Metrics;
  retention: RetentionDays;
  limitMetrics: LimitMetrics;
  allowedUrls: readonly UrlPattern[];
  /** Why no request can go to a URL of a subscription, or undefined. */
  urlFault: (url: URL) => string | undefined;
  /** The features that the installation has. */
  features: ReadonlySet<Feature>;
  /** The base URL of the API, for links. */
  publicUrl(): string;
  acceptor: Acceptor;
  eventReader: EventReader;
  responseWaiters: ResponseWaiters;
  schemaChecks: SchemaChecks;
  sideThread: Pick<SideThread, 'run'>;
  launcher: NotificationLauncher;
  challengeSender: ChallengeSender;
  composer: Composer;
  control: NotificationControl;
  recoveries: RecoveryControl;
  /** Starts the workflow of an erasure. The reconciler starts those that fail here. */
  startErasure(erasureId: string): Promise<void>;
  activity: ActivityStream;
  temporal: Probe;
  /** Whether the process is about to stop. */
  isStopping(): boolean;
  /** Whether metrics are served with the API, and not on a port of their own. */
  servesMetrics: boolean;
  /** The URL of the Temporal UI, if known. */
  temporalUiUrl: string | undefined;
}

/** All routes of a process with the given role. */
export function allRoutes(deps: RouteDeps): Route[] {
  const operations = operationRoutes(deps);
  if (deps.role === 'worker') return operations;
  const subscriptions = new SubscriptionService(deps.sealer, deps.settlement, deps.allowedUrls, deps.urlFault);
  const routes = [
    // First, because Express tries routes in order and most requests post events.
    ...eventRoutes(deps),
    ...eventRoutingRoutes(deps),
    ...productRoutes(deps.settlement, deps.retention, deps.authenticator),
    ...retentionRoutes(deps),
    ...eventTypeRoutes(deps.sideThread),
    ...serviceDefinitionRoutes(deps.composer),
    ...customerRoutes(deps),
    ...erasureRoutes(deps),
    setUpRoute(subscriptions, deps.composer),
    ...subscriptionRoutes(subscriptions, deps.composer),
    ...statisticsRoutes(),
    ...seriesRoutes(),
    ...triggerRoutes(deps),
    transformDraftRoute(deps),
    ...transformRoutes(deps),
    ...secretRoutes(deps.sealer, subscriptions),
    ...signingKeyRoutes(deps.sealer),
    ...secretLinkRoutes(deps.publicUrl),
    ...challengeRoutes(deps),
    ...allowlistRoutes(deps.settlement, deps.allowedUrls),
    ...bulkNotificationRoutes(deps.control, deps.recoveries),
    ...notificationRoutes(deps.control),
    ...bulkRecoveryRoutes(deps.recoveries),
    ...signedRequestRoutes(deps.sealer),
    ...recoveryRoutes(deps.recoveries),
    ...overviewRoutes(deps),
    ...activityRoutes(deps.activity, deps.authenticator),
    ...apiKeyRoutes(deps.authenticator),
    ...oauthRoutes(deps),
    ...webhookRoutes(subscriptions),
    ...portalRoutes(deps),
    ...deployRoutes(),
    ...playRoutes(deps),
    ...sessionRoutes(deps),
    ...oidcRoutes(deps),
    ...sessionListRoutes(deps),
    ...auditRoutes(),
    asyncApiRoute(),
    ...operations,
  ];
  let document: JsonText | undefined;
  const openapi: Route = route({
    method: 'get',
    path: '/openapi.json',
    summary: 'Get this OpenAPI document',
    tag: 'Operations',
    roles: 'public',
    answers: { 200: { description: 'The OpenAPI 3.1 document', schema: z.record(z.string(), z.unknown()) } },
    async handle() {
      // Written once, because anyone may ask for it, and not before it is needed: it takes a
      // quarter of a second, and most processes are never asked.
      document ??= new JsonText(JSON.stringify(openApiDocument([...routes, openapi], VERSION)));
      return { status: 200, body: document };
    },
  });
  return [...routes, openapi];
}
