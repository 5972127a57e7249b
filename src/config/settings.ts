import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { isDataSourceUrl } from '../domain/data-source-url';
import { ADDRESS_SETTINGS } from './address-settings';
import { BOUND_SETTINGS } from './bounds';
import { FEATURE_SETTINGS } from './feature-settings';
import { HOST_SETTINGS } from './host-settings';
import { LANE_SETTINGS } from './lane-settings';
import { MASTER_KEY_SETTINGS } from './master-key-settings';
import { OPERATIONAL_SETTINGS } from './operational-settings';
import { PORTAL_SETTINGS } from './portal-settings';
import { RETENTION_SETTINGS } from './retention-settings';
import { SIGN_IN_SETTINGS } from './sign-in-settings';
import { TRACING_SETTINGS } from './tracing-settings';
import { integer, list, optionalInteger, setting, type Setting } from './setting';
import { TEMPORAL_SETTINGS } from './temporal-settings';

const isAddressOrCidr = (entry: string) => ipaddr.isValid(entry) || ipaddr.isValidCIDR(entry);

/** All settings. docs/operators/configuration.md is generated from them, in the same order. */
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
      default:
        'generated once into the data directory if Postgres is embedded and the host is loopback; otherwise required',
      expected:
        'printable ASCII without spaces; 24 characters or more unless Postgres is embedded and the host is loopback',
      meaning: 'The first admin credential. A process with the role `worker` needs none.',
      secret: true,
    },
  ),
  ...MASTER_KEY_SETTINGS,
  SIGNPOST_DATA_DIR: setting(z.string().min(1).default('.signpost'), {
    default: '.signpost',
    expected: 'a directory',
    meaning: 'Directory of the embedded Postgres and Temporal, and of generated keys.',
  }),
  SIGNPOST_METRICS_PORT: setting(optionalInteger(0, 65_535), {
    default: 'none: `/metrics` is on the port of the API',
    expected: 'a port, 0 to 65535 (0: any free one)',
    meaning: 'Port of `/metrics`. With it, the port of the API has no metrics.',
  }),
  ...HOST_SETTINGS,
  ...SIGN_IN_SETTINGS,
  ...ADDRESS_SETTINGS,
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
  ...FEATURE_SETTINGS,
  ...PORTAL_SETTINGS,
  ...LANE_SETTINGS,
  ...BOUND_SETTINGS,
  SIGNPOST_TRUSTED_PROXIES: setting(list(isAddressOrCidr), {
    default: 'none',
    expected: 'addresses or CIDRs, separated by commas',
    meaning:
      'Proxies whose `X-Forwarded-For` names the address of a caller. Invalid credentials are counted for that address. Without it, all callers behind a proxy share one count. Their `X-Forwarded-Host` must be a host that is allowed, as `Host` must.',
  }),
  SIGNPOST_LIMIT_EVENTS: setting(integer(1000, 10_000_000, 50_000), {
    default: '50000',
    expected: 'a number, 1000 to 10000000',
    meaning: 'Events that one credential may post to one process in 10 seconds. Past a limit, the API returns 429.',
  }),
  SIGNPOST_LIMIT_REQUESTS: setting(integer(10, 1_000_000, 3000), {
    default: '3000',
    expected: 'a number, 10 to 1000000',
    meaning: 'Other requests that one credential may make of one process in 10 seconds.',
  }),
  SIGNPOST_LIMIT_CUSTOMER_REQUESTS: setting(integer(10, 1_000_000, 1000), {
    default: '1000',
    expected: 'a number, 10 to 1000000',
    meaning:
      'Requests that all credentials and portal sessions of one customer together may make of one process in 10 seconds.',
  }),
  SIGNPOST_LIMIT_CHALLENGES: setting(integer(1, 100_000, 60), {
    default: '60',
    expected: 'a number, 1 to 100000',
    meaning: 'Challenges of one customer in a minute and process. A subscription has at most 10 of them.',
  }),
  SIGNPOST_LIMIT_TRIGGERS: setting(integer(1, 100_000, 300), {
    default: '300',
    expected: 'a number, 1 to 100000',
    meaning: 'Manually triggered notifications of one customer in a minute and process.',
  }),
  SIGNPOST_LIMIT_DRY_RUNS: setting(integer(1, 100_000, 300), {
    default: '300',
    expected: 'a number, 1 to 100000',
    meaning: 'Dry runs of transforms for one customer in a minute and process.',
  }),
  SIGNPOST_LIMIT_SET_UPS: setting(integer(1, 100_000, 60), {
    default: '60',
    expected: 'a number, 1 to 100000',
    meaning: "Calls that set up all of one customer's subscriptions, in a minute and process.",
  }),
  SIGNPOST_LIMIT_RESUMES: setting(integer(1, 100_000, 60), {
    default: '60',
    expected: 'a number, 1 to 100000',
    meaning:
      'Activity streams that one credential, or one customer, may resume in a minute and process. Resuming reads what was missed.',
  }),
  SIGNPOST_LIMIT_SCHEMAS: setting(integer(1, 100_000, 600), {
    default: '600',
    expected: 'a number, 1 to 100000',
    meaning: 'Event types with a schema that one product may write in a minute and process.',
  }),
  SIGNPOST_LIMIT_LARGE_BODIES_MIB: setting(integer(8, 100_000, 128), {
    default: '128',
    expected: 'a number, 8 to 100000',
    meaning:
      'Request and response bodies above 16 KiB of one product, customer or credential, in MiB in 10 seconds and process.',
  }),
  SIGNPOST_QUOTA_SUBSCRIPTIONS: setting(integer(1, 1_000_000, 1000), {
    default: '1000',
    expected: 'a number, 1 to 1000000',
    meaning: 'Subscriptions that one customer may have; on a shared customer, per product.',
  }),
  SIGNPOST_QUOTA_EVENT_TYPES: setting(integer(1, 1_000_000, 2000), {
    default: '2000',
    expected: 'a number, 1 to 1000000',
    meaning: 'Event types that one product may have, except archived ones.',
  }),
  SIGNPOST_QUOTA_PORTAL_SESSIONS: setting(integer(1, 1_000_000, 1000), {
    default: '1000',
    expected: 'a number, 1 to 1000000',
    meaning: 'Portal sessions of one customer that have not expired.',
  }),
  SIGNPOST_QUOTA_CREDENTIALS: setting(integer(1, 1_000_000, 200), {
    default: '200',
    expected: 'a number, 1 to 1000000',
    meaning:
      'API keys and OAuth clients that are not revoked: of one product, of one customer, and of the installation.',
  }),
  SIGNPOST_QUOTA_PLAY_INBOXES: setting(integer(1, 1000, 10), {
    default: '10',
    expected: 'a number, 1 to 1000',
    meaning: 'Inboxes of Play that one customer may have; on a shared customer, per product.',
  }),
  SIGNPOST_QUOTA_DEPLOYS: setting(integer(1, 100_000, 200), {
    default: '200',
    expected: 'a number, 1 to 100000',
    meaning:
      'Deploys that one customer, or one product for itself, may mark in 24 hours; on a shared customer, per product.',
  }),
  SIGNPOST_DNS_LOOKUPS: setting(integer(1, 10_000, 256), {
    default: '256',
    expected: 'a number, 1 to 10000',
    meaning: 'Name look-ups for deliveries and challenges that the process makes concurrently.',
  }),
  SIGNPOST_DNS_LOOKUPS_PER_CUSTOMER: setting(integer(1, 10_000, 16), {
    default: '16',
    expected: 'a number, 1 to 10000',
    meaning: 'How many of these one customer may have at a time. Others of the customer wait for them.',
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
    meaning: 'Lowest level that is logged.',
  }),
  ...TRACING_SETTINGS,
  DATABASE_URL: setting(z.url({ protocol: /^postgres(ql)?$/ }).optional(), {
    default: 'embedded',
    expected: 'postgres://user:password@host:port/database, with special characters of the password percent-encoded',
    meaning: 'URL of your own Postgres, version 15 or later.',
    secret: true,
  }),
  SIGNPOST_MIGRATION_DATABASE_URL: setting(z.url({ protocol: /^postgres(ql)?$/ }).optional(), {
    default: '`DATABASE_URL`',
    expected: 'postgres://user:password@host:port/database, with special characters of the password percent-encoded',
    meaning:
      'URL at which a starting process migrates the schema and builds indexes. Set it to Postgres itself if `DATABASE_URL` leads to a pooler. The database and the user must be the same.',
    secret: true,
  }),
  SIGNPOST_DATABASE_CONNECTIONS: setting(integer(1, 100, 8), {
    default: '8',
    expected: 'a number, 1 to 100',
    meaning:
      'Postgres connections of a process for writing calls and background work. Accepting, attempts and authentication have 17 more of their own.',
  }),
  SIGNPOST_DATABASE_READ_CONNECTIONS: setting(integer(1, 100, 6), {
    default: '6',
    expected: 'a number, 1 to 100',
    meaning: 'Postgres connections of a process for lists, statistics, the overview and the activity stream.',
  }),
  SIGNPOST_READ_TIMEOUT_SECONDS: setting(integer(1, 600, 10), {
    default: '10',
    expected: 'seconds, 1 to 600',
    meaning: 'Longest run of a statement of a list or another read. Past it, the API returns 503.',
  }),
  ...RETENTION_SETTINGS,
  ...OPERATIONAL_SETTINGS,
  'SIGNPOST_DATASOURCE_<NAME>_URL': setting(z.string().refine(isDataSourceUrl).optional(), {
    default: 'none',
    expected:
      'postgres://, mysql://, mariadb://, mssql:// or sqlserver://user:password@host:port/database, with a name of A-Z, 0-9 and single underscores',
    meaning:
      'A Postgres, MySQL, MariaDB or SQL Server that service definitions may read. The scheme says which; [Data sources](../producers/service-definitions.md#data-sources) has the options of the URL. Set one variable per data source: `SIGNPOST_DATASOURCE_LEDGER_DB_URL` defines the data source `ledger-db` (or `ledger_db`). Set the same variables in every process. Use a database login that can read only what may be sent.',
    secret: true,
  }),
  ...TEMPORAL_SETTINGS,
} satisfies Record<string, Setting<unknown>>;

/** The values of all settings, each valid by itself. */
export type Settings = { [Name in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[Name]['schema']> };
