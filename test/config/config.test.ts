import path from 'node:path';
import { loadConfig } from '../../src/config';
import { SETTINGS } from '../../src/config/settings';
import { faultsOf } from '../support/config-faults';
import { MASTER_KEY, OTHERS, REAL, type Env } from '../support/setting-values';

const LANES = {
  fast: { slots: 100, perCustomer: 50, perSubscription: 25 },
  slow: { slots: 200, perCustomer: 50, perSubscription: 25 },
  controlSlots: 50,
  workflowTaskSlots: 200,
  workflowTaskPollers: 10,
  activityPollers: 10,
};

describe('defaults', () => {
  it('runs everything embedded on the loopback address if no setting is given', () => {
    expect(loadConfig({})).toEqual({
      role: 'all',
      features: new Set(['portal', 'product-audience', 'webhooks-by-url', 'play']),
      host: '127.0.0.1',
      port: 8080,
      publicUrl: undefined,
      allowedHosts: [],
      adminKey: undefined,
      masterKey: undefined,
      signIn: { sessionIdleSeconds: 1800, sessionLifeSeconds: 43_200 },
      portalFrameAncestors: [],
      dataDir: path.resolve('.signpost'),
      allowAddresses: ['127.0.0.0/8', '::1/128'],
      denyAddresses: [],
      httpsOnly: false,
      allowUrls: ['http://127.0.0.1:*', 'http://localhost:*'],
      shutdownGraceSeconds: 30,
      transforms: { processes: 2, maxWaiting: 1000 },
      dryRuns: { processes: 2, maxWaiting: 64 },
      burst: true,
      dnsLookups: { total: 256, perCustomer: 16 },
      lanes: LANES,
      logLevel: 'info',
      databaseUrl: undefined,
      database: { connections: 8, readConnections: 6, readTimeoutSeconds: 10 },
      bounds: {
        headStarts: { total: 256, perSubscription: 64, perCustomer: 128, perHost: 128 },
        startQueue: { total: 50_000, perCustomer: 20_000 },
        eventsInHand: 20_000,
        requestBytes: 64 * 1024 * 1024,
      },
      limits: {
        events: 50000,
        requests: 3000,
        customerRequests: 1000,
        challenges: 60,
        triggers: 300,
        dryRuns: 300,
        setUps: 60,
        resumes: 60,
        schemas: 600,
        largeBodies: 128,
      },
      quotas: {
        subscriptions: 1000,
        eventTypes: 2000,
        portalSessions: 1000,
        credentials: 200,
        playInboxes: 10,
        deploys: 200,
      },
      retention: { payload: 30, history: 90, eventIds: 30, audit: 400 },
      operational: {
        failingPercents: [50, 70, 90],
        quietSeconds: 600,
        eventsPerMinute: 20,
        backlogNotifications: 10_000,
      },
      trustedProxies: [],
      dataSources: {},
      temporal: {
        address: undefined,
        namespace: 'default',
        apiKey: undefined,
        tls: undefined,
        uiUrl: undefined,
        cliPath: undefined,
      },
    });
  });

  it('treats an empty variable as unset, except for the allow-lists, the features and the percentages', () => {
    const lists = [
      'SIGNPOST_ALLOW_ADDRESSES',
      'SIGNPOST_ALLOW_URLS',
      'SIGNPOST_FEATURES',
      'SIGNPOST_OPERATIONAL_FAILING_PERCENTS',
    ];
    const empty = Object.keys(SETTINGS).filter((name) => !lists.includes(name));
    expect(loadConfig(Object.fromEntries(empty.map((name) => [name, ''])))).toEqual(loadConfig({}));
  });
});

describe('valid settings', () => {
  it('reads every setting into the configuration', () => {
    const config = loadConfig({ ...OTHERS, OTEL_SDK_DISABLED: 'false' });
    expect(config).toEqual({
      role: 'worker',
      host: '::',
      port: 0,
      portalFrameAncestors: ['https://shop.example', 'https://*.shop.example:8443', 'http://localhost:3000'],
      publicUrl: 'https://signpost.example',
      allowedHosts: ['hooks.internal.example', 'Signpost_1.'],
      adminKey: 'an-admin-key-of-my-own-choice',
      masterKey: Buffer.alloc(32, 1),
      previousMasterKey: Buffer.alloc(32, 2),
      signIn: {
        sessionIdleSeconds: 900,
        sessionLifeSeconds: 28_800,
        oidc: {
          issuer: 'https://id.example/realm',
          clientId: 'signpost',
          clientSecret: 'hidden-client-secret',
          name: 'Example ID',
          scopes: 'openid groups',
          roleClaim: 'roles',
          roles: [
            { value: 'admins', role: 'admin', productId: null },
            { value: 'a=b', role: 'viewer', productId: null },
            { value: 'pay', role: 'product', productId: 'payments' },
            { value: 'audit', role: 'viewer', productId: 'payments' },
          ],
        },
      },
      dataDir: '/var/lib/signpost',
      allowAddresses: ['10.0.0.0/8', 'fd00::/8'],
      metricsPort: 9464,
      denyAddresses: ['10.1.0.0/16'],
      httpsOnly: true,
      features: new Set(['portal']),
      egressProxy: new URL('http://hidden-user:hidden-password@proxy.example:3128'),
      allowUrls: ['hooks.example.com', 'https://*.example.com:8443/in'],
      shutdownGraceSeconds: 0,
      transforms: { processes: 3, maxWaiting: 300 },
      dryRuns: { processes: 1, maxWaiting: 16 },
      burst: false,
      dnsLookups: { total: 500, perCustomer: 5 },
      bounds: {
        headStarts: { total: 40, perSubscription: 10, perCustomer: 20, perHost: 30 },
        startQueue: { total: 2000, perCustomer: 1000 },
        eventsInHand: 3000,
        requestBytes: 32 * 1024 * 1024,
      },
      lanes: {
        fast: { slots: 200, perCustomer: 70, perSubscription: 35 },
        slow: { slots: 400, perCustomer: 80, perSubscription: 40 },
        controlSlots: 60,
        workflowTaskSlots: 300,
        workflowTaskPollers: 20,
        activityPollers: 30,
      },
      logLevel: 'debug',
      tracing: {
        url: 'https://hidden-user:hidden-password@traces.example/otlp',
        protocol: 'http/json',
        headers: { 'x-key': 'hidden key', 'x-tenant': 'acme' },
        serviceName: 'webhooks',
        resourceAttributes: { 'deployment.environment.name': 'a,b' },
        sampler: { name: 'parentbased_traceidratio', ratio: 0.25 },
      },
      databaseUrl: REAL.DATABASE_URL,
      migrationDatabaseUrl: OTHERS.SIGNPOST_MIGRATION_DATABASE_URL,
      database: { connections: 20, readConnections: 12, readTimeoutSeconds: 30 },
      limits: {
        events: 1000,
        requests: 11,
        customerRequests: 12,
        challenges: 4,
        triggers: 5,
        dryRuns: 6,
        setUps: 7,
        resumes: 8,
        schemas: 9,
        largeBodies: 10,
      },
      quotas: {
        subscriptions: 1,
        eventTypes: 2,
        portalSessions: 3,
        credentials: 4,
        playInboxes: 5,
        deploys: 6,
      },
      retention: { payload: 7, history: 14, eventIds: 20, audit: 1000 },
      operational: { failingPercents: [40, 80], quietSeconds: 60, eventsPerMinute: 7, backlogNotifications: 500 },
      trustedProxies: ['10.0.0.1', 'fd00::/8'],
      dataSources: { 'ledger-db': 'postgres://reader:hidden-password@ledger.example/ledger' },
      temporal: {
        address: 'temporal.example:7233',
        namespace: 'webhooks',
        apiKey: 'temporal-key',
        tls: {
          clientCertPath: '/tls/cert.pem',
          clientKeyPath: '/tls/key.pem',
          serverCaCertPath: '/tls/ca.pem',
          serverName: 'temporal.internal',
        },
        uiUrl: 'https://temporal-ui.example',
        cliPath: '/usr/bin/temporal',
        deployment: { deploymentName: 'signpost', buildId: 'v1.2.3' },
      },
    });
  });
});

describe('allow-lists', () => {
  it('allows no address and no URL by default with an external database', () => {
    expect(loadConfig(REAL)).toMatchObject({ allowAddresses: [], allowUrls: [] });
  });

  it('reads empty allow-lists as lists without entries', () => {
    const none = loadConfig({ SIGNPOST_ALLOW_ADDRESSES: '', SIGNPOST_ALLOW_URLS: ' ' });
    expect(none).toMatchObject({ allowAddresses: [], allowUrls: [] });
  });
});

describe('settings that depend on each other', () => {
  it('requires a master key with an external database, so that losing the data directory loses no secret', () => {
    expect(faultsOf({ ...REAL, SIGNPOST_MASTER_KEY: '' })).toEqual([
      `SIGNPOST_MASTER_KEY is not set, but required with DATABASE_URL: it must be ${SETTINGS.SIGNPOST_MASTER_KEY.expected}.`,
    ]);
    expect(faultsOf({ ...REAL, SIGNPOST_MASTER_KEY: 'short' })).toHaveLength(1);
  });

  it('refuses the same key as the current and the previous master key', () => {
    expect(faultsOf({ ...REAL, SIGNPOST_MASTER_KEY_PREVIOUS: MASTER_KEY })).toEqual([
      'SIGNPOST_MASTER_KEY_PREVIOUS is the same key as SIGNPOST_MASTER_KEY: set the other one, or none.',
    ]);
    expect(faultsOf({ ...REAL, SIGNPOST_MASTER_KEY_PREVIOUS: OTHERS.SIGNPOST_MASTER_KEY_PREVIOUS! })).toEqual([]);
  });

  const STRONG = '24 or more printable ASCII characters without spaces (openssl rand -hex 24)';
  it.each<[Env, string]>([
    [{ ...REAL }, 'with DATABASE_URL'],
    [{ SIGNPOST_HOST: '0.0.0.0' }, 'with SIGNPOST_HOST=0.0.0.0'],
    [{ SIGNPOST_HOST: '127.0.0.1.example' }, 'with SIGNPOST_HOST=127.0.0.1.example'],
  ])('requires a strong admin key unless Postgres is embedded and the host is loopback: %j', (env, where) => {
    const withKey = (key: string) => faultsOf({ ...env, SIGNPOST_ADMIN_KEY: key });
    const missing = `SIGNPOST_ADMIN_KEY is not set, but required ${where}: it must have ${STRONG}.`;
    expect(withKey('')).toEqual([missing]);
    expect(faultsOf({ ...env, SIGNPOST_ADMIN_KEY: '', SIGNPOST_ROLE: 'api' })).toEqual([missing]);
    expect(faultsOf({ ...env, SIGNPOST_ADMIN_KEY: '', SIGNPOST_ROLE: 'worker' })).toEqual([]);
    expect(withKey('k'.repeat(23))).toEqual([
      `SIGNPOST_ADMIN_KEY is too short ${where} (not shown): it must have ${STRONG}.`,
    ]);
    expect(withKey('k'.repeat(24))).toEqual([]);
  });

  it('allows loopback receivers and Play by default only on a loopback host', () => {
    const { allowAddresses, allowUrls, features } = loadConfig({
      SIGNPOST_HOST: '0.0.0.0',
      SIGNPOST_ADMIN_KEY: REAL.SIGNPOST_ADMIN_KEY,
    });
    expect({ allowAddresses, allowUrls }).toEqual({ allowAddresses: [], allowUrls: [] });
    expect(features.has('play')).toBe(false);
  });

  it.each(['127.0.0.1', '127.8.9.10', 'localhost', '::1'])('accepts a short or no admin key on %s', (host) => {
    expect(faultsOf({ SIGNPOST_HOST: host })).toEqual([]);
    expect(faultsOf({ SIGNPOST_HOST: host, SIGNPOST_ADMIN_KEY: 'short' })).toEqual([]);
  });

  it('requires DATABASE_URL with SIGNPOST_MIGRATION_DATABASE_URL', () => {
    expect(faultsOf({ SIGNPOST_MIGRATION_DATABASE_URL: REAL.DATABASE_URL })).toEqual([
      'SIGNPOST_MIGRATION_DATABASE_URL is set, but DATABASE_URL is not: set both, or neither.',
    ]);
    const config = loadConfig({ ...REAL, SIGNPOST_MIGRATION_DATABASE_URL: 'postgres://u@direct.example/signpost' });
    expect(config.migrationDatabaseUrl).toBe('postgres://u@direct.example/signpost');
  });

  it.each(['TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH'])(
    'requires both the client certificate and its key: only %s is set',
    (name) => {
      expect(faultsOf({ [name]: '/tls/x.pem' })).toEqual([
        'Only one of TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH is set: set both, or neither.',
      ]);
    },
  );

  it.each(['SIGNPOST_DEPLOYMENT_NAME', 'SIGNPOST_BUILD_ID'])(
    'requires both the deployment name and the build ID: only %s is set',
    (name) => {
      expect(faultsOf({ [name]: 'signpost' })).toEqual([
        'Only one of SIGNPOST_DEPLOYMENT_NAME and SIGNPOST_BUILD_ID is set: set both, or neither.',
      ]);
      const both = { SIGNPOST_DEPLOYMENT_NAME: 'signpost', SIGNPOST_BUILD_ID: 'v1.2.3' };
      expect(loadConfig(both).temporal.deployment).toEqual({ deploymentName: 'signpost', buildId: 'v1.2.3' });
      expect(loadConfig({}).temporal.deployment).toBeUndefined();
    },
  );
});
