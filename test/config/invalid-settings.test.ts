import { SETTINGS } from '../../src/config/settings';
import { faultsOf } from '../support/config-faults';

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
