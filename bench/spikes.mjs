/**
 * `node bench/spikes.mjs [name …]`: spikes at full size, to see that every attempt is one request
 * and that workflows are shared. It is not part of `npm run bench`: it checks, and compares
 * nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer } from 'node:http';
import pg from 'pg';
import { ensureBuilt } from '../scripts/toolchain.mjs';
import { undoAll } from './cleanup.mjs';
import { openEnvironment } from './environment.mjs';
import { callApi, onboard, startService } from './signpost.mjs';

const BATCH = 100;
const SETTLE_MS = 900_000;
/** A wrong second start would come from the reconciler, which checks again after a minute. */
const WATCH_AFTER_MS = 75_000;

const SPIKES = {
  slow: { events: 9000, answerAfterMs: 550, status: 200, patch: { timeoutSeconds: 2 }, roles: ['all'] },
  rejecting: { events: 3000, answerAfterMs: 0, status: 500, patch: { retrySchedule: [] }, roles: ['all'] },
  'apart-2000': { events: 2000, answerAfterMs: 0, status: 200, patch: {}, roles: ['worker', 'api'] },
  'together-2000': { events: 2000, answerAfterMs: 0, status: 200, patch: {}, roles: ['all'] },
  'slow-apart': {
    events: 4000,
    answerAfterMs: 550,
    status: 200,
    patch: { timeoutSeconds: 2 },
    roles: ['worker', 'api'],
  },
};

const names = process.argv.slice(2);
const failed = [];
try {
  ensureBuilt();
  for (const name of names.length > 0 ? names : Object.keys(SPIKES)) if (!(await run(name))) failed.push(name);
} catch (error) {
  console.error(error);
  failed.push('a run failed');
} finally {
  await undoAll();
}
if (failed.length > 0) console.error(`not one request for each attempt: ${failed.join(', ')}`);
process.exit(failed.length > 0 ? 1 : 0);

/** @returns whether every attempt was one request */
async function run(name) {
  const spike = SPIKES[name];
  const environment = await openEnvironment({});
  const place = await environment.place();
  const receiver = await startReceiver(spike);
  const services = [];
  for (const role of spike.roles) services.push(await startService(environment, place, { SIGNPOST_ROLE: role }));
  const { url } = services.at(-1);
  const { sendBatch, subscriptionIds, customerId } = await onboard(url, [receiver.url]);
  await callApi(url, 'PATCH', `/v1/subscriptions/${subscriptionIds[0]}`, spike.patch);
  const database = new pg.Client({ connectionString: place.database.url });
  // The server may be stopped first, if something else fails.
  database.on('error', () => undefined);
  await database.connect();
  const started = performance.now();
  for (let from = 0; from < spike.events; from += BATCH)
    await sendBatch(Array.from({ length: BATCH }, (_, index) => `${name}-${from + index}`));
  const acceptedAfter = performance.now() - started;
  await untilSettled(database);
  const settledAfter = performance.now() - started;
  await untilNoneRuns(environment, place);
  const closedAfter = performance.now() - started;
  if (spike.status !== 200 || spike.answerAfterMs > 0) await sleep(WATCH_AFTER_MS);
  const own = await environment.countWorkflows(
    place.namespace.name,
    `WorkflowType = 'deliverNotification' and SignpostCustomer = '${customerId}'`,
  );
  const bursts = await environment.countWorkflows(place.namespace.name, "WorkflowType = 'deliverBurst'");
  const { rows } = await database.query(
    'select status, sum(attempt_count)::int as attempts from notifications group by 1',
  );
  const repeated = [...receiver.times.values()].filter((times) => times > 1).length;
  console.log(
    JSON.stringify({
      name,
      events: spike.events,
      acceptedAfterSeconds: seconds(acceptedAfter),
      settledAfterSeconds: seconds(settledAfter),
      workflowsClosedAfterSeconds: seconds(closedAfter),
      requests: receiver.requests(),
      attemptsSentTwice: repeated,
      mostAtOnce: receiver.most(),
      recorded: rows,
      deliverNotification: own,
      deliverBurst: bursts,
    }),
  );
  await database.end();
  for (const service of services) await service.stop();
  receiver.close();
  await environment.close();
  return repeated === 0 && receiver.requests() === spike.events;
}

async function startReceiver({ answerAfterMs, status }) {
  const times = new Map();
  let [requests, open, most] = [0, 0, 0];
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', async () => {
      const { 'signpost-notification': id, 'signpost-attempt': attempt } = request.headers;
      times.set(`${id} ${attempt}`, (times.get(`${id} ${attempt}`) ?? 0) + 1);
      requests += 1;
      most = Math.max(most, ++open);
      if (answerAfterMs > 0) await sleep(answerAfterMs);
      open -= 1;
      response.writeHead(status).end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    times,
    requests: () => requests,
    most: () => most,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function untilSettled(database) {
  for (const until = Date.now() + SETTLE_MS; ; await sleep(250)) {
    const { rows } = await database.query(
      "select count(*)::int as open from notifications where status in ('pending', 'delivering', 'retrying') or last_attempt_key like 'head:%' and status = 'failed'",
    );
    if (rows[0].open === 0) return;
    if (Date.now() > until) throw new Error(`${rows[0].open} notifications are not settled`);
  }
}

/** The visibility of workflows lags behind, so none has to run twice in a row. */
async function untilNoneRuns(environment, { namespace }) {
  for (const until = Date.now() + SETTLE_MS; Date.now() < until;) {
    const running = await environment.countWorkflows(namespace.name, "ExecutionStatus = 'Running'");
    await sleep(1000);
    if (running > 0) continue;
    if ((await environment.countWorkflows(namespace.name, "ExecutionStatus = 'Running'")) === 0) return;
  }
  throw new Error('workflows are still running');
}

function seconds(ms) {
  return Math.round(ms / 100) / 10;
}
