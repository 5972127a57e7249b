import path from 'node:path';
import type { Config } from '../config';
import { lockDataDir } from './lock';
import { startPostgres } from './postgres';
import { startTemporal } from './temporal';
import { findTemporalCli } from './temporal-binary';

/** The addresses of Postgres and Temporal, configured or started here. */
export interface Embedded {
  databaseUrl: string;
  temporalAddress: string;
  /** The UI of an embedded Temporal; undefined if the configuration names a Temporal. */
  temporalUiUrl: string | undefined;
  /** Stops the parts that were started here. */
  stop(): Promise<void>;
}

/**
 * Starts the parts that the configuration does not name.
 *
 * @param report - called with one line for each part that is started
 * @throws ConfigError with a one-line message if a part cannot run
 */
export async function startEmbedded(config: Config, report: (line: string) => void): Promise<Embedded> {
  const { databaseUrl, temporal } = config;
  if (databaseUrl !== undefined && temporal.address !== undefined) {
    return { databaseUrl, temporalAddress: temporal.address, temporalUiUrl: undefined, stop: async () => undefined };
  }
  const unlock = lockDataDir(config.dataDir);
  const [postgres, server] = await Promise.allSettled([
    databaseUrl === undefined ? runPostgres(config, report) : undefined,
    temporal.address === undefined ? runTemporal(config, report) : undefined,
  ]);
  const stop = async () => {
    for (const part of [server, postgres]) if (part.status === 'fulfilled') await part.value?.stop();
    unlock();
  };
  for (const part of [postgres, server]) {
    if (part.status === 'rejected') {
      await stop();
      throw part.reason;
    }
  }
  const runningPostgres = (postgres as PromiseFulfilledResult<Awaited<ReturnType<typeof runPostgres>> | undefined>)
    .value;
  const runningTemporal = (server as PromiseFulfilledResult<Awaited<ReturnType<typeof runTemporal>> | undefined>).value;
  return {
    databaseUrl: databaseUrl ?? runningPostgres!.url,
    temporalAddress: temporal.address ?? runningTemporal!.address,
    temporalUiUrl: runningTemporal?.uiUrl,
    stop,
  };
}

async function runPostgres({ dataDir }: Config, report: (line: string) => void) {
  report('starting Postgres …');
  const postgres = await startPostgres({ directory: path.join(dataDir, 'postgres') });
  report(`Postgres ${postgres.adopted ? 'was already running' : 'runs'} on 127.0.0.1:${postgres.port}`);
  return postgres;
}

async function runTemporal({ dataDir, temporal }: Config, report: (line: string) => void) {
  const cli = await findTemporalCli(temporal.cliPath, report);
  report('starting Temporal …');
  const server = await startTemporal(cli, path.join(dataDir, 'temporal'));
  report(`Temporal ${server.adopted ? 'was already running' : 'runs'} on ${server.address}`);
  return server;
}
