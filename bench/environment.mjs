/** The Postgres and the Temporal that a scenario runs on. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { undoAtEnd } from './cleanup.mjs';
import { cpuSeconds, HAS_PROC } from './proc.mjs';

const NAMESPACE_TIMEOUT_MS = 60_000;
const RETENTION_SECONDS = 86_400;

/**
 * Starts an empty Postgres and an empty Temporal, or connects to the given ones.
 *
 * @param given - `database` (a URL) and `temporal` (an address), each optional
 */
export async function openEnvironment(given) {
  const require = createRequire(import.meta.url);
  const directory = path.join(tmpdir(), `signpost-bench-${randomBytes(6).toString('hex')}`);
  const removeDirectory = undoAtEnd(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(directory);
  const postgres = given.database
    ? { url: given.database, stop: async () => undefined }
    : await startedServer(() =>
        require('../dist/embedded/postgres').startPostgres({ directory: path.join(directory, 'postgres'), port: 0 }),
      );
  const temporal = given.temporal
    ? { address: given.temporal, stop: async () => undefined }
    : await startedServer(async () => {
        const { findTemporalCli } = require('../dist/embedded/temporal-binary');
        const cli = await findTemporalCli(process.env.TEMPORAL_CLI_PATH, console.log);
        return require('../dist/embedded/temporal').startTemporal(cli, path.join(directory, 'temporal'), 0);
      });
  const connection = await Connection.connect({ address: temporal.address });
  const closeConnection = undoAtEnd(() => connection.close());
  const sandboxes = [];
  const pids = { postgres: postgres.pid, temporal: temporal.pid };
  return {
    directory,
    temporalAddress: temporal.address,
    /** Creates a sandbox: a database and a namespace that nothing else uses. */
    async sandbox() {
      const name = `bench_${randomBytes(6).toString('hex')}`;
      const sandbox = {
        database: await createDatabase(postgres.url, name, !given.database),
        namespace: await createNamespace(connection, name, !given.temporal),
      };
      sandboxes.push(sandbox);
      return sandbox;
    },
    /** Counts the workflows of a namespace that a visibility query finds. */
    async countWorkflows(namespace, query) {
      const { count } = await new Client({ connection, namespace }).workflow.count(query);
      return Number(count);
    },
    /** CPU seconds used so far, by part. Servers that the bench did not start are left out. */
    cpu(nodePids) {
      if (!HAS_PROC) return {};
      const parts = { node: nodePids, postgres: [pids.postgres], temporal: [pids.temporal] };
      const known = Object.entries(parts).filter(([, roots]) => roots.every((pid) => pid !== undefined));
      return Object.fromEntries(known.map(([part, roots]) => [part, cpuSeconds(roots)]));
    },
    async close() {
      for (const { drop } of sandboxes.flatMap(({ database, namespace }) => [database, namespace])) await drop();
      await closeConnection();
      await temporal.stop();
      await postgres.stop();
      await removeDirectory();
    },
  };
}

/** Starts a server that is stopped even if the bench ends while it is starting. */
async function startedServer(start) {
  let starting;
  const stop = undoAtEnd(async () => (await starting?.catch(() => undefined))?.stop());
  starting = start();
  return { ...(await starting), stop };
}

/** @returns the database's `url`, and `drop`, which does something only on a given server */
async function createDatabase(serverUrl, name, goesWithItsServer) {
  await onServer(serverUrl, `create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const drop = undoAtEnd(async () => {
    if (!goesWithItsServer) await onServer(serverUrl, `drop database ${name} with (force)`);
  });
  return { url: url.toString(), drop };
}

async function onServer(url, text) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** @returns the namespace's `name`, once it is usable, and `drop` */
async function createNamespace(connection, name, goesWithItsServer) {
  await connection.workflowService.registerNamespace({
    namespace: name,
    workflowExecutionRetentionPeriod: { seconds: RETENTION_SECONDS },
  });
  const drop = undoAtEnd(async () => {
    if (!goesWithItsServer) await connection.operatorService.deleteNamespace({ namespace: name });
  });
  // A new namespace does not reach all of Temporal's services at the same time.
  const client = new Client({ connection, namespace: name });
  for (const until = Date.now() + NAMESPACE_TIMEOUT_MS; ;) {
    try {
      await client.workflow.count();
      return { name, drop };
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(500);
    }
  }
}
