import path from 'node:path';
import type { Config } from '../config';
import { keepRunning, type ServerProcess } from './keep-running';
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
  const directory = path.join(dataDir, 'postgres');
  const postgres = await startPostgres({ directory });
  const { url, port } = postgres;
  report(`Postgres ${postgres.adopted ? 'was already running' : 'runs'} on 127.0.0.1:${port}`);
  const startAgain = async () => atSamePort(await startPostgres({ directory, port }), port);
  return { url, stop: keepRunning('Postgres', postgres, startAgain, report) };
}

async function runTemporal({ dataDir, temporal }: Config, report: (line: string) => void) {
  const cli = await findTemporalCli(temporal.cliPath, report);
  report('starting Temporal …');
  const directory = path.join(dataDir, 'temporal');
  const server = await startTemporal(cli, directory);
  const { address, uiUrl, port, uiPort } = server;
  report(`Temporal ${server.adopted ? 'was already running' : 'runs'} on ${address}`);
  const startAgain = async () => atSamePort(await startTemporal(cli, directory, port, {}, uiPort), port);
  return { address, uiUrl, stop: keepRunning('Temporal', server, startAgain, report) };
}

/** Our connections go to the port of the server that ended. Stops one that got another port. */
async function atSamePort<T extends ServerProcess & { port: number }>(server: T, port: number): Promise<T> {
  if (server.port === port) return server;
  await server.stop();
  throw new Error(`port ${port} is taken by another program`);
}
