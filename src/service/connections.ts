import type { Logger } from 'pino';
import type { Config } from '../config';
import { MAIN_TASK_QUEUE } from '../domain/delivery';
import { startEmbedded } from '../embedded';
import type { Tracing } from '../process/tracing';
import type { Database } from '../store/db/database';
import { completeIndexes } from '../store/db/complete-indexes';
import type { KeyRing } from '../store/db/crypto';
import { migrate } from '../store/db/migrate';
import { inspectPostgres } from '../store/db/pooler';
import { openPools, type Pools } from '../store/db/pools';
import { ensurePartitions, reportMoved } from '../store/db/partitions';
import { requireMasterKey } from '../store/db/master-key-check';
import { whenUp, type Wait } from '../store/db/when-up';
import { endClaims } from '../store/notifications/claims';
import { TemporalLink } from '../temporal/connection';
import { NamespaceKeeper } from '../temporal/namespace-keeper';
import { NotificationWorkflows, type NotificationWorkflowOptions } from '../temporal/notification-workflows';
import type { Cleanups } from './cleanups';

/** The migrated database, and the address of Temporal. */
export interface Connections {
  pools: Pools;
  databaseUrl: string;
  temporalAddress: string;
  /** UI of the embedded Temporal; absent with another Temporal service. */
  embeddedUiUrl: string | undefined;
  /** Stops the embedded servers without waiting for anything. */
  stopEmbedded(): Promise<void>;
}

/**
 * Starts the embedded servers, unless others are configured, and prepares the database.
 *
 * @param keys - must open everything in the database
 * @param report - called with one line whenever startup has to wait for something
 * @param abandon - ends the wait for Postgres
 * @throws the reason of `abandon`, once it is aborted
 */
export async function openConnections(
  config: Config,
  keys: KeyRing,
  log: Logger,
  cleanups: Cleanups,
  report: (line: string) => void,
  abandon: AbortSignal | undefined,
): Promise<Connections> {
  const embedded = await startEmbedded(config, report);
  cleanups.add(() => embedded.stop(), { always: true });

  abandon?.throwIfAborted();
  const postgres = { url: embedded.databaseUrl, setting: 'DATABASE_URL', report, abandon };
  const transactionPooling = await migrateDatabase(postgres, config, log);
  const pools = openPools(embedded.databaseUrl, { ...config.database, transactionPooling }, (error) =>
    log.warn({ err: error }, 'an idle Postgres connection was lost; the pool replaces it'),
  );
  // Concurrently: each may wait 2 s for a silent server.
  cleanups.add(() => Promise.all(Object.values<Database>({ ...pools }).map((pool) => pool.close())));
  const { db } = pools;
  await whenUp(postgres, async () => {
    await preparePartitions(db, log);
    await requireMasterKey(db, keys);
    // With embedded Postgres, the lock on the data directory guarantees that no earlier process is
    // left.
    if (config.databaseUrl === undefined) await endClaims(db);
  });
  completeIndexesLater(config.migrationDatabaseUrl ?? embedded.databaseUrl, log, cleanups);
  return {
    pools,
    databaseUrl: embedded.databaseUrl,
    temporalAddress: embedded.temporalAddress,
    embeddedUiUrl: embedded.temporalUiUrl,
    stopEmbedded: () => embedded.stop(),
  };
}

/**
 * Migrates the schema.
 *
 * @returns whether a pooler gives each transaction another connection
 */
async function migrateDatabase(postgres: Wait, { migrationDatabaseUrl }: Config, log: Logger): Promise<boolean> {
  const migrated =
    migrationDatabaseUrl === undefined
      ? postgres
      : { ...postgres, url: migrationDatabaseUrl, setting: 'SIGNPOST_MIGRATION_DATABASE_URL' };
  const pooling = await whenUp(postgres, () => inspectPostgres(postgres.url));
  if (pooling !== 'none') log.info({ pooling }, 'DATABASE_URL leads to a pooler');
  await whenUp(migrated, () => migrate(migrated.url, postgres.abandon));
  return pooling === 'transaction';
}

/** A backup or a long query may keep a table locked. The default partitions take rows meanwhile. */
async function preparePartitions(db: Database, log: Logger): Promise<void> {
  const changes = await ensurePartitions(db);
  reportMoved(changes, log);
  if (changes.contended !== undefined)
    log.warn(
      { err: changes.contended },
      'partitions were not created because a table is locked; the daily maintenance will do so',
    );
}

/** Building indexes may take hours on large tables, and the service works without. */
function completeIndexesLater(databaseUrl: string, log: Logger, cleanups: Cleanups): void {
  const stop = new AbortController();
  const building = completeIndexes(databaseUrl, stop.signal).then(
    (built) => built.length > 0 && log.info({ indexes: built }, 'indexes of partitions were built'),
    (error: unknown) =>
      log.warn({ err: error }, 'building indexes failed; lists stay slow until the next start of a process'),
  );
  cleanups.add(async () => {
    stop.abort();
    await building;
  });
}

/** The Temporal connection and the client of the notification workflows. */
export interface TemporalParts {
  temporal: TemporalLink;
  workflows: NotificationWorkflows;
  keeper: NamespaceKeeper;
}

/**
 * Connects to Temporal in the background: the API accepts events whether or not Temporal is up.
 *
 * @param planStart - delays the start of workflows
 */
export function connectTemporal(
  config: Config,
  address: string,
  planStart: NotificationWorkflowOptions['planStart'],
  tracing: Tracing,
  log: Logger,
  cleanups: Cleanups,
): TemporalParts {
  const { namespace, apiKey, apiKeyFile, tls } = config.temporal;
  const temporal = new TemporalLink({ address, namespace, apiKey, apiKeyFile, tls }, log, tracing);
  cleanups.add(() => temporal.close());
  const maintenanceTaskQueue = config.role === 'api' ? undefined : MAIN_TASK_QUEUE;
  const keeper = new NamespaceKeeper(temporal, { namespace, maintenanceTaskQueue }, log);
  cleanups.addDrain(async () => keeper.stop());
  const workflows = new NotificationWorkflows(temporal, {
    taskQueue: MAIN_TASK_QUEUE,
    eagerStart: config.role !== 'api',
    searchAttributes: () => keeper.hasSearchAttributes,
    planStart,
    onRefused: () => keeper.noteRefused(),
    tracing,
  });
  return { temporal, workflows, keeper };
}
