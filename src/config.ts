import path from 'node:path';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { MASTER_KEY_BYTES } from './domain/master-key';
import { parseUrlPattern } from './domain/url-pattern';

/**
 * The settings: one entry per environment variable, in the order of docs/operators/configuration.md, which is generated from here.
 * An entry's schema reads the variable's text (or its absence) into the value the code uses.
 */
interface Setting<T> {
  schema: z.ZodType<T>;
  /** As shown in the docs and in error messages. */
  default: string;
  expected: string;
  meaning: string;
  secret?: boolean;
}

function setting<T>(schema: z.ZodType<T>, doc: Omit<Setting<T>, 'schema'>): Setting<T> {
  return { schema, ...doc };
}

const text = z.string().min(1).optional();
const integer = (min: number, max: number, fallback: number) =>
  z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(min).max(max)).default(fallback);
const list = (isValid: (entry: string) => boolean) =>
  z
    .string()
    .transform((value) =>
      value
        .split(',')
        .map((entry) => entry.trim())
        .filter(Boolean),
    )
    .refine((entries) => entries.every(isValid))
    .optional();

export const SETTINGS = {
  SIGNPOST_PORT: setting(integer(0, 65_535, 8080), {
    default: '8080',
    expected: 'a port, 0 to 65535 (0: any free one)',
    meaning: 'Port of the API and the UI.',
  }),
  SIGNPOST_HOST: setting(z.string().min(1).default('127.0.0.1'), {
    default: '127.0.0.1',
    expected: 'a host name or address',
    meaning: 'Address that the API listens on.',
  }),
  SIGNPOST_ROLE: setting(z.enum(['all', 'api', 'worker']).default('all'), {
    default: 'all',
    expected: '`all`, `api` or `worker`',
    meaning: 'What this process does: serve the API, run the worker, or both.',
  }),
  SIGNPOST_ADMIN_KEY: setting(
    z
      .string()
      .regex(/^[!-~]+$/)
      .optional(),
    {
      default: 'generated once into the data directory',
      expected: 'printable ASCII without spaces, better 16 characters or more',
      meaning: 'The first admin credential.',
      secret: true,
    },
  ),
  SIGNPOST_MASTER_KEY: setting(
    z
      .string()
      .transform((value) => Buffer.from(value, 'base64'))
      .refine((key) => key.length === MASTER_KEY_BYTES)
      .optional(),
    {
      default: 'generated once into the data directory (embedded Postgres only; required elsewhere)',
      expected: `base64 of ${MASTER_KEY_BYTES} bytes (openssl rand -base64 ${MASTER_KEY_BYTES})`,
      meaning: 'Encrypts secrets at rest.',
      secret: true,
    },
  ),
  SIGNPOST_DATA_DIR: setting(z.string().min(1).default('.signpost'), {
    default: '.signpost',
    expected: 'a directory',
    meaning: 'Embedded Postgres and Temporal, generated keys.',
  }),
  SIGNPOST_PUBLIC_URL: setting(z.url({ protocol: /^https?$/ }).optional(), {
    default: 'from host and port',
    expected: 'an http or https URL',
    meaning: 'Where clients reach the API: used in links.',
  }),
  SIGNPOST_ALLOW_ADDRESSES: setting(list(ipaddr.isValidCIDR), {
    default: 'none; `127.0.0.0/8,::1/128` with embedded Postgres',
    expected: 'CIDRs, separated by commas',
    meaning:
      'Address ranges that deliveries may reach although the address guard would refuse them. Set but empty means none.',
  }),
  SIGNPOST_ALLOW_URLS: setting(
    list((entry) => parseUrlPattern(entry) !== undefined),
    {
      default: 'none; `http://127.0.0.1:*,http://localhost:*` with embedded Postgres',
      expected: 'patterns `scheme://host[:port][/path-prefix]`, separated by commas',
      meaning:
        'Patterns that are on the URL allow-list without approval. `*` stands for any host, sub-domain label or port.',
    },
  ),
  SIGNPOST_SHUTDOWN_GRACE_SECONDS: setting(integer(0, 3600, 30), {
    default: '30',
    expected: 'seconds, 0 to 3600',
    meaning: 'On SIGTERM or SIGINT: how long attempts in flight may take to finish.',
  }),
  SIGNPOST_BURST: setting(z.enum(['on', 'off']).default('on'), {
    default: 'on',
    expected: '`on` or `off`',
    meaning:
      'Whether notifications that come faster than Temporal starts workflows may share one for their first attempts. `off`: each has its own, always.',
  }),
  SIGNPOST_LOG_LEVEL: setting(z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'), {
    default: 'info',
    expected: '`debug`, `info`, `warn`, `error` or `silent`',
    meaning: 'The least severe level that is logged.',
  }),
  DATABASE_URL: setting(z.url({ protocol: /^postgres(ql)?$/ }).optional(), {
    default: 'embedded',
    expected: 'postgres://user:password@host:port/database',
    meaning: 'A Postgres (15 or later) of your own.',
    secret: true,
  }),
  'SIGNPOST_DATASOURCE_<NAME>_URL': setting(z.url({ protocol: /^postgres(ql)?$/ }).optional(), {
    default: 'none',
    expected: 'postgres://user:password@host:port/database, and a name of A-Z, 0-9 and single _',
    meaning:
      'A Postgres that service definitions may read, one variable for each: `SIGNPOST_DATASOURCE_LEDGER_DB_URL` is the data source `ledger-db` (or `ledger_db`). Give every process the same, and use a role that can read only what may be sent.',
    secret: true,
  }),
  TEMPORAL_ADDRESS: setting(
    z
      .string()
      .regex(/^[^\s/:]+(:\d+)?$/)
      .optional(),
    { default: 'embedded', expected: 'host:port', meaning: 'A Temporal service of your own.' },
  ),
  TEMPORAL_NAMESPACE: setting(z.string().min(1).default('default'), {
    default: 'default',
    expected: 'a namespace that exists',
    meaning: 'Temporal namespace.',
  }),
  TEMPORAL_API_KEY: setting(text, {
    default: 'none',
    expected: 'an API key',
    meaning: 'API key for Temporal Cloud.',
    secret: true,
  }),
  TEMPORAL_TLS_CLIENT_CERT_PATH: setting(text, {
    default: 'none',
    expected: 'a PEM file',
    meaning: 'Client certificate for mutual TLS with Temporal.',
  }),
  TEMPORAL_TLS_CLIENT_KEY_PATH: setting(text, {
    default: 'none',
    expected: 'a PEM file',
    meaning: 'Key of the client certificate.',
  }),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: setting(text, {
    default: 'none',
    expected: 'a PEM file',
    meaning: 'Certificate authority of the Temporal service; setting it turns TLS on.',
  }),
  TEMPORAL_TLS_SERVER_NAME: setting(text, {
    default: 'from the address',
    expected: 'a host name',
    meaning: 'Name to expect in the certificate of the Temporal service.',
  }),
  TEMPORAL_UI_URL: setting(z.url({ protocol: /^https?$/ }).optional(), {
    default: "the embedded server's",
    expected: 'an http or https URL',
    meaning: 'Where operators reach the Temporal UI: used in links.',
  }),
  TEMPORAL_CLI_PATH: setting(text, {
    default: 'found or downloaded',
    expected: 'the path of the `temporal` command',
    meaning: 'The Temporal CLI that runs the embedded server.',
  }),
} satisfies Record<string, Setting<unknown>>;

type Settings = { [Name in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[Name]['schema']> };

export interface TlsPaths {
  clientCertPath?: string;
  clientKeyPath?: string;
  serverCaCertPath?: string;
  serverName?: string;
}

/** The configuration of one process. */
export interface Config {
  role: Settings['SIGNPOST_ROLE'];
  host: string;
  port: number;
  /** Absent: from host and the port that is listened on. */
  publicUrl?: string;
  adminKey?: string;
  masterKey?: Buffer;
  /** Absolute. */
  dataDir: string;
  allowAddresses: string[];
  allowUrls: string[];
  shutdownGraceSeconds: number;
  burst: boolean;
  logLevel: Settings['SIGNPOST_LOG_LEVEL'];
  /** Absent: embedded. */
  databaseUrl?: string;
  /** URLs of what service definitions read, by name (`ledger-db`). */
  dataSources: Record<string, string>;
  temporal: {
    /** Absent: embedded. */
    address?: string;
    namespace: string;
    apiKey?: string;
    tls?: TlsPaths;
    uiUrl?: string;
    cliPath?: string;
  };
}

/** One or more settings have a value that cannot be used. The message has a line for each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the configuration from environment variables.
 *
 * @throws ConfigError naming each bad variable, its value (masked if secret) and what is expected
 */
export function loadConfig(env: Record<string, string | undefined> = process.env): Config {
  const { settings, faults } = readSettings(env);
  const dataSources = readDataSources(env, faults);
  if (
    settings.DATABASE_URL !== undefined &&
    settings.SIGNPOST_MASTER_KEY === undefined &&
    !faults.some((line) => line.startsWith('SIGNPOST_MASTER_KEY'))
  ) {
    faults.push(
      `SIGNPOST_MASTER_KEY is not set: with DATABASE_URL it must be ${SETTINGS.SIGNPOST_MASTER_KEY.expected}.`,
    );
  }
  const { TEMPORAL_TLS_CLIENT_CERT_PATH: cert, TEMPORAL_TLS_CLIENT_KEY_PATH: key } = settings;
  if ((cert === undefined) !== (key === undefined)) {
    faults.push(
      'TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH belong together: set both of them, or none.',
    );
  }
  if (faults.length > 0) throw new ConfigError(faults.join('\n'));
  const embedded = settings.DATABASE_URL === undefined;
  return {
    role: settings.SIGNPOST_ROLE,
    host: settings.SIGNPOST_HOST,
    port: settings.SIGNPOST_PORT,
    publicUrl: settings.SIGNPOST_PUBLIC_URL?.replace(/\/+$/, ''),
    adminKey: settings.SIGNPOST_ADMIN_KEY,
    masterKey: settings.SIGNPOST_MASTER_KEY,
    dataDir: path.resolve(settings.SIGNPOST_DATA_DIR),
    allowAddresses: settings.SIGNPOST_ALLOW_ADDRESSES ?? (embedded ? ['127.0.0.0/8', '::1/128'] : []),
    allowUrls: settings.SIGNPOST_ALLOW_URLS ?? (embedded ? ['http://127.0.0.1:*', 'http://localhost:*'] : []),
    shutdownGraceSeconds: settings.SIGNPOST_SHUTDOWN_GRACE_SECONDS,
    burst: settings.SIGNPOST_BURST === 'on',
    logLevel: settings.SIGNPOST_LOG_LEVEL,
    databaseUrl: settings.DATABASE_URL,
    dataSources,
    temporal: {
      address: settings.TEMPORAL_ADDRESS,
      namespace: settings.TEMPORAL_NAMESPACE,
      apiKey: settings.TEMPORAL_API_KEY,
      tls: tlsPaths(settings),
      uiUrl: settings.TEMPORAL_UI_URL?.replace(/\/+$/, ''),
      cliPath: settings.TEMPORAL_CLI_PATH,
    },
  };
}

function readSettings(env: Record<string, string | undefined>): { settings: Settings; faults: string[] } {
  const faults: string[] = [];
  const settings: Record<string, unknown> = {};
  for (const [name, { schema, expected, secret }] of Object.entries<Setting<unknown>>(SETTINGS)) {
    const value = env[name];
    // An empty variable is an absent one, save for lists, where it says "none".
    const given = value === '' && !name.startsWith('SIGNPOST_ALLOW_') ? undefined : value;
    const result = schema.safeParse(given);
    if (result.success) settings[name] = result.data;
    else
      faults.push(
        `${name} is ${secret ? 'set to a value' : JSON.stringify(value)}, which cannot be used: expected ${expected}.`,
      );
  }
  return { settings: settings as Settings, faults };
}

const DATA_SOURCE = /^SIGNPOST_DATASOURCE_(.+)_URL$/;

/** The variables that have a name of the operator's in theirs. */
function readDataSources(env: Record<string, string | undefined>, faults: string[]): Record<string, string> {
  const { schema, expected } = SETTINGS['SIGNPOST_DATASOURCE_<NAME>_URL'];
  const dataSources: Record<string, string> = {};
  for (const [variable, value] of Object.entries(env)) {
    const name = DATA_SOURCE.exec(variable)?.[1];
    if (name === undefined || name === '<NAME>' || !value) continue;
    if (/^[A-Z0-9]+(_[A-Z0-9]+)*$/.test(name) && schema.safeParse(value).success)
      dataSources[name.toLowerCase().replaceAll('_', '-')] = value;
    else faults.push(`${variable} is set to a value, which cannot be used: expected ${expected}.`);
  }
  return dataSources;
}

function tlsPaths(settings: Settings): TlsPaths | undefined {
  const tls: TlsPaths = {
    clientCertPath: settings.TEMPORAL_TLS_CLIENT_CERT_PATH,
    clientKeyPath: settings.TEMPORAL_TLS_CLIENT_KEY_PATH,
    serverCaCertPath: settings.TEMPORAL_TLS_SERVER_CA_CERT_PATH,
    serverName: settings.TEMPORAL_TLS_SERVER_NAME,
  };
  return Object.values(tls).some((value) => value !== undefined) ? tls : undefined;
}

const MASKED = '***';

/** The configuration as it may be printed: secrets masked, a database URL without its password. */
export function maskedSummary(config: Config): Record<string, unknown> {
  return {
    role: config.role,
    host: config.host,
    port: config.port,
    publicUrl: config.publicUrl ?? 'from host and port',
    adminKey: config.adminKey === undefined ? 'generated' : MASKED,
    masterKey: config.masterKey === undefined ? 'generated' : MASKED,
    dataDir: config.dataDir,
    allowAddresses: config.allowAddresses,
    allowUrls: config.allowUrls,
    shutdownGraceSeconds: config.shutdownGraceSeconds,
    logLevel: config.logLevel,
    database: config.databaseUrl === undefined ? 'embedded' : maskUrl(config.databaseUrl),
    dataSources: Object.fromEntries(Object.entries(config.dataSources).map(([name, url]) => [name, maskUrl(url)])),
    temporal: {
      address: config.temporal.address ?? 'embedded',
      namespace: config.temporal.namespace,
      apiKey: config.temporal.apiKey === undefined ? 'not set' : MASKED,
      tls: config.temporal.tls ?? 'off',
      uiUrl: config.temporal.uiUrl ?? 'from the server',
    },
  };
}

function maskUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.password) parsed.password = MASKED;
  parsed.search = '';
  return parsed.toString();
}
