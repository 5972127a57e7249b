import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino, type Logger } from 'pino';
import { Acceptor } from '../../src/api/events/acceptor';
import { EventReader } from '../../src/api/events/event-reader';
import { ResponseWaiters } from '../../src/api/events/response-waiters';
import { SchemaChecks } from '../../src/api/events/schema-checks';
import { ActivityStream } from '../../src/api/activity/activity-stream';
import { createApp } from '../../src/api/app';
import { createCursors } from '../../src/api/http/cursors';
import { createAuthenticator } from '../../src/api/auth/auth';
import { BrowserSessions } from '../../src/api/auth/browser-sessions';
import { OidcProvider } from '../../src/api/auth/oidc/provider';
import { SignInRequests } from '../../src/api/auth/oidc/sign-in-requests';
import { RequestBytes } from '../../src/api/limits/request-bytes';
import { docsPage } from '../../src/api/pages/docs-page';
import type { Route } from '../../src/api/http/route';
import type { NotificationLauncher } from '../../src/api/ports';
import { isHttps } from '../../src/api/http/is-https';
import { allRoutes } from '../../src/api/routes';
import { playPage } from '../../src/api/pages/play-page';
import { PlayReceiver } from '../../src/api/play/play-receiver';
import { secretPage } from '../../src/api/pages/secret-page';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createChallengeSender } from '../../src/delivery/challenge';
import { createHttpClient } from '../../src/delivery/http-client';
import type { LiveState, NotificationRef } from '../../src/domain/delivery';
import { FEATURES, type Feature } from '../../src/domain/features';
import { isInboxUrl } from '../../src/domain/play';
import { parseUrlPattern } from '../../src/domain/url-pattern';
import { AuditTally } from '../../src/api/audit/audit-tally';
import { Refusals } from '../../src/api/audit/refusals';
import { createAuthMetrics } from '../../src/process/auth-metrics';
import { LastUse } from '../../src/api/auth/last-use';
import { createTokens } from '../../src/api/auth/tokens';
import { findHolderOfKey, findOAuthClient } from '../../src/store/access/credentials';
import { findSession } from '../../src/store/access/sessions';
import { registerPoolMetrics } from '../../src/process/pool-metrics';
import type { Database } from '../../src/store/db/database';
import { openPools, type Pools } from '../../src/store/db/pools';
import { OpenCounts } from '../../src/store/notifications/open-counts';
import { Limits, type LimitSettings } from '../../src/api/limits/limits';
import { Quotas, type QuotaSettings } from '../../src/api/limits/quotas';
import { loadConfig } from '../../src/config';
import type { OidcConfig } from '../../src/config/sign-in-settings';
import { createHttpMetrics } from '../../src/process/http-metrics';
import { knownHosts } from '../../src/process/known-hosts';
import { createLimitMetrics } from '../../src/process/limit-metrics';
import { createMetrics } from '../../src/process/metrics';
import { findPortalPrincipal } from '../../src/store/access/portal-sessions';
import { markSettling } from '../../src/store/subscriptions/settling';
import { startTestComposer, type TestLimits } from './composer';
import { createTestDatabase, type TestDatabase } from './database';
import { TEST_SEALER } from './seed';
import { startTestSideThread } from './side-thread';

/** The shortest statement timeout that can be set, for tests that wait for it. */
const TEST_POOLS = { connections: 8, readConnections: 6, readTimeoutSeconds: 1 };

export const ADMIN_KEY = 'test-admin-key-0123456789';

/** A response of the API. */
export interface Answer {
  status: number;
  headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of any shape
  body: any;
}

export interface CallOptions {
  key?: string | null;
  body?: unknown;
  /** Sent unchanged. */
  raw?: string | Buffer;
  headers?: Record<string, string>;
}

/**
 * The API on a real database. Its calls to Temporal are recorded instead, because other tests cover
 * them.
 */
export interface TestApi {
  url: string;
  routes: Route[];
  database: TestDatabase;
  pools: Pools;
  /**
   * Notifications and subscriptions that were to be started, settled, retried and cancelled.
   */
  started: NotificationRef[];
  /** How many notifications were launched, each time. */
  launches: number[];
  settled: string[];
  retried: string[];
  /** Recoveries whose workflows were to be started, and cancelled. */
  recovering: string[];
  /** Erasures whose workflows were to be started. */
  erasing: string[];
  recoveriesCancelled: string[];
  cancelled: string[];
  /** The state of the parts behind the API. A test may change it. */
  backend: {
    live: LiveState | null;
    hasRoom: boolean;
    full: Set<string | undefined>;
    temporalAnswers: boolean;
    stopping: boolean;
  };
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Calls and expects success. @returns the body */
  must(method: string, path: string, body?: unknown, key?: string): Promise<Answer['body']>;
  /** Creates a product with a key. */
  tenant(name: string): Promise<{ productId: string; key: string }>;
  /** Writes which credentials were used, as the service does every minute. */
  writeLastUse(): Promise<void>;
  /** Writes what the audit log gets in summary, as the service does every second. */
  writeTally(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestApi(
  allowUrls: string[] = ['http://127.0.0.1:*', 'https://*.allowed.example'],
  dataSources: Record<string, string> = {},
  overrides: {
    limits?: Partial<LimitSettings>;
    quotas?: Partial<QuotaSettings>;
    transforms?: TestLimits;
    publicUrl?: string;
    httpsOnly?: boolean;
    features?: readonly Feature[];
    oidc?: OidcConfig;
    allowedHosts?: string[];
    trustedProxies?: string[];
    portalIsFramed?: boolean;
    /** Puts a network before the database of the API. */
    networkTo?(databaseUrl: string): Promise<string>;
    log?: Logger;
  } = {},
): Promise<TestApi> {
  const database = await createTestDatabase();
  const databaseUrl = (await overrides.networkTo?.(database.url)) ?? database.url;
  const pools = openPools(databaseUrl, TEST_POOLS, () => undefined);
  const { db, authDb, readDb } = pools;
  const guard = createAddressGuard(['127.0.0.0/8'], undefined, { httpsOnly: overrides.httpsOnly });
  const defaults = loadConfig({});
  const { log = pino({ level: 'silent' }) } = overrides;
  const composer = startTestComposer(dataSources, overrides.transforms);
  const metrics = createMetrics(() => new OpenCounts(readDb).read());
  registerPoolMetrics(metrics.registry, pools);
  const limitMetrics = createLimitMetrics(metrics.registry);
  const limits = new Limits({ ...defaults.limits, ...overrides.limits }, limitMetrics);
  const play = new PlayReceiver({ db, sealer: TEST_SEALER, limits, log });
  const localReceiver = { serves: (to: URL) => isInboxUrl(to, publicUrl()), connect: () => play.connect() };
  const http = createHttpClient({ guard, localReceiver });
  const activity = new ActivityStream(readDb, pino({ level: 'silent' }));
  const recorded = {
    started: [] as NotificationRef[],
    launches: [] as number[],
    settled: [] as string[],
    retried: [] as string[],
    recovering: [] as string[],
    erasing: [] as string[],
    recoveriesCancelled: [] as string[],
    cancelled: [] as string[],
  };
  const backend: TestApi['backend'] = {
    live: null,
    hasRoom: true,
    full: new Set<string | undefined>(),
    temporalAnswers: true,
    stopping: false,
  };
  const masterKey = Buffer.alloc(32, 7);
  const tokens = createTokens(masterKey);
  const publicUrl = () => overrides.publicUrl ?? url;
  const usesHttps = () => isHttps(publicUrl());
  const { oidc } = overrides;
  const { sessionIdleSeconds, sessionLifeSeconds } = defaults.signIn;
  const rules = { idleSeconds: sessionIdleSeconds, issuer: oidc?.issuer };
  const lastUse = new LastUse(db);
  const tally = new AuditTally(db);
  const authenticator = createAuthenticator({
    adminKey: ADMIN_KEY,
    tokens,
    findByKeyHash: (hash) => findHolderOfKey(authDb, hash),
    findByClientId: (clientId) => findOAuthClient(authDb, clientId),
    findByPortalSession: (id) => findPortalPrincipal(authDb, id),
    findSession: (tokenHash) => findSession(authDb, TEST_SEALER, tokenHash, rules),
    usesHttps,
    onUse: (id) => lastUse.note(id),
    onSessionUse: (id) => lastUse.noteSession(id),
  });
  const launcher: NotificationLauncher = {
    processId: 'test',
    hasRoom: (customerId) => backend.hasRoom && !backend.full.has(customerId),
    launch: (launched) => {
      recorded.started.push(...launched.map(({ notification }) => notification));
      recorded.launches.push(launched.length);
    },
  };
  const sideThread = startTestSideThread(metrics);
  const schemaChecks = new SchemaChecks(sideThread);
  const features = new Set(overrides.features ?? FEATURES);
  const routes = allRoutes({
    ...pools,
    role: 'all',
    sealer: TEST_SEALER,
    authenticator,
    browserSessions: new BrowserSessions({
      db,
      sealer: TEST_SEALER,
      rules,
      lifeSeconds: sessionLifeSeconds,
      usesHttps,
      portalIsFramed: overrides.portalIsFramed ?? false,
    }),
    oidc: oidc && { provider: new OidcProvider(oidc), requests: new SignInRequests(masterKey, usesHttps) },
    tokens,
    tally,
    metrics,
    limitMetrics,
    retention: { payload: 30, history: 90, eventIds: 30, audit: 400 },
    allowedUrls: allowUrls.map((pattern) => parseUrlPattern(pattern)!),
    urlFault: (url) => guard.faultOf(url),
    features,
    settlement: { mark: markSettling, start: async (ids) => void recorded.settled.push(...ids) },
    responseWaiters: new ResponseWaiters(readDb, pino({ level: 'silent' })),
    acceptor: new Acceptor(pools.pathDb, launcher, metrics, 20_000, schemaChecks),
    schemaChecks,
    eventReader: new EventReader(sideThread),
    sideThread,
    launcher,
    publicUrl,
    isStopping: () => backend.stopping,
    servesMetrics: true,
    challengeSender: createChallengeSender(http),
    composer,
    control: {
      retry: async ({ notificationId }) => void recorded.retried.push(notificationId),
      cancel: async (notificationId) => void recorded.cancelled.push(notificationId),
      live: async () => backend.live,
    },
    recoveries: {
      start: async (id) => void recorded.recovering.push(id),
      cancel: async (id) => void recorded.recoveriesCancelled.push(id),
    },
    startErasure: async (id) => void recorded.erasing.push(id),
    activity,
    temporal: async () => backend.temporalAnswers,
    temporalUiUrl: 'http://temporal.example',
  });
  const app = createApp({
    requestBytes: new RequestBytes(64 * 1024 * 1024, metrics),
    routes,
    pages: [docsPage(), secretPage({ db, sealer: TEST_SEALER, limits }), playPage(play)],
    db,
    readDb,
    sealer: TEST_SEALER,
    cursors: createCursors(masterKey),
    authenticator,
    limits,
    quotas: new Quotas({ ...defaults.quotas, ...overrides.quotas }, limitMetrics),
    tally,
    refusals: new Refusals(tally, createAuthMetrics(metrics.registry)),
    knownHosts: knownHosts({ ...defaults, ...overrides }),
    trustedProxies: overrides.trustedProxies ?? ['127.0.0.1'],
    features,
    usesHttps,
    httpMetrics: createHttpMetrics(metrics.registry),
    log,
    verifyAnswers: true,
  });
  const server = createServer(app);
  // Connections stay open even if a test blocks the process.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function call(
    method: string,
    path: string,
    { key = ADMIN_KEY, body, raw, headers = {} }: CallOptions = {},
  ): Promise<Answer> {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(key === null ? {} : { 'x-api-key': key }),
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: payload as string | undefined,
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.match(/[/+]json/);
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    };
  }

  async function must(method: string, path: string, body?: unknown, key?: string): Promise<Answer['body']> {
    const answer = await call(method, path, { body, key });
    if (answer.status >= 300) throw new Error(`${method} ${path} ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  return {
    url,
    routes,
    database,
    pools,
    ...recorded,
    backend,
    call,
    must,
    async tenant(name) {
      const { id } = await must('POST', '/v1/products', { name, enabled: true });
      const { key } = await must('POST', '/v1/api-keys', { name, role: 'product', productId: id });
      return { productId: id, key };
    },
    writeLastUse: () => lastUse.write(),
    writeTally: () => tally.write(),
    async stop() {
      await activity.close();
      await tally.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await http.close();
      await composer.close();
      await sideThread.close();
      await Promise.all(Object.values<Database>({ ...pools }).map((pool) => pool.close()));
      await database.drop();
    },
  };
}
