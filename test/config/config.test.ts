import path from 'node:path';
import { ConfigError, loadConfig, maskedSummary } from '../../src/config';
import { SETTINGS } from '../../src/config/settings';

type Env = Record<string, string>;

const MASTER_KEY = Buffer.alloc(32, 1).toString('base64');
const REAL = {
  DATABASE_URL: 'postgres://signpost:hidden-password@db.example:5432/signpost',
  SIGNPOST_MASTER_KEY: MASTER_KEY,
};

function faultsOf(env: Env): string[] {
  try {
    loadConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message.split('\n');
  }
  return [];
}

describe('without any setting', () => {
  it('everything is embedded, on the loopback address', () => {
    expect(loadConfig({})).toEqual({
      role: 'all',
      host: '127.0.0.1',
      port: 8080,
      publicUrl: undefined,
      adminKey: undefined,
      masterKey: undefined,
      dataDir: path.resolve('.signpost'),
      allowAddresses: ['127.0.0.0/8', '::1/128'],
      allowUrls: ['http://127.0.0.1:*', 'http://localhost:*'],
      shutdownGraceSeconds: 30,
      transforms: { processes: 2, maxWaiting: 1000 },
      dryRuns: { processes: 2, maxWaiting: 64 },
      burst: true,
      logLevel: 'info',
      databaseUrl: undefined,
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

  it('an empty variable is as good as none', () => {
    const lists = ['SIGNPOST_ALLOW_ADDRESSES', 'SIGNPOST_ALLOW_URLS'];
    const empty = Object.keys(SETTINGS).filter((name) => !lists.includes(name));
    expect(loadConfig(Object.fromEntries(empty.map((name) => [name, ''])))).toEqual(loadConfig({}));
  });
});

describe('a good value', () => {
  it('of each setting arrives where it is used', () => {
    const config = loadConfig({
      ...REAL,
      SIGNPOST_PORT: '0',
      SIGNPOST_HOST: '::',
      SIGNPOST_ROLE: 'worker',
      SIGNPOST_ADMIN_KEY: 'an-admin-key-of-mine',
      SIGNPOST_DATA_DIR: '/var/lib/signpost',
      SIGNPOST_PUBLIC_URL: 'https://signpost.example/',
      SIGNPOST_ALLOW_ADDRESSES: ' 10.0.0.0/8 , fd00::/8,',
      SIGNPOST_ALLOW_URLS: 'hooks.example.com,https://*.example.com:8443/in',
      SIGNPOST_SHUTDOWN_GRACE_SECONDS: '0',
      SIGNPOST_BURST: 'off',
      SIGNPOST_TRANSFORM_PROCESSES: '3',
      SIGNPOST_TRANSFORM_QUEUE: '300',
      SIGNPOST_DRY_RUN_PROCESSES: '1',
      SIGNPOST_DRY_RUN_QUEUE: '16',
      SIGNPOST_LOG_LEVEL: 'debug',
      SIGNPOST_DATASOURCE_LEDGER_DB_URL: 'postgres://reader:pw@ledger.example/ledger',
      SIGNPOST_DATASOURCE_UNSET_URL: '',
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_NAMESPACE: 'webhooks',
      TEMPORAL_API_KEY: 'temporal-key',
      TEMPORAL_TLS_CLIENT_CERT_PATH: '/tls/cert.pem',
      TEMPORAL_TLS_CLIENT_KEY_PATH: '/tls/key.pem',
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/tls/ca.pem',
      TEMPORAL_TLS_SERVER_NAME: 'temporal.internal',
      TEMPORAL_UI_URL: 'https://temporal-ui.example/',
      TEMPORAL_CLI_PATH: '/usr/bin/temporal',
    });
    expect(config).toEqual({
      role: 'worker',
      host: '::',
      port: 0,
      publicUrl: 'https://signpost.example',
      adminKey: 'an-admin-key-of-mine',
      masterKey: Buffer.alloc(32, 1),
      dataDir: '/var/lib/signpost',
      allowAddresses: ['10.0.0.0/8', 'fd00::/8'],
      allowUrls: ['hooks.example.com', 'https://*.example.com:8443/in'],
      shutdownGraceSeconds: 0,
      transforms: { processes: 3, maxWaiting: 300 },
      dryRuns: { processes: 1, maxWaiting: 16 },
      burst: false,
      logLevel: 'debug',
      databaseUrl: REAL.DATABASE_URL,
      dataSources: { 'ledger-db': 'postgres://reader:pw@ledger.example/ledger' },
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
      },
    });
  });
});

describe('the allow-lists', () => {
  it('are empty beside a real database', () => {
    expect(loadConfig(REAL)).toMatchObject({ allowAddresses: [], allowUrls: [] });
  });

  it('are none where they are set but empty', () => {
    const none = loadConfig({ SIGNPOST_ALLOW_ADDRESSES: '', SIGNPOST_ALLOW_URLS: ' ' });
    expect(none).toMatchObject({ allowAddresses: [], allowUrls: [] });
  });
});

/** Values that cannot be used; a setting that is not here takes any text. */
const BAD: Partial<Record<keyof typeof SETTINGS, string[]>> = {
  SIGNPOST_PORT: ['x', '-1', '65536', '80.5', '0x50', ' '],
  SIGNPOST_ROLE: ['both', 'API', 'api '],
  SIGNPOST_ADMIN_KEY: ['a key with spaces', 'schlüssel'],
  SIGNPOST_BURST: ['true', 'ON'],
  SIGNPOST_MASTER_KEY: ['short', Buffer.alloc(31).toString('base64'), Buffer.alloc(32).toString('hex')],
  SIGNPOST_PUBLIC_URL: ['signpost.example', 'ftp://signpost.example'],
  SIGNPOST_ALLOW_ADDRESSES: ['127.0.0.1', '10.0.0.0/33', '10.0.0.0/8;11.0.0.0/8', 'all'],
  SIGNPOST_ALLOW_URLS: ['ftp://a.example', 'https://a.example,https://', 'https://a.example:99999'],
  SIGNPOST_SHUTDOWN_GRACE_SECONDS: ['30s', '-1', '3601'],
  SIGNPOST_TRANSFORM_PROCESSES: ['0', '65', 'two'],
  SIGNPOST_TRANSFORM_QUEUE: ['15', '100001'],
  SIGNPOST_DRY_RUN_PROCESSES: ['0', '65'],
  SIGNPOST_DRY_RUN_QUEUE: ['0', '15', '100001'],
  SIGNPOST_LOG_LEVEL: ['loud', 'INFO'],
  'SIGNPOST_DATASOURCE_<NAME>_URL': ['db.example', 'mysql://u:hidden-password@db.example/x'],
  DATABASE_URL: ['db.example', 'mysql://u:hidden-password@db.example/x'],
  TEMPORAL_ADDRESS: ['https://temporal.example:7233', 'temporal.example:', 'a b'],
  TEMPORAL_UI_URL: ['temporal-ui.example', 'ftp://x.example'],
};
const ANY_TEXT: (keyof typeof SETTINGS)[] = [
  'SIGNPOST_HOST',
  'SIGNPOST_DATA_DIR',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_SERVER_NAME',
  'TEMPORAL_CLI_PATH',
];

describe('a bad value', () => {
  it('is thought of for every setting', () => {
    expect([...Object.keys(BAD), ...ANY_TEXT].sort()).toEqual(Object.keys(SETTINGS).sort());
  });

  const cases = Object.entries(BAD).flatMap(([name, values]) => values.map((value) => [name, value] as const));
  it.each(cases)('of %s, %j, stops the start with one line that says what is expected', (name, value) => {
    const setting = SETTINGS[name as keyof typeof SETTINGS];
    const shown = 'secret' in setting ? 'set to a value' : JSON.stringify(value);
    expect(faultsOf({ [name]: value })).toEqual([
      `${name} is ${shown}, which cannot be used: expected ${setting.expected}.`,
    ]);
  });

  it.each(['ledger', 'A__B', '_A', 'A-B'])(
    'of a data source, the name %s, is refused like a bad URL of one',
    (name) => {
      const expected = `expected ${SETTINGS['SIGNPOST_DATASOURCE_<NAME>_URL'].expected}.`;
      const variable = `SIGNPOST_DATASOURCE_${name}_URL`;
      expect(faultsOf({ [variable]: 'postgres://u:hidden@db.example/x', SIGNPOST_DATASOURCE_OK_URL: 'x' })).toEqual([
        `${variable} is set to a value, which cannot be used: ${expected}`,
        `SIGNPOST_DATASOURCE_OK_URL is set to a value, which cannot be used: ${expected}`,
      ]);
    },
  );

  it('stays one line where it has several', () => {
    expect(faultsOf({ SIGNPOST_ROLE: 'api\nworker' })).toHaveLength(1);
  });

  it('beside others is told with them', () => {
    const faults = faultsOf({ SIGNPOST_PORT: 'x', SIGNPOST_ROLE: 'y', DATABASE_URL: 'z' });
    expect(faults.map((line) => line.split(' ')[0])).toEqual(['SIGNPOST_PORT', 'SIGNPOST_ROLE', 'DATABASE_URL']);
  });
});

describe('settings that belong together', () => {
  it('a real database needs a master key, so that a lost data directory loses no secret', () => {
    expect(faultsOf({ DATABASE_URL: REAL.DATABASE_URL })).toEqual([
      `SIGNPOST_MASTER_KEY is not set: with DATABASE_URL it must be ${SETTINGS.SIGNPOST_MASTER_KEY.expected}.`,
    ]);
    expect(faultsOf({ ...REAL, SIGNPOST_MASTER_KEY: 'short' })).toHaveLength(1);
  });

  it.each(['TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH'])(
    'half a client certificate, %s, is none',
    (name) => {
      expect(faultsOf({ [name]: '/tls/x.pem' })).toEqual([
        'TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH belong together: set both of them, or none.',
      ]);
    },
  );
});

describe('the summary that is printed', () => {
  const secrets: Env = {
    ...REAL,
    SIGNPOST_ADMIN_KEY: 'hidden-admin-key-text',
    TEMPORAL_API_KEY: 'hidden-temporal-key',
    DATABASE_URL: `${REAL.DATABASE_URL}?sslpassword=hidden-too`,
    SIGNPOST_DATASOURCE_LEDGER_URL: 'postgres://reader:hidden-reader@ledger.example/ledger?sslpassword=hidden-three',
  };

  it('holds no secret', () => {
    const text = JSON.stringify(maskedSummary(loadConfig(secrets)));
    expect(text).not.toContain('hidden');
    expect(text).not.toContain(MASTER_KEY.slice(0, 20));
  });

  it('is not fooled by how the database URL carries its password', () => {
    const DATABASE_URL = 'postgresql://db.example/signpost?user=a&password=hidden';
    expect(JSON.stringify(maskedSummary(loadConfig({ ...REAL, DATABASE_URL })))).not.toContain('hidden');
  });

  it('says which secrets are set, and where the database is', () => {
    expect(maskedSummary(loadConfig(secrets))).toMatchObject({
      adminKey: '***',
      masterKey: '***',
      database: 'postgres://signpost:***@db.example:5432/signpost',
      temporal: { address: 'embedded', apiKey: '***', tls: 'off' },
    });
    expect(maskedSummary(loadConfig({}))).toMatchObject({ adminKey: 'generated', database: 'embedded' });
  });

  it('does not repeat a secret in an error either', () => {
    const lines = faultsOf({
      DATABASE_URL: 'mysql://u:hidden@db/x',
      SIGNPOST_ADMIN_KEY: 'hidden key',
      SIGNPOST_MASTER_KEY: 'hidden',
    });
    expect(lines).toHaveLength(3);
    expect(lines.join('\n')).not.toContain('hidden');
  });
});
