/** `npm run bench`: compares the service with its limit and its floor, side by side in one run. bench/README.md says what is measured. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensureBuilt, ROOT } from '../scripts/toolchain.mjs';
import { closedLoop, createSender, openLoop, startReceivers } from './load.mjs';
import { cpuSeconds, startNode } from './processes.mjs';
import { printTable, summarise } from './statistics.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    events: { type: 'string', default: '2000' },
    scenarios: { type: 'string', default: 'closed,fanout,latency' },
    subjects: { type: 'string', default: 'limit,floor,signpost' },
    out: { type: 'string', default: path.join(ROOT, 'bench', 'results.json') },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`usage: npm run bench -- [options]

  --rounds N       rounds of each scenario and subject (default 5)
  --events N       events of a closed loop (default 2000; the floor gets a tenth)
  --scenarios LIST of closed, fanout, latency
  --subjects LIST  of limit, floor, signpost
  --out FILE       figures as JSON (default bench/results.json)`);
  process.exit(0);
}

const AT_ONCE = 32;
const FAN_OUT = 10;
const LATENCY = { events: 300, perSecond: 20 };
const WARM_UP_EVENTS = 50;
const ADMIN_KEY = 'bench-admin-key-0123456789';
const rounds = Number(options.rounds);
const events = Number(options.events);

ensureBuilt();
const require = createRequire(import.meta.url);
const { startPostgres } = require('../dist/embedded/postgres');
const { startTemporal } = require('../dist/embedded/temporal');
const { findTemporalCli } = require('../dist/embedded/temporal-binary');

const directory = mkdtempSync(path.join(tmpdir(), 'signpost-bench-'));
const postgres = await startPostgres({ directory: path.join(directory, 'postgres') });
const temporal = await startTemporal(
  await findTemporalCli(process.env.TEMPORAL_CLI_PATH, console.log),
  path.join(directory, 'temporal'),
);
const results = {};
try {
  for (const scenario of options.scenarios.split(',')) results[scenario] = await measure(scenario);
  writeFileSync(options.out, `${JSON.stringify({ at: new Date().toISOString(), rounds, events, results }, null, 2)}\n`);
} finally {
  await temporal.stop();
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0);

/** Runs a scenario in rounds that alternate between the subjects. */
async function measure(scenario) {
  const fanOut = scenario === 'fanout' ? FAN_OUT : 1;
  const receivers = await startReceivers(fanOut);
  const subjects = {};
  for (const name of options.subjects.split(',')) {
    // One workflow has one receiver: a fan-out of the floor is the floor.
    if (name !== 'floor' || fanOut === 1) subjects[name] = await startSubject(name, receivers);
  }
  const figures = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (const { send } of Object.values(subjects)) await warmUp(send);
  for (let round = 0; round < rounds; round++) {
    for (const [name, subject] of Object.entries(subjects)) {
      figures[name].push(
        await runRound(
          scenario,
          name,
          subject,
          receivers,
          fanOut,
          `${name}-${round}-${randomBytes(3).toString('hex')}`,
        ),
      );
      // What the service does after the last receipt (records, completions) is not the next one's burden.
      await sleep(1500);
    }
  }
  for (const { stop } of Object.values(subjects)) await stop();
  receivers.close();
  const summary = Object.fromEntries(Object.entries(figures).map(([name, all]) => [name, summarise(all)]));
  printTable(scenario, summary, 'limit');
  return summary;
}

async function warmUp(send) {
  for (let index = 0; index < WARM_UP_EVENTS; index++) await send(`warm-up-${randomBytes(4).toString('hex')}`);
  await sleep(3000);
}

async function runRound(scenario, name, subject, receivers, fanOut, tag) {
  if (scenario === 'latency') return openLoop(subject.send, receivers, { ...LATENCY, tag });
  const count = Math.max(100, Math.round(events / (name === 'floor' ? 10 : 1) / fanOut));
  const before = cpu(subject.pid);
  const { acceptSeconds, deliverSeconds } = await closedLoop(subject.send, receivers, {
    events: count,
    atOnce: AT_ONCE,
    fanOut,
    tag,
  });
  await sleep(1000);
  const after = cpu(subject.pid);
  const perThousand = (part) => ((after[part] - before[part]) / count) * 1000;
  return {
    'accepted/s': count / acceptSeconds,
    'delivered/s': (count * fanOut) / deliverSeconds,
    'cpu node': perThousand('node'),
    'cpu postgres': perThousand('postgres'),
    'cpu temporal': perThousand('temporal'),
    'cpu sum': perThousand('node') + perThousand('postgres') + perThousand('temporal'),
  };
}

function cpu(pid) {
  return { node: cpuSeconds(pid), postgres: cpuSeconds(postgres.pid), temporal: cpuSeconds(temporal.pid) };
}

async function startSubject(name, receivers) {
  const env = {
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: temporal.address,
    RECEIVERS: JSON.stringify(receivers.urls),
  };
  if (name !== 'signpost') {
    const child = await startNode(path.join(ROOT, 'bench', 'subjects', `${name}.mjs`), env, /listening \d+/);
    const url = `http://127.0.0.1:${/listening (\d+)/.exec(child.output())[1]}`;
    const send = createSender(url, (key) => ({
      path: '/',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key, type: 'bench.happened.v1', data: { paymentId: 'P-1', amount: 125.5 } }),
    }));
    return { ...child, send };
  }
  const child = await startNode(
    path.join(ROOT, 'dist', 'main.js'),
    {
      ...env,
      SIGNPOST_PORT: '0',
      SIGNPOST_ADMIN_KEY: ADMIN_KEY,
      SIGNPOST_MASTER_KEY: randomBytes(32).toString('base64'),
      SIGNPOST_ALLOW_ADDRESSES: '127.0.0.0/8',
      SIGNPOST_ALLOW_URLS: 'http://127.0.0.1:*',
      SIGNPOST_DATA_DIR: directory,
      SIGNPOST_LOG_LEVEL: 'warn',
    },
    /^ready$/m,
  );
  const url = /^ {2}API +(\S+)$/m.exec(child.output())[1];
  const { key, type, customerId } = await onboard(url, receivers.urls);
  const headers = { 'content-type': 'application/json', 'x-api-key': key };
  const send = createSender(url, (id) => ({
    path: '/v1/events',
    headers,
    body: JSON.stringify({ id, type, customerId, data: { paymentId: 'P-1', amount: 125.5 } }),
  }));
  return { ...child, send };
}

/** As a product line would: with a key of its own, a schema, a customer and a subscription for each receiver. */
async function onboard(url, receivers) {
  const tag = randomBytes(4).toString('hex');
  const call = async (method, route, body) => {
    const response = await fetch(url + route, {
      method,
      headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${route}: ${JSON.stringify(answer)}`);
    return answer;
  };
  const type = `bench.happened-${tag}.v1`;
  const schema = {
    type: 'object',
    required: ['paymentId'],
    properties: { paymentId: { type: 'string' }, amount: { type: 'number' } },
  };
  await call('POST', '/v1/products', { id: `bench-${tag}`, name: 'Bench', enabled: true });
  await call('PUT', `/v1/event-types/${type}`, { productId: `bench-${tag}`, schema });
  await call('POST', '/v1/customers', { id: `bench-${tag}`, name: 'Bench', productId: `bench-${tag}` });
  const { key } = await call('POST', '/v1/api-keys', { name: 'bench', role: 'product', productId: `bench-${tag}` });
  for (const [index, receiver] of receivers.entries()) {
    await call('POST', '/v1/subscriptions', {
      customerId: `bench-${tag}`,
      name: `s${index}`,
      url: receiver,
      eventTypes: [type],
    });
  }
  return { key, type, customerId: `bench-${tag}` };
}
