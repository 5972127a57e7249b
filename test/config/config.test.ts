import path from 'node:path';
import { loadConfig } from '../../src/config';
import { maskedSummary } from '../../src/config/masked-summary';
import { SETTINGS } from '../../src/config/settings';
import { faultsOf } from '../support/config-faults';

type Env = Record<string, string>;

const MASTER_KEY = Buffer.alloc(32, 1).toString('base64');
const LANES = {
  fast: { slots: 100, perCustomer: 50, perSubscription: 25 },
  slow: { slots: 200, perCustomer: 50, perSubscription: 25 },
  controlSlots: 50,
  workflowTaskSlots: 200,
  workflowTaskPollers: 10,
  activityPollers: 10,
};
const REAL = {
  DATABASE_URL: 'postgres://signpost:hidden-password@db.example:5432/signpost',
  SIGNPOST_MASTER_KEY: MASTER_KEY,
  SIGNPOST_ADMIN_KEY: 'hidden-admin-key-of-24-ch',
};

const OIDC = {
  SIGNPOST_OIDC_ISSUER: 'https://other.example',
  SIGNPOST_OIDC_CLIENT_ID: 'other',
  SIGNPOST_OIDC_ROLES: 'other=admin',
};

/** A valid value of every setting, other than its default. */
const OTHERS: Env = {
  ...REAL,
  SIGNPOST_MASTER_KEY_PREVIOUS: Buffer.alloc(32, 2).toString('base64'),
  SIGNPOST_MIGRATION_DATABASE_URL: 'postgres://owner:hidden-password@direct.example:5432/signpost',
  SIGNPOST_PORT: '0',
  SIGNPOST_HOST: '::',
  SIGNPOST_ROLE: 'worker',
  SIGNPOST_ADMIN_KEY: 'an-admin-key-of-my-own-choice',
  SIGNPOST_METRICS_PORT: '9464',
  SIGNPOST_DENY_ADDRESSES: '10.1.0.0/16',
  SIGNPOST_HTTPS_ONLY: 'on',
  SIGNPOST_FEATURES: 'portal',
  SIGNPOST_PLAY: 'off',
  SIGNPOST_PORTAL_FRAME_ANCESTORS: 'https://shop.example, https://*.shop.example:8443,http://localhost:3000',
  SIGNPOST_EGRESS_PROXY: 'http://hidden-user:hidden-password@proxy.example:3128',
  SIGNPOST_DATA_DIR: '/var/lib/signpost',
  SIGNPOST_PUBLIC_URL: 'https://signpost.example/',
  SIGNPOST_ALLOW_ADDRESSES: ' 10.0.0.0/8 , fd00::/8,',
  SIGNPOST_ALLOW_URLS: 'hooks.example.com,https://*.example.com:8443/in',
  SIGNPOST_SHUTDOWN_GRACE_SECONDS: '0',
  SIGNPOST_BURST: 'off',
  SIGNPOST_OPERATIONAL_FAILING_PERCENTS: '80, 40,40',
  SIGNPOST_OPERATIONAL_BACKLOG_NOTIFICATIONS: '500',
  SIGNPOST_OPERATIONAL_QUIET_SECONDS: '60',
  SIGNPOST_OPERATIONAL_EVENTS_PER_MINUTE: '7',
  SIGNPOST_TRANSFORM_PROCESSES: '3',
  SIGNPOST_TRANSFORM_QUEUE: '300',
  SIGNPOST_DRY_RUN_PROCESSES: '1',
  SIGNPOST_DRY_RUN_QUEUE: '16',
  SIGNPOST_DNS_LOOKUPS: '500',
  SIGNPOST_DNS_LOOKUPS_PER_CUSTOMER: '5',
  SIGNPOST_HEAD_STARTS: '40',
  SIGNPOST_HEAD_STARTS_PER_SUBSCRIPTION: '10',
  SIGNPOST_HEAD_STARTS_PER_CUSTOMER: '20',
  SIGNPOST_HEAD_STARTS_PER_HOST: '30',
  SIGNPOST_START_QUEUE: '2000',
  SIGNPOST_START_QUEUE_PER_CUSTOMER: '1000',
  SIGNPOST_EVENTS_IN_HAND: '3000',
  SIGNPOST_REQUEST_MEMORY_MIB: '32',
  SIGNPOST_RETENTION_PAYLOAD_DAYS: '7',
  SIGNPOST_RETENTION_HISTORY_DAYS: '14',
  SIGNPOST_RETENTION_EVENT_ID_DAYS: '20',
  SIGNPOST_RETENTION_AUDIT_DAYS: '1000',
  SIGNPOST_LOG_LEVEL: 'debug',
  SIGNPOST_LIMIT_EVENTS: '1000',
  SIGNPOST_LIMIT_REQUESTS: '11',
  SIGNPOST_LIMIT_CUSTOMER_REQUESTS: '12',
  SIGNPOST_LIMIT_CHALLENGES: '4',
  SIGNPOST_LIMIT_TRIGGERS: '5',
  SIGNPOST_LIMIT_DRY_RUNS: '6',
  SIGNPOST_LIMIT_SET_UPS: '7',
  SIGNPOST_LIMIT_RESUMES: '8',
  SIGNPOST_LIMIT_SCHEMAS: '9',
  SIGNPOST_LIMIT_LARGE_BODIES_MIB: '10',
  SIGNPOST_QUOTA_SUBSCRIPTIONS: '1',
  SIGNPOST_QUOTA_EVENT_TYPES: '2',
  SIGNPOST_QUOTA_PORTAL_SESSIONS: '3',
  SIGNPOST_QUOTA_CREDENTIALS: '4',
  SIGNPOST_QUOTA_PLAY_INBOXES: '5',
  SIGNPOST_QUOTA_DEPLOYS: '6',
  SIGNPOST_TRUSTED_PROXIES: '10.0.0.1, fd00::/8',
  SIGNPOST_ALLOWED_HOSTS: 'hooks.internal.example, Signpost_1.',
  SIGNPOST_SESSION_IDLE_MINUTES: '15',
  SIGNPOST_SESSION_HOURS: '8',
  SIGNPOST_OIDC_ISSUER: 'https://id.example/realm',
  SIGNPOST_OIDC_CLIENT_ID: 'signpost',
  SIGNPOST_OIDC_CLIENT_SECRET: 'hidden-client-secret',
  SIGNPOST_OIDC_NAME: 'Example ID',
  SIGNPOST_OIDC_SCOPES: 'openid groups',
  SIGNPOST_OIDC_ROLE_CLAIM: 'roles',
  SIGNPOST_OIDC_ROLES: 'admins=admin, a=b=viewer,pay=product:payments,audit=viewer:payments',
  SIGNPOST_DATABASE_CONNECTIONS: '20',
  SIGNPOST_DATABASE_READ_CONNECTIONS: '12',
  SIGNPOST_READ_TIMEOUT_SECONDS: '30',
  SIGNPOST_DATASOURCE_LEDGER_DB_URL: 'postgres://reader:hidden-password@ledger.example/ledger',
  SIGNPOST_DATASOURCE_UNSET_URL: '',
  SIGNPOST_FAST_SLOTS: '200',
  SIGNPOST_FAST_SLOTS_PER_CUSTOMER: '70',
  SIGNPOST_FAST_SLOTS_PER_SUBSCRIPTION: '35',
  SIGNPOST_SLOW_SLOTS: '400',
  SIGNPOST_SLOW_SLOTS_PER_CUSTOMER: '80',
  SIGNPOST_SLOW_SLOTS_PER_SUBSCRIPTION: '40',
  SIGNPOST_CONTROL_SLOTS: '60',
  SIGNPOST_WORKFLOW_TASK_SLOTS: '300',
  SIGNPOST_WORKFLOW_TASK_POLLERS: '20',
  SIGNPOST_ACTIVITY_POLLERS: '30',
  OTEL_TRACES_EXPORTER: 'otlp',
  OTEL_SDK_DISABLED: 'true',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example:4318/',
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://hidden-user:hidden-password@traces.example/otlp',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
  OTEL_EXPORTER_OTLP_HEADERS: 'x-key=hidden-key,x-tenant=acme',
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-key=hidden%20key',
  OTEL_SERVICE_NAME: 'webhooks',
  OTEL_RESOURCE_ATTRIBUTES: 'service.name=other, deployment.environment.name=a%2Cb',
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: '0.25',
  TEMPORAL_ADDRESS: 'temporal.example:7233',
  TEMPORAL_NAMESPACE: 'webhooks',
  TEMPORAL_API_KEY: 'temporal-key',
  TEMPORAL_TLS_CLIENT_CERT_PATH: '/tls/cert.pem',
  TEMPORAL_TLS_CLIENT_KEY_PATH: '/tls/key.pem',
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/tls/ca.pem',
  TEMPORAL_TLS_SERVER_NAME: 'temporal.internal',
  TEMPORAL_UI_URL: 'https://temporal-ui.example/',
  TEMPORAL_CLI_PATH: '/usr/bin/temporal',
  SIGNPOST_DEPLOYMENT_NAME: 'signpost',
  SIGNPOST_BUILD_ID: 'v1.2.3',
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

/** Values that are refused. A setting without an entry takes any text. */
const BAD: Partial<Record<keyof typeof SETTINGS, string[]>> = {
  SIGNPOST_SESSION_IDLE_MINUTES: ['4', '1441', '5.5'],
  SIGNPOST_SESSION_HOURS: ['0', '169'],
  SIGNPOST_OIDC_ISSUER: ['id.example', 'http://id.example', 'ftp://id.example'],
  SIGNPOST_OIDC_NAME: ['x'.repeat(61)],
  SIGNPOST_OIDC_SCOPES: ['profile', 'openid  email', 'openid "x"'],
  SIGNPOST_OIDC_ROLES: ['admins', 'admins=root', 'pay=product', ','],
  SIGNPOST_DENY_ADDRESSES: ['10.0.0.1', '10.0.0.0/33'],
  SIGNPOST_HTTPS_ONLY: ['yes', 'true'],
  SIGNPOST_PORT: ['x', '-1', '65536', '80.5', '0x50', ' '],
  SIGNPOST_METRICS_PORT: ['x', '-1', '65536', '80.5', '0x50', ' '],
  SIGNPOST_ROLE: ['both', 'API', 'api '],
  SIGNPOST_ADMIN_KEY: ['a key with spaces', 'schlüssel'],
  SIGNPOST_BURST: ['true', 'ON'],
  OTEL_TRACES_EXPORTER: ['console', 'otlp,console'],
  OTEL_SDK_DISABLED: ['yes', '1'],
  OTEL_EXPORTER_OTLP_ENDPOINT: ['collector:4318', 'grpc://collector:4317'],
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ['collector', 'ftp://collector'],
  OTEL_EXPORTER_OTLP_PROTOCOL: ['grpc', 'json'],
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ['grpc', 'json'],
  OTEL_EXPORTER_OTLP_HEADERS: ['hidden-key', '=hidden-key', 'x-key=%hidden'],
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: ['hidden-key', 'x key=hidden'],
  OTEL_RESOURCE_ATTRIBUTES: ['production', 'a=%zz'],
  OTEL_TRACES_SAMPLER: ['always', 'jaeger_remote'],
  OTEL_TRACES_SAMPLER_ARG: ['1.5', '-1', '50%'],
  SIGNPOST_OPERATIONAL_FAILING_PERCENTS: ['0', '100', '50;70', '1,2,3,4,5,6'],
  SIGNPOST_OPERATIONAL_BACKLOG_NOTIFICATIONS: ['0', 'many'],
  SIGNPOST_OPERATIONAL_QUIET_SECONDS: ['-1', '604801'],
  SIGNPOST_OPERATIONAL_EVENTS_PER_MINUTE: ['0', '1001'],
  SIGNPOST_HEAD_STARTS: ['0', '7', 'many'],
  SIGNPOST_HEAD_STARTS_PER_SUBSCRIPTION: ['0', '10001'],
  SIGNPOST_HEAD_STARTS_PER_CUSTOMER: ['0', '1.5'],
  SIGNPOST_HEAD_STARTS_PER_HOST: ['0', '-1'],
  SIGNPOST_START_QUEUE: ['999', '1e5'],
  SIGNPOST_START_QUEUE_PER_CUSTOMER: ['99', 'none'],
  SIGNPOST_EVENTS_IN_HAND: ['999', '1000001'],
  SIGNPOST_REQUEST_MEMORY_MIB: ['15', '64MiB'],
  SIGNPOST_RETENTION_PAYLOAD_DAYS: ['0', '3651'],
  SIGNPOST_RETENTION_HISTORY_DAYS: ['0', '90d'],
  SIGNPOST_RETENTION_EVENT_ID_DAYS: ['0', '-1'],
  SIGNPOST_RETENTION_AUDIT_DAYS: ['0', '3651'],
  SIGNPOST_MASTER_KEY: ['short', Buffer.alloc(31).toString('base64'), Buffer.alloc(32).toString('hex')],
  SIGNPOST_FEATURES: ['all', 'portal,audit'],
  SIGNPOST_PLAY: ['yes', 'true'],
  SIGNPOST_EGRESS_PROXY: [
    'proxy.example:3128',
    'https://proxy.example',
    'http://proxy.example/path',
    'http://u:%zz@proxy.example',
  ],
  SIGNPOST_MASTER_KEY_PREVIOUS: ['short', Buffer.alloc(33).toString('base64')],
  SIGNPOST_PUBLIC_URL: [
    'signpost.example',
    'ftp://signpost.example',
    'https://signpost.example/signpost',
    'https://signpost.example/?a=b',
    'https://signpost.example/#a',
  ],
  SIGNPOST_ALLOW_ADDRESSES: ['127.0.0.1', '10.0.0.0/33', '10.0.0.0/8;11.0.0.0/8', 'all'],
  SIGNPOST_ALLOW_URLS: ['ftp://a.example', 'https://a.example,https://', 'https://a.example:99999'],
  SIGNPOST_SHUTDOWN_GRACE_SECONDS: ['30s', '-1', '3601'],
  SIGNPOST_TRANSFORM_PROCESSES: ['0', '65', 'two'],
  SIGNPOST_TRANSFORM_QUEUE: ['15', '100001'],
  SIGNPOST_DRY_RUN_PROCESSES: ['0', '65'],
  SIGNPOST_DRY_RUN_QUEUE: ['0', '15', '100001'],
  SIGNPOST_DNS_LOOKUPS: ['0', '10001', '1.5', 'many'],
  SIGNPOST_DNS_LOOKUPS_PER_CUSTOMER: ['0', '10001', '-1'],
  SIGNPOST_FAST_SLOTS: ['1', '10001', 'many'],
  SIGNPOST_FAST_SLOTS_PER_CUSTOMER: ['1', '10001'],
  SIGNPOST_FAST_SLOTS_PER_SUBSCRIPTION: ['1', '10001'],
  SIGNPOST_SLOW_SLOTS: ['1', '10001'],
  SIGNPOST_SLOW_SLOTS_PER_CUSTOMER: ['1', '10001'],
  SIGNPOST_SLOW_SLOTS_PER_SUBSCRIPTION: ['1', '10001'],
  SIGNPOST_CONTROL_SLOTS: ['1', '10001'],
  SIGNPOST_WORKFLOW_TASK_SLOTS: ['1', '10001'],
  SIGNPOST_WORKFLOW_TASK_POLLERS: ['1', '1001'],
  SIGNPOST_ACTIVITY_POLLERS: ['1', '1001'],
  SIGNPOST_LOG_LEVEL: ['loud', 'INFO'],
  SIGNPOST_LIMIT_EVENTS: ['999', 'off'],
  SIGNPOST_LIMIT_REQUESTS: ['9', 'off'],
  SIGNPOST_LIMIT_CUSTOMER_REQUESTS: ['9', 'off'],
  SIGNPOST_LIMIT_CHALLENGES: ['0', 'off'],
  SIGNPOST_LIMIT_TRIGGERS: ['0', 'off'],
  SIGNPOST_LIMIT_DRY_RUNS: ['0', 'off'],
  SIGNPOST_LIMIT_SET_UPS: ['0', 'off'],
  SIGNPOST_LIMIT_RESUMES: ['0', 'off'],
  SIGNPOST_LIMIT_SCHEMAS: ['0', 'off'],
  SIGNPOST_LIMIT_LARGE_BODIES_MIB: ['7', 'off'],
  SIGNPOST_QUOTA_SUBSCRIPTIONS: ['0', 'none'],
  SIGNPOST_QUOTA_EVENT_TYPES: ['0', 'none'],
  SIGNPOST_QUOTA_PORTAL_SESSIONS: ['0', 'none'],
  SIGNPOST_QUOTA_CREDENTIALS: ['0', 'none'],
  SIGNPOST_QUOTA_PLAY_INBOXES: ['0', 'none'],
  SIGNPOST_QUOTA_DEPLOYS: ['0', 'none'],
  SIGNPOST_TRUSTED_PROXIES: ['all', '10.0.0.0/33'],
  SIGNPOST_PORTAL_FRAME_ANCESTORS: [
    '*',
    'https://*',
    'http://shop.example',
    'https://shop.example/',
    'https://shop.example/a',
    "https://shop.example; script-src 'unsafe-inline'",
    "'self'",
    'shop.example',
    'data:',
  ],
  SIGNPOST_ALLOWED_HOSTS: ['a.example:8080', 'https://a.example', '*.example', 'a..b', '.', 'a b'],
  SIGNPOST_DATABASE_CONNECTIONS: ['0', '101'],
  SIGNPOST_DATABASE_READ_CONNECTIONS: ['0', 'all'],
  SIGNPOST_READ_TIMEOUT_SECONDS: ['0', '601'],
  'SIGNPOST_DATASOURCE_<NAME>_URL': [
    'db.example',
    'mysql:///x',
    'mysql://u:hidden-password@db.example/x?multipleStatements=true',
    'mysql://u:hidden-password@db.example/x?ssl-mode=some',
    'mariadb://u:hidden%ff@db.example/x',
    'mssql://u:hidden-password@db.example:70000/x',
    'sqlserver://u:hidden-password@db.example/x?encrypt=no',
    'sqlserver://u:hidden-password@db.example/x?encrypt=true&encrypt=false',
  ],
  DATABASE_URL: ['db.example', 'mysql://u:hidden-password@db.example/x', 'postgres://u:a/b+c=@db.example/x'],
  SIGNPOST_MIGRATION_DATABASE_URL: ['db.example', 'mysql://u:hidden-password@db.example/x'],
  SIGNPOST_DEPLOYMENT_NAME: ['sign.post', 'a b', 'x'.repeat(101)],
  SIGNPOST_BUILD_ID: ['a/b', 'ü', 'x'.repeat(101)],
  TEMPORAL_ADDRESS: ['https://temporal.example:7233', 'temporal.example:', 'a b'],
  TEMPORAL_UI_URL: ['temporal-ui.example', 'ftp://x.example'],
};
const ANY_TEXT: (keyof typeof SETTINGS)[] = [
  'SIGNPOST_OIDC_CLIENT_ID',
  'SIGNPOST_OIDC_CLIENT_SECRET',
  'SIGNPOST_OIDC_ROLE_CLAIM',
  'SIGNPOST_HOST',
  'SIGNPOST_DATA_DIR',
  'OTEL_SERVICE_NAME',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_SERVER_NAME',
  'TEMPORAL_CLI_PATH',
];

describe('invalid settings', () => {
  it('has bad examples, or takes any text, for every setting', () => {
    expect([...Object.keys(BAD), ...ANY_TEXT].sort()).toEqual(Object.keys(SETTINGS).sort());
  });

  const cases = Object.entries(BAD).flatMap(([name, values]) => values.map((value) => [name, value] as const));
  it.each(cases)('refuses %s with the value %j in one line that says what is expected', (name, value) => {
    const setting = SETTINGS[name as keyof typeof SETTINGS];
    const line =
      'secret' in setting
        ? `${name} has an invalid value (not shown): it must be ${setting.expected}.`
        : `${name} is ${JSON.stringify(value)}, but must be ${setting.expected}.`;
    expect(faultsOf({ [name]: value })).toEqual([line]);
  });

  it.each(['ledger', 'A__B', '_A', 'A-B'])(
    'refuses the data source name %s like an invalid data source URL',
    (name) => {
      const expected = `it must be ${SETTINGS['SIGNPOST_DATASOURCE_<NAME>_URL'].expected}.`;
      const variable = `SIGNPOST_DATASOURCE_${name}_URL`;
      expect(faultsOf({ [variable]: 'postgres://u:hidden@db.example/x', SIGNPOST_DATASOURCE_OK_URL: 'x' })).toEqual([
        `${variable} has an invalid value (not shown): ${expected}`,
        `SIGNPOST_DATASOURCE_OK_URL has an invalid value (not shown): ${expected}`,
      ]);
    },
  );

  it.each(['oracle', 'http', 'mongodb+srv'])('names the scheme %s of a data source that is not supported', (scheme) => {
    const { expected } = SETTINGS['SIGNPOST_DATASOURCE_<NAME>_URL'];
    expect(faultsOf({ SIGNPOST_DATASOURCE_A_URL: `${scheme}://u:hidden-password@db.example/x` })).toEqual([
      `SIGNPOST_DATASOURCE_A_URL has the unsupported scheme ${scheme}: it must be ${expected}.`,
    ]);
  });

  it.each([
    'postgresql://u:p@db.example/x?sslmode=require',
    'mysql://u:p%40@db.example:3307/x?ssl-mode=verify-identity',
    'mariadb://u:p@[::1]/x',
    'mssql://u:p@db.example/x?encrypt=true&trustServerCertificate=true',
    'sqlserver://u:p@db.example/x',
  ])('accepts the data source %s', (url) => {
    expect(faultsOf({ SIGNPOST_DATASOURCE_A_URL: url })).toEqual([]);
  });

  it('reports a value with line breaks in one line', () => {
    expect(faultsOf({ SIGNPOST_ROLE: 'api\nworker' })).toHaveLength(1);
  });

  it('reports all invalid settings together', () => {
    const faults = faultsOf({ SIGNPOST_PORT: 'x', SIGNPOST_ROLE: 'y', DATABASE_URL: 'z' });
    expect(faults.map((line) => line.split(' ')[0])).toEqual(['SIGNPOST_PORT', 'SIGNPOST_ROLE', 'DATABASE_URL']);
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

describe('configuration summary', () => {
  /** What a setting needs beside it. */
  const BESIDE: Partial<Record<string, Env>> = {
    SIGNPOST_HOST: { SIGNPOST_ADMIN_KEY: REAL.SIGNPOST_ADMIN_KEY },
    DATABASE_URL: { SIGNPOST_MASTER_KEY: MASTER_KEY, SIGNPOST_ADMIN_KEY: REAL.SIGNPOST_ADMIN_KEY },
    SIGNPOST_MIGRATION_DATABASE_URL: REAL,
    SIGNPOST_DEPLOYMENT_NAME: { SIGNPOST_DEPLOYMENT_NAME: 'other', SIGNPOST_BUILD_ID: 'a' },
    SIGNPOST_BUILD_ID: { SIGNPOST_DEPLOYMENT_NAME: 'other', SIGNPOST_BUILD_ID: 'a' },
    TEMPORAL_TLS_CLIENT_CERT_PATH: { TEMPORAL_TLS_CLIENT_CERT_PATH: 'a', TEMPORAL_TLS_CLIENT_KEY_PATH: 'a' },
    TEMPORAL_TLS_CLIENT_KEY_PATH: { TEMPORAL_TLS_CLIENT_CERT_PATH: 'a', TEMPORAL_TLS_CLIENT_KEY_PATH: 'a' },
    ...Object.fromEntries(
      Object.keys(SETTINGS)
        .filter((name) => name.startsWith('SIGNPOST_OIDC_'))
        .map((name) => [name, OIDC]),
    ),
    ...Object.fromEntries(
      Object.keys(SETTINGS)
        .filter((name) => name.startsWith('OTEL_') && name !== 'OTEL_TRACES_EXPORTER')
        .map((name) => [name, { OTEL_TRACES_EXPORTER: 'otlp', OTEL_TRACES_SAMPLER: 'traceidratio' }]),
    ),
  };
  const names = Object.keys(SETTINGS).map((name) => name.replace('<NAME>', 'LEDGER_DB'));

  it.each(names)('prints %s in the configuration summary', (name) => {
    const beside = BESIDE[name] ?? {};
    const without = JSON.stringify(maskedSummary(loadConfig(beside)));
    const withIt = JSON.stringify(maskedSummary(loadConfig({ ...beside, [name]: OTHERS[name]! })));
    expect(withIt).not.toBe(without);
    expect(withIt).not.toContain('hidden');
  });

  const secrets: Env = {
    ...REAL,
    SIGNPOST_ADMIN_KEY: 'hidden-admin-key-of-24-chars',
    TEMPORAL_API_KEY: 'hidden-temporal-key',
    DATABASE_URL: `${REAL.DATABASE_URL}?sslpassword=hidden-too`,
    SIGNPOST_MIGRATION_DATABASE_URL: 'postgres://owner:hidden-owner@db.example/signpost',
    SIGNPOST_DATASOURCE_LEDGER_URL: 'postgres://reader:hidden-reader@ledger.example/ledger?sslpassword=hidden-three',
  };

  it('prints no secret in the configuration summary', () => {
    const text = JSON.stringify(maskedSummary(loadConfig(secrets)));
    expect(text).not.toContain('hidden');
    expect(text).not.toContain(MASTER_KEY.slice(0, 20));
  });

  it('masks a database password given as a URL parameter', () => {
    const DATABASE_URL = 'postgresql://db.example/signpost?user=a&password=hidden';
    expect(JSON.stringify(maskedSummary(loadConfig({ ...REAL, DATABASE_URL })))).not.toContain('hidden');
  });

  it('shows which secrets are set and where the database is', () => {
    expect(maskedSummary(loadConfig(secrets))).toMatchObject({
      adminKey: '***',
      masterKey: '***',
      databaseUrl: 'postgres://signpost:***@db.example:5432/signpost',
      temporal: { address: 'embedded', apiKey: '***', tls: 'off' },
    });
    expect(maskedSummary(loadConfig({}))).toMatchObject({ adminKey: 'generated', databaseUrl: 'embedded' });
  });

  it('prints no secret in configuration errors', () => {
    const lines = faultsOf({
      DATABASE_URL: 'mysql://u:hidden@db/x',
      SIGNPOST_ADMIN_KEY: 'hidden key',
      SIGNPOST_MASTER_KEY: 'hidden',
    });
    expect(lines).toHaveLength(3);
    expect(lines.join('\n')).not.toContain('hidden');
  });
});
