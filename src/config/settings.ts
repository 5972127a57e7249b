import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { MASTER_KEY_BYTES } from '../domain/master-key';
import { parseUrlPattern } from '../domain/url-pattern';

/**
 * The settings: one entry per environment variable, in the order of docs/operators/configuration.md, which is generated from here.
 * An entry's schema reads the variable's text (or its absence) into the value the code uses.
 */
export interface Setting<T> {
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
  SIGNPOST_TRANSFORM_PROCESSES: setting(integer(1, 64, 2), {
    default: '2',
    expected: 'a number, 1 to 64',
    meaning:
      'Child processes that evaluate the transforms of deliveries, each with up to 64 MB of heap. One customer uses all but one of them.',
  }),
  SIGNPOST_TRANSFORM_QUEUE: setting(integer(16, 100_000, 1000), {
    default: '1000',
    expected: 'a number, 16 to 100000',
    meaning:
      'How many evaluations of deliveries may wait for a process, counting each 64 KiB of their data as one. Beyond it the customer with the most is put off.',
  }),
  SIGNPOST_DRY_RUN_PROCESSES: setting(integer(1, 64, 2), {
    default: '2',
    expected: 'a number, 1 to 64',
    meaning: 'Child processes for dry runs and for checking transforms before they are saved.',
  }),
  SIGNPOST_DRY_RUN_QUEUE: setting(integer(16, 100_000, 64), {
    default: '64',
    expected: 'a number, 16 to 100000',
    meaning:
      'How many dry runs and checks may wait for a process, counted in the same way. Beyond it the customer with the most gets 429.',
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
