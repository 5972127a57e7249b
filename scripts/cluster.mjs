/**
 * `npm run cluster`: the topology of docker-compose.yml as processes, for machines without Docker,
 * and its smoke test.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startTopology } from './cluster/topology.mjs';
import { checkNode, ensureBuilt, ensureInstalled, ROOT } from './toolchain.mjs';

const USAGE = `usage: npm run cluster -- [options]

Runs two APIs and two workers behind a proxy with TLS, beside one Postgres and the development server of
Temporal. A process that ends is started again. Ctrl-C stops all of them.

  --port N   port of the proxy (8443)
  --smoke    posts events while processes are killed and replaced, compares what was accepted and what
             was delivered, and exits with 0 or 1. Uses a directory of its own and free ports
  --observe  lets Prometheus scrape the processes under load, evaluates every query of the dashboard and
             every alert rule, and fires an alert; exits with 0 or 1. Needs prometheus and promtool in
             PATH, or named by PROMETHEUS and PROMTOOL. Uses a directory of its own and free ports`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8443' },
    smoke: { type: 'boolean' },
    observe: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
if (!/^\d{1,5}$/.test(values.port)) {
  console.error(`--port expects a number.\n\n${USAGE}`);
  process.exit(2);
}
checkNode();
ensureInstalled();
ensureBuilt();
const startedAt = Date.now();
const print = (line) => console.log(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}`);
process.exit(values.smoke || values.observe ? await runCheck() : await runUntilStopped());

async function runCheck() {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'signpost-cluster-'));
  // They have a package, which may have been installed just now.
  const { smoke } = await import('./cluster/smoke.mjs');
  const { observe, startTraceSink } = await import('./cluster/observe.mjs');
  let cluster;
  let traces;
  try {
    traces = values.observe ? await startTraceSink() : undefined;
    cluster = await startTopology({ directory, httpsPort: 0, settings: traces?.env, print });
    printProcesses(cluster);
    if (values.observe) await observe(cluster, { directory, port: await cluster.freePort(0), print });
    else await smoke(cluster, print);
    print('passed');
  } catch (error) {
    print(`failed: ${error.message}`);
    print(`logs: ${path.join(directory, 'logs')}`);
    return 1;
  } finally {
    await cluster?.stop();
    traces?.close();
  }
  rmSync(directory, { recursive: true, force: true });
  return 0;
}

async function runUntilStopped() {
  const stopped = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, resolve);
  });
  const directory = path.join(ROOT, '.signpost', 'cluster');
  const cluster = await startTopology({ directory, httpsPort: Number(values.port), print });
  printProcesses(cluster);
  await stopped;
  print('stopping …');
  await cluster.stop();
  return 0;
}

function printProcesses({ url, keys, services, proxy, postgres, temporal, logs }) {
  const rows = [
    ['proxy', proxy.pid, url],
    ...services.map(({ name, pid, port, metricsPort }) => [
      name,
      pid,
      `http://127.0.0.1:${port}, metrics on ${metricsPort}`,
    ]),
    ['temporal', temporal.pid, `${temporal.address}, UI ${temporal.uiUrl}`],
    ['postgres', postgres.pid, `127.0.0.1:${postgres.port}`],
  ];
  for (const [name, pid, where] of rows) print(`${name.padEnd(9)} process ${String(pid).padEnd(7)} ${where}`);
  if (!values.smoke && !values.observe)
    console.log(`
  admin key    ${keys.adminKeyFile.path}
  certificate  ${proxy.authority}
  logs         ${logs}

  curl --cacert '${proxy.authority}' ${url}/readyz
`);
}
