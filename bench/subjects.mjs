/**
 * Starts the compared subjects. Each one accepts events on an HTTP port and posts them to the given
 * receivers.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { ROOT } from '../scripts/toolchain.mjs';
import { createPoster } from './load.mjs';
import { startNode, startProcess } from './processes.mjs';
import { onboard, startService } from './signpost.mjs';

const BENCH = path.join(ROOT, 'bench');
/** The parts whose CPU time counts for each subject. */
const PARTS = {
  limit: ['node', 'postgres'],
  floor: ['node', 'temporal'],
  signpost: ['node', 'postgres', 'temporal'],
  graphile: ['node', 'postgres'],
  bullmq: ['node'],
};
/** Subjects that need additional packages. */
const INSTALLED_ON_DEMAND = ['graphile', 'bullmq'];

/**
 * Starts a subject in its own sandbox.
 *
 * @param env - settings of the service, for the subject `signpost`
 * @returns `send(key)`, its `sandbox`, the `pids` of its processes, the `parts` whose CPU time
 *   counts, and `stop`; undefined if it cannot run here
 */
export async function startSubject(name, environment, receivers, env) {
  if (INSTALLED_ON_DEMAND.includes(name)) ensureComparisonsInstalled();
  if (name === 'bullmq' && !hasRedis()) {
    console.log('Skipping bullmq: redis-server is not on the PATH.');
    return undefined;
  }
  const sandbox = await environment.sandbox();
  const subject = await startNamed(name, environment, sandbox, receivers, env);
  return { sandbox, parts: PARTS[name], ...subject };
}

async function startNamed(name, environment, sandbox, receivers, env) {
  if (name === 'signpost') {
    const service = await startService(environment, sandbox, env);
    const { send } = await onboard(service.url, receivers.urls);
    return { send, pids: [service.pid], stop: service.stop };
  }
  const redis = name === 'bullmq' ? await startRedis(environment) : undefined;
  const child = await startNode(
    path.join(BENCH, 'subjects', `${name}.mjs`),
    {
      DATABASE_URL: sandbox.database.url,
      TEMPORAL_ADDRESS: environment.temporalAddress,
      TEMPORAL_NAMESPACE: sandbox.namespace.name,
      REDIS_PORT: redis?.port,
      RECEIVERS: JSON.stringify(receivers.urls),
    },
    /listening \d+/,
  );
  const post = createPoster(`http://127.0.0.1:${/listening (\d+)/.exec(child.output())[1]}`);
  const headers = { 'content-type': 'application/json' };
  return {
    send: (key) =>
      post('/', headers, JSON.stringify({ key, type: 'bench.happened.v1', data: { paymentId: 'P-1', amount: 125.5 } })),
    pids: redis ? [child.pid, redis.pid] : [child.pid],
    async stop() {
      await child.stop();
      await redis?.stop();
    },
  };
}

function hasRedis() {
  return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Starts Redis with its usual durability: an append-only file, synced every second. */
async function startRedis({ directory }) {
  const port = await freePort();
  const settings = { port, bind: '127.0.0.1', dir: mkdtempSync(path.join(directory, 'redis-')) };
  const args = Object.entries({ ...settings, appendonly: 'yes', appendfsync: 'everysec', save: '' });
  const child = await startProcess(
    'redis-server',
    args.flatMap(([option, value]) => [`--${option}`, String(value)]),
    {},
    /Ready to accept connections/,
  );
  return { ...child, port };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Installs the compared queues beside the bench on first use. */
function ensureComparisonsInstalled() {
  if (existsSync(path.join(BENCH, 'node_modules', 'bullmq'))) return;
  console.log('installing the compared queues into bench/node_modules …');
  const { status } = spawnSync('npm', ['ci', '--prefix', BENCH, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: BENCH,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error('cannot install the compared queues; run without graphile and bullmq');
}
