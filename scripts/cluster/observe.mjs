/**
 * The check of the dashboard and of the alert rules: a real Prometheus scrapes the cluster under
 * load, every query and every rule must find series, and an alert fires and clears.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { URLSearchParams } from 'node:url';
import { ROOT } from '../toolchain.mjs';
import { connect, setUp, startReceiver, Traffic } from './traffic.mjs';

const OBSERVABILITY = path.join(ROOT, 'deploy', 'observability');
const INTERVAL_SECONDS = 5;
const FILL_MS = 75_000;
const START_TIMEOUT_MS = 60_000;
const ALERT_TIMEOUT_MS = 300_000;
/** What a calm cluster has no series of, and why. */
const MAY_BE_EMPTY = {
  'Refused by limits': 'no limit was met',
  'Statements that ended at a limit': 'no statement ended at a limit',
  'Calls to Temporal that fail': 'no call failed',
  SignpostDatabaseRefuses: 'no statement ended at a limit',
  SignpostHttpErrors: 'no request was answered 5xx',
  SignpostNoCurrentWorkers: 'without SIGNPOST_DEPLOYMENT_NAME',
};

/** @returns the settings with which the cluster exports traces, to a collector that only counts */
export async function startTraceSink() {
  const server = createServer((request, response) =>
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}')),
  );
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.address().port}`, OTEL_BSP_SCHEDULE_DELAY: '500' },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** @throws Error that says what was not found */
export async function observe(cluster, { directory, port, print }) {
  const { call, must, callAs, close } = connect(cluster);
  const receiver = await startReceiver();
  const traffic = new Traffic(call);
  let prometheus;
  try {
    prometheus = await startPrometheus(cluster, directory, port);
    print(`Prometheus: ${prometheus.url}`);
    const { id } = await setUp(must, receiver.url);
    const since = new Date().toISOString();
    traffic.start();
    for (const until = Date.now() + FILL_MS; Date.now() < until; await sleep(1000)) {
      await callAs('a-key-that-does-not-exist', 'GET', '/v1/products');
      await must('GET', '/v1/overview');
      // A duplicate of the first event.
      await call('POST', '/v1/events', traffic.event(1));
      // Recoveries are activities of Temporal. One that still runs refuses the next.
      await call('POST', `/v1/subscriptions/${id}/recover`, { since });
    }
    const faults = [
      ...(await lintMetrics(cluster.services, print)),
      ...(await checkQueries(prometheus, print)),
      ...(await checkExemplars(prometheus, print)),
    ];
    faults.push(...(await checkAlert(prometheus, cluster.services, print)));
    if (faults.length > 0) throw new Error(`\n${faults.join('\n')}`);
  } finally {
    await traffic.stop();
    receiver.close();
    await prometheus?.stop();
    await close();
  }
}

async function startPrometheus({ services }, directory, port) {
  const program = process.env.PROMETHEUS || 'prometheus';
  const config = path.join(directory, 'prometheus.yml');
  const target = ({ metricsPort }) => `127.0.0.1:${metricsPort}`;
  const job = (role) => ({
    targets: services.filter((service) => service.role === role).map(target),
    labels: { role },
  });
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: `${INTERVAL_SECONDS}s`, evaluation_interval: `${INTERVAL_SECONDS}s` },
      rule_files: [path.join(OBSERVABILITY, 'prometheus-rules.yml')],
      scrape_configs: [{ job_name: 'signpost', static_configs: [job('api'), job('worker')] }],
    }),
  );
  const data = path.join(directory, 'prometheus');
  mkdirSync(data, { recursive: true });
  const log = openSync(path.join(directory, 'logs', 'prometheus.log'), 'a', 0o600);
  const child = spawn(
    program,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
    ],
    { stdio: ['ignore', log, log], detached: true },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  const url = `http://127.0.0.1:${port}`;
  const isReady = () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (const until = Date.now() + START_TIMEOUT_MS; !(await isReady()); await sleep(200)) {
    if (child.pid === undefined)
      throw new Error(`${program} could not be run. Install Prometheus, or set PROMETHEUS to its program.`);
    if (child.exitCode !== null || Date.now() > until) throw new Error('Prometheus did not start.');
  }
  return {
    url,
    async get(api, parameters = {}) {
      const response = await fetch(`${url}/api/v1/${api}?${new URLSearchParams(parameters)}`);
      const { status, data: found, error } = await response.json();
      if (status !== 'success') throw new Error(error);
      return found;
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Checks what each process serves by the rules of promtool. */
async function lintMetrics(services, print) {
  const faults = [];
  for (const { name, metricsPort } of services) {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const { status, stderr, stdout, error } = spawnSync(process.env.PROMTOOL || 'promtool', ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    });
    if (error) throw new Error(`promtool could not be run (${error.code}). Install Prometheus, or set PROMTOOL.`);
    print(`promtool check metrics of ${name}: ${status === 0 ? 'clean' : 'faults'}`);
    if (status !== 0)
      faults.push(
        ...`${stdout}${stderr}`
          .trim()
          .split('\n')
          .map((line) => `${name}: ${line}`),
      );
  }
  return faults;
}

/** Evaluates every query of the dashboard, and what every alert compares. */
async function checkQueries(prometheus, print) {
  const { panels } = JSON.parse(readFileSync(path.join(OBSERVABILITY, 'grafana-dashboard.json'), 'utf8'));
  const ofPanels = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({
      title,
      detail: legendFormat,
      expr: expr.replaceAll('$__rate_interval', '1m'),
    })),
  );
  const { groups } = await prometheus.get('rules');
  const rules = groups.flatMap((group) => group.rules);
  const ofRules = rules.map(({ name, query }) => ({ title: name, detail: 'alert', expr: comparedIn(query) }));
  const faults = rules
    .filter(({ health }) => health !== 'ok')
    .map(({ name, health, lastError }) => `${name}: ${health} ${lastError ?? ''}`);
  for (const { title, detail, expr } of [...ofPanels, ...ofRules]) {
    const { result } = await prometheus.get('query', { query: expr });
    const series = result.filter(({ value: [, value] }) => value !== 'NaN').length;
    const reason = MAY_BE_EMPTY[title];
    print(`${title}, ${detail}: ${series > 0 ? `${series} series` : `empty${reason ? ` (${reason})` : ''}`}`);
    if (series === 0 && reason === undefined) faults.push(`${title} is empty: ${expr}`);
  }
  return faults;
}

/** The left side of the comparison of an alert, which has series while the alert is silent. */
function comparedIn(query) {
  return query.replace(/^absent\((.*)\)$/, '$1').replace(/\s*(?:==|>|<)\s*[\d.e+]+$/, '');
}

async function checkExemplars(prometheus, print) {
  const now = Date.now() / 1000;
  const faults = [];
  for (const name of ['http_request', 'attempt', 'accept_to_first_attempt']) {
    const query = `signpost_${name}${name.startsWith('accept') ? '' : '_duration'}_seconds_bucket`;
    const found = await prometheus.get('query_exemplars', { query, start: now - 300, end: now });
    const count = found.flatMap(({ exemplars }) => exemplars).filter(({ labels }) => labels.trace_id).length;
    print(`exemplars of ${query}: ${count}`);
    if (count === 0) faults.push(`${query} has no exemplars`);
  }
  return faults;
}

/** Stops a worker until the alert fires, and starts it until the alert has cleared. */
async function checkAlert(prometheus, services, print) {
  const worker = services.find(({ name }) => name === 'worker-1');
  const isFiring = async () => {
    const { alerts } = await prometheus.get('alerts');
    return alerts.some(({ labels, state }) => labels.alertname === 'SignpostDown' && state === 'firing');
  };
  const waitFor = async (wanted) => {
    const startedAt = Date.now();
    for (; (await isFiring()) !== wanted; await sleep(1000))
      if (Date.now() - startedAt > ALERT_TIMEOUT_MS)
        throw new Error(`SignpostDown did not ${wanted ? 'fire' : 'clear'}`);
    return ((Date.now() - startedAt) / 1000).toFixed(0);
  };
  const code = await worker.stop();
  print(`worker-1 was stopped (exit code ${code})`);
  print(`SignpostDown fires after ${await waitFor(true)} s`);
  await worker.resume();
  print('worker-1 runs again');
  print(`SignpostDown has cleared after ${await waitFor(false)} s`);
  const { alerts } = await prometheus.get('alerts');
  const others = alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
  return others.map((name) => `${name} fires although nothing is wrong`);
}
