/** Starts what is compared. Each subject takes events on an HTTP port and posts them to the receivers it was told of. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { ROOT } from '../scripts/toolchain.mjs';
import { createPoster } from './load.mjs';
import { startNode, startProcess } from './processes.mjs';
import { onboard, startService } from './signpost.mjs';

const BENCH = path.join(ROOT, 'bench');
/** The parts whose CPU time is a subject's; what else runs beside it is not its burden. */
const PARTS = {
  limit: ['node', 'postgres'],
  floor: ['node', 'temporal'],
  signpost: ['node', 'postgres', 'temporal'],
  graphile: ['node', 'postgres'],
  bullmq: ['node'],
};
/** Those that need packages of their own. */
const INSTALLED_ON_DEMAND = ['graphile', 'bullmq'];

/**
 * Starts a subject in a place of its own.
 *
 * @param env - settings of the service, for the subject `signpost`
 * @returns `send(key)`, its place, its processes' ids, the parts its CPU time is counted in, and `stop`; `undefined` where it cannot run here
 */
export async function startSubject(name, environment, receivers, env) {
  if (INSTALLED_ON_DEMAND.includes(name)) ensureComparisonsInstalled();
  if (name === 'bullmq' && !hasRedis()) {
    console.log('bullmq is left out: there is no redis-server on PATH.');
    return undefined;
  }
  const place = await environment.place();
  const subject = await startNamed(name, environment, place, receivers, env);
  return { place, parts: PARTS[name], ...subject };
}

async function startNamed(name, environment, place, receivers, env) {
  if (name === 'signpost') {
    const service = await startService(environment, place, env);
    const { send } = await onboard(service.url, receivers.urls);
    return { send, pids: [service.pid], stop: service.stop };
  }
  const redis = name === 'bullmq' ? await startRedis(environment) : undefined;
  const child = await startNode(
    path.join(BENCH, 'subjects', `${name}.mjs`),
    {
      DATABASE_URL: place.database.url,
      TEMPORAL_ADDRESS: environment.temporalAddress,
      TEMPORAL_NAMESPACE: place.namespace.name,
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

/** As durable as it is commonly run: an append-only file, synced each second. */
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

/** The queues that others would take are installed when they are first asked for, beside the bench. */
function ensureComparisonsInstalled() {
  if (existsSync(path.join(BENCH, 'node_modules', 'bullmq'))) return;
  console.log('installing the compared queues into bench/node_modules …');
  const { status } = spawnSync('npm', ['ci', '--prefix', BENCH, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: BENCH,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error('the compared queues could not be installed: leave graphile and bullmq out');
}
