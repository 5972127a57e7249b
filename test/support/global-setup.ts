import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { Client } from 'pg';
import { startPostgres } from '../../src/embedded/postgres';
import { startTemporal } from '../../src/embedded/temporal';
import { findTemporalCli, obtain, TEMPORAL_TEST_SERVER } from '../../src/embedded/temporal-binary';
import { openDatabase } from '../../src/store/db/database';
import { completeIndexes } from '../../src/store/db/complete-indexes';
import { migrate } from '../../src/store/db/migrate';
import { ensurePartitions } from '../../src/store/db/partitions';
import { ENV, TEMPLATE } from './environment';
import { QUICK_DELETION } from './quick-deletion';
import { createRunDirectory, keepTemporaryFilesIn } from './run-directory';

/** Servers and files of one run of Jest, stopped and removed by global-teardown. */
export interface TestServers {
  stop(): Promise<void>;
}

/**
 * Starts the real servers that all tests share: one Postgres with a migrated template database, one
 * Temporal. Does nothing if the environment names them, as scripts/mutate.mjs does to run Jest many
 * times on the same servers.
 */
export default async function globalSetup(): Promise<void> {
  if (process.env[ENV.directory]) return;
  const directory = createRunDirectory();
  const report = (line: string) => void process.stderr.write(`${line}\n`);
  const cli = await findTemporalCli(process.env.TEMPORAL_CLI_PATH, report);
  const [postgres, temporal, testServer, bundle, chromium] = await Promise.all([
    // Test data need not survive a power loss.
    startPostgres({
      directory: path.join(directory, 'postgres'),
      port: 0,
      settings: { fsync: 'off', max_connections: '400', max_wal_size: '256MB' },
    }),
    startTemporal(cli, path.join(directory, 'temporal'), 0, QUICK_DELETION),
    obtain(TEMPORAL_TEST_SERVER, report),
    bundleWorkflowCode({
      workflowsPath: require.resolve('../../src/workflows'),
      workflowInterceptorModules: [require.resolve('../../src/workflows/trace-interceptors')],
      logger: new DefaultLogger('WARN'),
    }),
    findChromium(),
  ]);
  const bundlePath = path.join(directory, 'workflow-bundle.js');
  writeFileSync(bundlePath, bundle.code);
  await makeTemplate(postgres.url);
  keepTemporaryFilesIn(directory);
  process.env[ENV.directory] = directory;
  process.env[ENV.postgres] = postgres.url;
  process.env[ENV.temporal] = temporal.address;
  process.env[ENV.temporalCli] = cli;
  process.env[ENV.testServer] = testServer;
  process.env[ENV.bundle] = bundlePath;
  process.env[ENV.chromium] = chromium;
  (globalThis as { signpostServers?: TestServers }).signpostServers = {
    async stop() {
      await temporal.stop();
      await postgres.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function makeTemplate(url: string): Promise<void> {
  const admin = new Client(url);
  await admin.connect();
  await admin.query(`create database ${TEMPLATE}`);
  await admin.end();
  const templateUrl = new URL(url);
  templateUrl.pathname = `/${TEMPLATE}`;
  await migrate(templateUrl.toString());
  await completeIndexes(templateUrl.toString());
  const db = openDatabase(templateUrl.toString(), () => undefined);
  await ensurePartitions(db);
  await db.close();
}

/**
 * Finds an installed browser by CHROMIUM_PATH, or else the one in the package.
 *
 * @returns its path
 */
async function findChromium(): Promise<string> {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const { default: chromium } = await import('@sparticuz/chromium');
  return chromium.executablePath();
}
