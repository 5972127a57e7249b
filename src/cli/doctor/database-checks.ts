import type { Config } from '../../config';
import type { KeyRing } from '../../store/db/crypto';
import type { Database, Executor } from '../../store/db/database';
import { requireKeysInUse } from '../../store/db/master-key-check';
import { findMigrations } from '../../store/db/migrate';
import { ensurePartitions } from '../../store/db/partitions';
import { mostConnections, poolLimits } from '../../store/db/pools';
import type { Pooling } from '../../store/db/pooler';
import { DEFAULT_LIMITS } from '../../store/db/session';
import { readTables } from '../../store/retention/status';
import { messageOf, type Check, type Result } from './check';
import { lockRoomCheck } from './lock-room-check';

/** As the alert SignpostPartitionsMissing has it. */
const LEAST_PARTITIONS_AHEAD = 2;
const OLDEST_POSTGRES = 15;
const WARN_SKEW_MS = 1000;
/** The signature's timestamp is refused by receivers whose tolerance is 5 minutes. */
const FAIL_SKEW_MS = 30_000;

/** A database that was reached. */
export interface Inspected {
  db: Database;
  pooling: Pooling;
  config: Config;
  /** @throws if the key cannot be read */
  keys(): KeyRing;
}

/** Checks of Postgres. `db` has the limits of the path of events. */
export function databaseChecks({ db, pooling, config, keys }: Inspected): Check[] {
  return [
    { name: 'postgres', run: () => versionOf(db, pooling) },
    { name: 'schema', run: () => schemaResult(db) },
    { name: 'durability', run: () => durabilityResult(db) },
    { name: 'timeouts', run: () => timeoutsResult(db, config) },
    { name: 'connections', run: () => connectionsResult(db, config, pooling) },
    onceMigrated(db, lockRoomCheck(db, config)),
    { name: 'clock', run: () => clockResult(db) },
    onceMigrated(db, { name: 'partitions', run: () => partitionsResult(db) }),
    onceMigrated(db, { name: 'master-key', run: () => masterKeyResult(db, keys) }),
  ];
}

async function versionOf(db: Executor, pooling: Pooling): Promise<Result> {
  const { server_version: version } = await settingsOf(db, ['server_version']);
  const way = pooling === 'none' ? 'reached directly' : `reached through a pooler in ${pooling} mode`;
  return Number.parseInt(version!, 10) < OLDEST_POSTGRES
    ? { status: 'fail', detail: `Postgres ${version} is too old: ${OLDEST_POSTGRES} or later is needed.` }
    : { status: 'ok', detail: `Postgres ${version}, ${way}` };
}

async function schemaResult(db: Executor): Promise<Result> {
  const { pending, unknown } = await findMigrations(db);
  if (pending.length > 0)
    return {
      status: 'fail',
      detail: `${pending.length} migrations have not been run, from ${pending[0]} on. Run: signpost migrate`,
    };
  return unknown.length > 0
    ? { status: 'warn', detail: `A later version of Signpost has migrated this database (${unknown.at(-1)}).` }
    : { status: 'ok', detail: 'up to date' };
}

/** Before the first start there are no tables to look at, which the check of the schema reports. */
function onceMigrated(db: Executor, { name, run }: Check): Check {
  return {
    name,
    async run() {
      const { rows } = await db.query<{ exists: boolean }>({
        text: `select to_regclass('master_key_check') is not null as exists`,
      });
      return rows[0]!.exists ? run() : { status: 'warn', detail: 'unknown until the migrations have been run' };
    },
  };
}

async function durabilityResult(db: Executor): Promise<Result> {
  const settings = await settingsOf(db, ['fsync', 'synchronous_commit', 'full_page_writes']);
  const off = Object.keys(settings).filter((name) => settings[name] === 'off');
  return off.length > 0
    ? { status: 'fail', detail: `${off.join(', ')} is off: a crash may lose events that were answered 202.` }
    : { status: 'ok', detail: `synchronous_commit ${settings.synchronous_commit}` };
}

/** A pooler may drop the settings of a session. */
async function timeoutsResult(db: Executor, config: Config): Promise<Result> {
  const limits = { ...DEFAULT_LIMITS, ...poolLimits(config.database).pathDb };
  const expected: Record<string, number> = {
    statement_timeout: limits.statementTimeoutMs,
    lock_timeout: limits.lockTimeoutMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionTimeoutMs,
  };
  const found = await settingsOf(db, Object.keys(expected));
  const wrong = Object.keys(expected).filter((name) => Number(found[name]) !== expected[name]);
  return wrong.length > 0
    ? {
        status: 'fail',
        detail: `The limits of the service do not take effect: ${wrong.map((name) => `${name} is ${found[name]} ms, not ${expected[name]} ms`).join('; ')}.`,
      }
    : {
        status: 'ok',
        detail: Object.entries(found)
          .map(([name, value]) => `${name} ${value} ms`)
          .join(', '),
      };
}

async function connectionsResult(db: Executor, config: Config, pooling: Pooling): Promise<Result> {
  const perProcess = mostConnections(config.database);
  if (pooling === 'transaction')
    return {
      status: 'ok',
      detail: `up to ${perProcess} per process, to the pooler, whose pool size bounds those to Postgres`,
    };
  const { max_connections, superuser_reserved_connections } = await settingsOf(db, [
    'max_connections',
    'superuser_reserved_connections',
  ]);
  const allowed = Number(max_connections) - Number(superuser_reserved_connections);
  const processes = Math.floor(allowed / perProcess);
  const detail = `up to ${perProcess} per process, and Postgres allows ${allowed}: enough for ${processes} processes`;
  if (processes === 0) return { status: 'fail', detail: `${detail}.` };
  return processes === 1
    ? { status: 'warn', detail: `${detail}. A rolling upgrade needs two: raise max_connections, or use a pooler.` }
    : { status: 'ok', detail };
}

async function clockResult(db: Executor): Promise<Result> {
  const before = Date.now();
  const { rows } = await db.query<{ ms: number }>({
    text: 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
  });
  const after = Date.now();
  return skewResult(rows[0]!.ms, before, after);
}

/** Judges a reading of another clock, which was made between two readings of this one. */
export function skewResult(other: number, before: number, after: number): Result {
  const skewMs = Math.max(0, before - other, other - after);
  if (skewMs < WARN_SKEW_MS) return { status: 'ok', detail: 'within a second of that of Postgres' };
  return {
    status: skewMs < FAIL_SKEW_MS ? 'warn' : 'fail',
    detail: `The clock of this machine is ${(skewMs / 1000).toFixed(1)} s from that of Postgres. Synchronize both with NTP.`,
  };
}

async function partitionsResult(db: Executor): Promise<Result> {
  const tables = await readTables(db, Date.now());
  const missing = tables.filter(({ ahead }) => ahead < LEAST_PARTITIONS_AHEAD).map(({ table }) => table);
  const strayed = tables.filter(({ rowsInDefault }) => rowsInDefault > 0).map(({ table }) => table);
  const repair = async () => {
    const { created, contended } = await ensurePartitions(db);
    if (contended) throw new Error(`a table is locked (${messageOf(contended)}); run the command again.`);
    return `${created.length} partitions were created`;
  };
  if (missing.length > 0)
    return { status: 'fail', detail: `Partitions for the next days are missing: ${missing.join(', ')}.`, repair };
  return strayed.length > 0
    ? { status: 'warn', detail: `Rows have no partition of their day: ${strayed.join(', ')}.`, repair }
    : { status: 'ok', detail: `at least ${Math.min(...tables.map(({ ahead }) => ahead))} ahead in each table` };
}

async function masterKeyResult(db: Database, keysOf: () => KeyRing): Promise<Result> {
  const keys = keysOf();
  await db.transaction((executor) => requireKeysInUse(executor, keys));
  return { status: 'ok', detail: `master key ${keys.keyId} opens what the database holds` };
}

/** Settings of the connection, in their base unit: timeouts in milliseconds. */
async function settingsOf(db: Executor, names: string[]): Promise<Record<string, string>> {
  const { rows } = await db.query<{ name: string; setting: string }>({
    text: 'select name, setting from pg_settings where name = any ($1) order by name',
    values: [names],
  });
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
}
