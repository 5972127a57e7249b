import { pino } from 'pino';
import { ConfigError, loadConfig, type Config } from '../../config';
import { findRunningPostgres } from '../../embedded/running-postgres';
import { findRunningTemporal } from '../../embedded/temporal';
import { endsWithin } from '../../process/ends-within';
import { createSealer } from '../../store/db/crypto';
import { openDatabase } from '../../store/db/database';
import { inspectPostgres } from '../../store/db/pooler';
import { poolLimits } from '../../store/db/pools';
import { TemporalLink } from '../../temporal/connection';
import { generatedKey } from '../master-keys';
import { messageOf, runChecks, type Finding } from './check';
import { configurationChecks } from './configuration-checks';
import { databaseChecks } from './database-checks';
import { fairnessCheck } from './fairness-check';
import { temporalChecks } from './temporal-checks';

export type { Finding, Status } from './check';

type Env = Record<string, string | undefined>;

const TEMPORAL_CONNECT_MS = 5000;

/**
 * Examines the installation that the environment names, as the service would use it.
 *
 * @param fix - whether to repair what is safe to repair
 */
export async function examine(env: Env, fix: boolean): Promise<Finding[]> {
  let config: Config;
  try {
    config = loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [failure('configuration', error.message.replaceAll('\n', ' '))];
  }
  return [
    ...(await runChecks(configurationChecks(config, env), fix)),
    ...(await examineDatabase(config, env, fix)),
    ...(await examineTemporal(config, fix)),
  ];
}

async function examineDatabase(config: Config, env: Env, fix: boolean): Promise<Finding[]> {
  const url = config.databaseUrl ?? findRunningPostgres(config.dataDir);
  if (url === undefined)
    return [failure('postgres', `DATABASE_URL is not set, and no embedded Postgres runs in ${config.dataDir}.`)];
  try {
    const pooling = await inspectPostgres(url);
    const limits = { ...poolLimits(config.database).pathDb, transactionPooling: pooling === 'transaction' };
    const db = openDatabase(url, () => undefined, limits);
    const keys = () => createSealer(config.masterKey ?? generatedKey(env, config.dataDir), config.previousMasterKey);
    try {
      return await runChecks(databaseChecks({ db, pooling, config, keys }), fix);
    } finally {
      await db.close();
    }
  } catch (error) {
    return [failure('postgres', `Postgres cannot be used: ${messageOf(error)}`)];
  }
}

async function examineTemporal(config: Config, fix: boolean): Promise<Finding[]> {
  const { namespace, apiKey, tls, address = findRunningTemporal(config.dataDir) } = config.temporal;
  if (address === undefined)
    return [failure('temporal', `TEMPORAL_ADDRESS is not set, and no embedded Temporal runs in ${config.dataDir}.`)];
  const settings = { address, namespace, apiKey, tls };
  const temporal = new TemporalLink(settings, pino({ level: 'silent' }));
  try {
    await endsWithin(temporal.connected, TEMPORAL_CONNECT_MS);
    temporal.use();
    return await runChecks([...temporalChecks(temporal, namespace), fairnessCheck(settings)], fix);
  } catch (error) {
    return [failure('temporal', `Temporal at ${address} cannot be used: ${messageOf(error)}`)];
  } finally {
    await temporal.close();
  }
}

function failure(check: string, detail: string): Finding {
  return { check, status: 'fail', detail, repair: 'none' };
}
