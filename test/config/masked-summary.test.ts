import { loadConfig } from '../../src/config';
import { maskedSummary } from '../../src/config/masked-summary';
import { SETTINGS } from '../../src/config/settings';
import { faultsOf } from '../support/config-faults';
import { MASTER_KEY, OTHERS, REAL, type Env } from '../support/setting-values';

const OIDC = {
  SIGNPOST_OIDC_ISSUER: 'https://other.example',
  SIGNPOST_OIDC_CLIENT_ID: 'other',
  SIGNPOST_OIDC_ROLES: 'other=admin',
};

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
