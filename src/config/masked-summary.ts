import type { Config } from './index';
import type { SignInConfig } from './sign-in-settings';
import type { TracingConfig } from './tracing-settings';

const MASKED = '***';

/**
 * The whole configuration for printing: secrets are masked, and so are the passwords of database
 * URLs. A field that is not named here is printed as it is, so none can be forgotten.
 */
export function maskedSummary(config: Config): Record<string, unknown> {
  const {
    metricsPort,
    publicUrl,
    adminKey,
    masterKey,
    previousMasterKey,
    databaseUrl,
    migrationDatabaseUrl,
    dataSources,
    egressProxy,
    tracing,
    features,
    temporal,
    signIn,
    ...open
  } = config;
  return {
    ...open,
    features: [...features],
    metricsPort: metricsPort ?? 'port',
    publicUrl: publicUrl ?? 'from host and port',
    adminKey: adminKey === undefined ? 'generated' : MASKED,
    masterKey: masterKey === undefined ? 'generated' : MASKED,
    previousMasterKey: previousMasterKey === undefined ? 'not set' : MASKED,
    signIn: maskedSignIn(signIn),
    databaseUrl: databaseUrl === undefined ? 'embedded' : maskUrl(databaseUrl),
    migrationDatabaseUrl: migrationDatabaseUrl === undefined ? 'the database' : maskUrl(migrationDatabaseUrl),
    // A user name alone is a token for some proxies.
    egressProxy: egressProxy === undefined ? 'none' : maskUrl(egressProxy.toString(), true),
    tracing: maskedTracing(tracing),
    dataSources: Object.fromEntries(Object.entries(dataSources).map(([name, url]) => [name, maskUrl(url)])),
    temporal: {
      ...temporal,
      address: temporal.address ?? 'embedded',
      apiKey: temporal.apiKey === undefined ? 'not set' : MASKED,
      tls: temporal.tls ?? 'off',
      uiUrl: temporal.uiUrl ?? 'from the server',
      cliPath: temporal.cliPath ?? 'found or downloaded',
      deployment: temporal.deployment ?? 'not versioned',
    },
  };
}

function maskedSignIn({ oidc, ...lives }: SignInConfig): Record<string, unknown> {
  const clientSecret = oidc?.clientSecret === undefined ? 'not set' : MASKED;
  return { ...lives, oidc: oidc ? { ...oidc, clientSecret } : 'off' };
}

function maskedTracing(tracing: TracingConfig | undefined): unknown {
  if (!tracing) return 'off';
  const headers = Object.fromEntries(Object.keys(tracing.headers).map((name) => [name, MASKED]));
  return { ...tracing, url: maskUrl(tracing.url, true), headers };
}

function maskUrl(url: string, withUser = false): string {
  const parsed = new URL(url);
  if (withUser && parsed.username) parsed.username = MASKED;
  if (parsed.password) parsed.password = MASKED;
  parsed.search = '';
  return parsed.toString();
}
