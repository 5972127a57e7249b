import path from 'node:path';
import { boundsOf, type Bounds } from './bounds';
import { isDataSourceScheme } from '../domain/data-source-url';
import type { DeploymentVersion } from '../domain/deployment';
import type { Feature } from '../domain/features';
import { deploymentOf } from './deployment-settings';
import { featuresOf } from './feature-settings';
import { laneConfig, type LaneConfig } from './lane-settings';
import type { OperationalRules } from '../domain/operational-events';
import { operationalRules } from './operational-settings';
import type { RetentionDays } from '../domain/retention';
import { retentionOf } from './retention-settings';
import { brokenRules, isLocal } from './rules';
import { readSecret } from './secret-files';
import type { Setting } from './setting';
import { SETTINGS, type Settings } from './settings';
import { signInConfig, type SignInConfig } from './sign-in-settings';
import { tlsPaths, type TlsPaths } from './tls-paths';
import { tracingOf, type TracingConfig } from './tracing-settings';

/** The configuration of one process. */
export interface Config {
  role: Settings['SIGNPOST_ROLE'];
  host: string;
  port: number;
  /** Absent: metrics are served on `port`. */
  metricsPort?: number;
  /** Absent: derived from the host and the port that the server listens on. */
  publicUrl?: string;
  /** Further names that clients may use for this service; `*` for any. */
  allowedHosts: string[];
  adminKey?: string;
  masterKey?: Buffer;
  /** Set during a rotation. */
  previousMasterKey?: Buffer;
  signIn: SignInConfig;
  /** Origins whose pages may frame the portal. */
  portalFrameAncestors: string[];
  /** An absolute path. */
  dataDir: string;
  allowAddresses: string[];
  denyAddresses: string[];
  httpsOnly: boolean;
  /** Absent: no proxy. */
  egressProxy?: URL;
  allowUrls: string[];
  shutdownGraceSeconds: number;
  burst: boolean;
  /** Bounds of the child processes that evaluate transforms. */
  transforms: { processes: number; maxWaiting: number };
  dryRuns: { processes: number; maxWaiting: number };
  /** Bounds of concurrent name look-ups. */
  dnsLookups: { total: number; perCustomer: number };
  lanes: LaneConfig;
  logLevel: Settings['SIGNPOST_LOG_LEVEL'];
  /** Absent: traces are off. */
  tracing?: TracingConfig;
  /** Absent: embedded. */
  databaseUrl?: string;
  /** Absent: `databaseUrl`. */
  migrationDatabaseUrl?: string;
  database: { connections: number; readConnections: number; readTimeoutSeconds: number };
  bounds: Bounds;
  retention: RetentionDays;
  operational: OperationalRules;
  /** Allowances of credentials and customers. */
  limits: {
    events: number;
    requests: number;
    customerRequests: number;
    challenges: number;
    triggers: number;
    dryRuns: number;
    setUps: number;
    resumes: number;
    schemas: number;
    largeBodies: number;
  };
  /** Objects that one owner may have. */
  quotas: {
    subscriptions: number;
    eventTypes: number;
    portalSessions: number;
    credentials: number;
    playInboxes: number;
    deploys: number;
  };
  trustedProxies: string[];
  features: ReadonlySet<Feature>;
  /** URLs of the data sources for service definitions, by name (`ledger-db`). */
  dataSources: Record<string, string>;
  temporal: {
    /** Absent: embedded. */
    address?: string;
    namespace: string;
    apiKey?: string;
    /** File that the API key came from; it is read again. */
    apiKeyFile?: string;
    tls?: TlsPaths;
    uiUrl?: string;
    cliPath?: string;
    /** Absent: workers are not versioned. */
    deployment?: DeploymentVersion;
  };
}

/** One or more settings are missing or invalid. The message has one line per setting. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the configuration from environment variables, and from the files that they name.
 *
 * @throws ConfigError naming each invalid variable, its value (unless secret) and what is expected
 */
export function loadConfig(env: Record<string, string | undefined> = process.env): Config {
  const { settings, faults } = readSettings(env);
  const dataSources = readDataSources(env, faults);
  // A file that cannot be read is a fault of its setting.
  const invalid = faults.map((line) => line.split(' ')[0]!.replace(/_FILE$/, ''));
  faults.push(...brokenRules(settings, new Set(invalid)));
  if (faults.length > 0) throw new ConfigError(faults.join('\n'));
  const local = isLocal(settings);
  return {
    role: settings.SIGNPOST_ROLE,
    host: settings.SIGNPOST_HOST,
    port: settings.SIGNPOST_PORT,
    metricsPort: settings.SIGNPOST_METRICS_PORT,
    publicUrl: settings.SIGNPOST_PUBLIC_URL?.replace(/\/+$/, ''),
    allowedHosts: settings.SIGNPOST_ALLOWED_HOSTS ?? [],
    adminKey: settings.SIGNPOST_ADMIN_KEY,
    masterKey: settings.SIGNPOST_MASTER_KEY,
    previousMasterKey: settings.SIGNPOST_MASTER_KEY_PREVIOUS,
    signIn: signInConfig(settings),
    portalFrameAncestors: settings.SIGNPOST_PORTAL_FRAME_ANCESTORS ?? [],
    dataDir: path.resolve(settings.SIGNPOST_DATA_DIR),
    allowAddresses: settings.SIGNPOST_ALLOW_ADDRESSES ?? (local ? ['127.0.0.0/8', '::1/128'] : []),
    denyAddresses: settings.SIGNPOST_DENY_ADDRESSES ?? [],
    httpsOnly: settings.SIGNPOST_HTTPS_ONLY === 'on',
    egressProxy: settings.SIGNPOST_EGRESS_PROXY,
    allowUrls: settings.SIGNPOST_ALLOW_URLS ?? (local ? ['http://127.0.0.1:*', 'http://localhost:*'] : []),
    shutdownGraceSeconds: settings.SIGNPOST_SHUTDOWN_GRACE_SECONDS,
    burst: settings.SIGNPOST_BURST === 'on',
    transforms: { processes: settings.SIGNPOST_TRANSFORM_PROCESSES, maxWaiting: settings.SIGNPOST_TRANSFORM_QUEUE },
    dryRuns: { processes: settings.SIGNPOST_DRY_RUN_PROCESSES, maxWaiting: settings.SIGNPOST_DRY_RUN_QUEUE },
    dnsLookups: { total: settings.SIGNPOST_DNS_LOOKUPS, perCustomer: settings.SIGNPOST_DNS_LOOKUPS_PER_CUSTOMER },
    lanes: laneConfig(settings),
    logLevel: settings.SIGNPOST_LOG_LEVEL,
    tracing: tracingOf(settings),
    databaseUrl: settings.DATABASE_URL,
    migrationDatabaseUrl: settings.SIGNPOST_MIGRATION_DATABASE_URL,
    database: {
      connections: settings.SIGNPOST_DATABASE_CONNECTIONS,
      readConnections: settings.SIGNPOST_DATABASE_READ_CONNECTIONS,
      readTimeoutSeconds: settings.SIGNPOST_READ_TIMEOUT_SECONDS,
    },
    bounds: boundsOf(settings),
    retention: retentionOf(settings),
    operational: operationalRules(settings),
    limits: {
      events: settings.SIGNPOST_LIMIT_EVENTS,
      requests: settings.SIGNPOST_LIMIT_REQUESTS,
      customerRequests: settings.SIGNPOST_LIMIT_CUSTOMER_REQUESTS,
      challenges: settings.SIGNPOST_LIMIT_CHALLENGES,
      triggers: settings.SIGNPOST_LIMIT_TRIGGERS,
      dryRuns: settings.SIGNPOST_LIMIT_DRY_RUNS,
      setUps: settings.SIGNPOST_LIMIT_SET_UPS,
      resumes: settings.SIGNPOST_LIMIT_RESUMES,
      schemas: settings.SIGNPOST_LIMIT_SCHEMAS,
      largeBodies: settings.SIGNPOST_LIMIT_LARGE_BODIES_MIB,
    },
    quotas: {
      subscriptions: settings.SIGNPOST_QUOTA_SUBSCRIPTIONS,
      eventTypes: settings.SIGNPOST_QUOTA_EVENT_TYPES,
      portalSessions: settings.SIGNPOST_QUOTA_PORTAL_SESSIONS,
      credentials: settings.SIGNPOST_QUOTA_CREDENTIALS,
      playInboxes: settings.SIGNPOST_QUOTA_PLAY_INBOXES,
      deploys: settings.SIGNPOST_QUOTA_DEPLOYS,
    },
    trustedProxies: settings.SIGNPOST_TRUSTED_PROXIES ?? [],
    features: featuresOf(settings.SIGNPOST_FEATURES, (settings.SIGNPOST_PLAY ?? (local ? 'on' : 'off')) === 'on'),
    dataSources,
    temporal: {
      address: settings.TEMPORAL_ADDRESS,
      namespace: settings.TEMPORAL_NAMESPACE,
      apiKey: settings.TEMPORAL_API_KEY,
      apiKeyFile: env.TEMPORAL_API_KEY_FILE || undefined,
      tls: tlsPaths(settings),
      uiUrl: settings.TEMPORAL_UI_URL?.replace(/\/+$/, ''),
      cliPath: settings.TEMPORAL_CLI_PATH,
      deployment: deploymentOf(settings),
    },
  };
}

function readSettings(env: Record<string, string | undefined>): { settings: Settings; faults: string[] } {
  const faults: string[] = [];
  const settings: Record<string, unknown> = {};
  for (const [name, { schema, expected, secret, emptyMeansNone }] of Object.entries<Setting<unknown>>(SETTINGS)) {
    const { value, fault }: ReturnType<typeof readSecret> = secret ? readSecret(env, name) : { value: env[name] };
    if (fault) faults.push(fault);
    const given = value === '' && !emptyMeansNone ? undefined : value;
    const result = schema.safeParse(given);
    if (result.success) settings[name] = result.data;
    else
      faults.push(
        secret ? invalidSecret(name, expected) : `${name} is ${JSON.stringify(value)}, but must be ${expected}.`,
      );
  }
  return { settings: settings as Settings, faults };
}

/** An error line that does not show the value. */
function invalidSecret(name: string, expected: string): string {
  return `${name} has an invalid value (not shown): it must be ${expected}.`;
}

const DATA_SOURCE = /^(SIGNPOST_DATASOURCE_(.+)_URL)(?:_FILE)?$/;

/** Reads the data sources: the operator chooses part of each variable's name. */
function readDataSources(env: Record<string, string | undefined>, faults: string[]): Record<string, string> {
  const { schema, expected } = SETTINGS['SIGNPOST_DATASOURCE_<NAME>_URL'];
  const dataSources: Record<string, string> = {};
  const names = new Map<string, string>();
  for (const given of Object.keys(env)) {
    const [, variable, name] = DATA_SOURCE.exec(given) ?? [];
    if (variable !== undefined && name !== undefined) names.set(variable, name);
  }
  for (const [variable, name] of names) {
    if (name === '<NAME>') continue;
    const { value, fault } = readSecret(env, variable);
    if (fault) faults.push(fault);
    if (!value) continue;
    if (/^[A-Z0-9]+(_[A-Z0-9]+)*$/.test(name) && schema.safeParse(value).success)
      dataSources[name.toLowerCase().replaceAll('_', '-')] = value;
    else faults.push(schemeFault(variable, value, expected) ?? invalidSecret(variable, expected));
  }
  return dataSources;
}

/** Names the scheme of a URL of another database, which is no secret. */
function schemeFault(variable: string, value: string, expected: string): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]{0,30}):\/\//i.exec(value)?.[1];
  if (scheme === undefined || isDataSourceScheme(scheme)) return undefined;
  return `${variable} has the unsupported scheme ${scheme}: it must be ${expected}.`;
}
