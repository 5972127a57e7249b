import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { MASTER_KEY_BYTES } from '../domain/master-key';
import { parseUrlPattern } from '../domain/url-pattern';
import { LANE_SETTINGS } from './lane-settings';
import { integer, setting, type Setting } from './setting';

const text = z.string().min(1).optional();

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

/** The settings, in the order of their documentation. */
export const SETTINGS = {
  SIGNPOST_PORT: setting(integer(0, 65_535, 8080), {
    default: '8080',
    expected: 'a port, 0 to 65535 (0: any free one)',
    meaning: 'Port of the API and the web UI.',
  }),
  SIGNPOST_HOST: setting(z.string().min(1).default('127.0.0.1'), {
    default: '127.0.0.1',
    expected: 'a host name or address',
    meaning: 'Address that the API listens on.',
  }),
  SIGNPOST_ROLE: setting(z.enum(['all', 'api', 'worker']).default('all'), {
    default: 'all',
    expected: '`all`, `api` or `worker`',
    meaning: 'What this process runs: the API, the worker, or both.',
  }),
  SIGNPOST_ADMIN_KEY: setting(
    z
      .string()
      .regex(/^[!-~]+$/)
      .optional(),
    {
      default: 'generated once into the data directory',
      expected: 'printable ASCII without spaces, preferably at least 16 characters',
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
      default: 'generated once into the data directory with embedded Postgres; otherwise required',
      expected: `base64 of ${MASTER_KEY_BYTES} bytes (openssl rand -base64 ${MASTER_KEY_BYTES})`,
      meaning: 'Key that encrypts secrets at rest.',
      secret: true,
    },
  ),
  SIGNPOST_DATA_DIR: setting(z.string().min(1).default('.signpost'), {
    default: '.signpost',
    expected: 'a directory',
    meaning: 'Directory of the embedded Postgres and Temporal, and of generated keys.',
  }),
  SIGNPOST_PUBLIC_URL: setting(z.url({ protocol: /^https?$/ }).optional(), {
    default: 'from host and port',
    expected: 'an http or https URL',
    meaning: 'URL at which clients reach the API. Used in links.',
  }),
  SIGNPOST_ALLOW_ADDRESSES: setting(list(ipaddr.isValidCIDR), {
    default: 'none; `127.0.0.0/8,::1/128` with embedded Postgres',
    expected: 'CIDRs, separated by commas',
    meaning: 'Address ranges that the address guard allows in addition to public addresses. An empty value means none.',
  }),
  SIGNPOST_ALLOW_URLS: setting(
    list((entry) => parseUrlPattern(entry) !== undefined),
    {
      default: 'none; `http://127.0.0.1:*,http://localhost:*` with embedded Postgres',
      expected: 'patterns `scheme://host[:port][/path-prefix]`, separated by commas',
      meaning:
        'URL patterns on the allow-list that need no approval. `*` stands for any host, subdomain label or port. An empty value means none.',
    },
  ),
  SIGNPOST_SHUTDOWN_GRACE_SECONDS: setting(integer(0, 3600, 30), {
    default: '30',
    expected: 'seconds, 0 to 3600',
    meaning: 'Grace period: how long the process waits for attempts in flight after SIGTERM or SIGINT.',
  }),
  SIGNPOST_BURST: setting(z.enum(['on', 'off']).default('on'), {
    default: 'on',
    expected: '`on` or `off`',
    meaning:
      'Whether notifications that arrive faster than Temporal starts workflows may share one workflow for their first attempts. With `off`, each notification always has its own workflow.',
  }),
  ...LANE_SETTINGS,
  SIGNPOST_LOG_LEVEL: setting(z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'), {
    default: 'info',
    expected: '`debug`, `info`, `warn`, `error` or `silent`',
    meaning: 'Lowest level that is logged.',
  }),
  DATABASE_URL: setting(z.url({ protocol: /^postgres(ql)?$/ }).optional(), {
    default: 'embedded',
    expected: 'postgres://user:password@host:port/database',
    meaning: 'URL of your own Postgres, version 15 or later.',
    secret: true,
  }),
  'SIGNPOST_DATASOURCE_<NAME>_URL': setting(z.url({ protocol: /^postgres(ql)?$/ }).optional(), {
    default: 'none',
    expected: 'postgres://user:password@host:port/database, with a name of A-Z, 0-9 and single underscores',
    meaning:
      'A Postgres that service definitions may read. Set one variable per data source: `SIGNPOST_DATASOURCE_LEDGER_DB_URL` defines the data source `ledger-db` (or `ledger_db`). Set the same variables in every process. Use a database role that can read only what may be sent.',
    secret: true,
  }),
  TEMPORAL_ADDRESS: setting(
    z
      .string()
      .regex(/^[^\s/:]+(:\d+)?$/)
      .optional(),
    { default: 'embedded', expected: 'host:port', meaning: 'Address of your own Temporal service.' },
  ),
  TEMPORAL_NAMESPACE: setting(z.string().min(1).default('default'), {
    default: 'default',
    expected: 'an existing namespace',
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
    meaning: 'Private key of the client certificate.',
  }),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: setting(text, {
    default: 'none',
    expected: 'a PEM file',
    meaning: 'CA certificate of the Temporal service. Setting it turns TLS on.',
  }),
  TEMPORAL_TLS_SERVER_NAME: setting(text, {
    default: 'from the address',
    expected: 'a host name',
    meaning: 'Host name expected in the certificate of the Temporal service.',
  }),
  TEMPORAL_UI_URL: setting(z.url({ protocol: /^https?$/ }).optional(), {
    default: "the embedded server's",
    expected: 'an http or https URL',
    meaning: 'URL at which operators reach the Temporal UI. Used in links.',
  }),
  TEMPORAL_CLI_PATH: setting(text, {
    default: 'found or downloaded',
    expected: 'the path of the `temporal` command',
    meaning: 'Path of the Temporal CLI, which runs the embedded server.',
  }),
} satisfies Record<string, Setting<unknown>>;
