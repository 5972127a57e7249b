/**
 * `npm run bench:partitions`: the cost of statements with many daily partitions beside few, with
 * the same data. A year of installation must not slow the path down. An argument is part of the
 * names of what is measured.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { ensureBuilt } from '../scripts/toolchain.mjs';

const DAYS = [16, 400];
/** Days ahead, as maintenance keeps them. The others are past. */
const AHEAD = 14;
const DAY_MS = 86_400_000;
const NOTIFICATIONS = 20_000;
const ROUNDS = Number(process.env.ROUNDS ?? 60);
/** Calls in a row, so that both sides are warm. The order of the sides alternates. */
const CALLS = 20;
const GROUP = 20;

ensureBuilt();
const require = createRequire(import.meta.url);
const store = (module) => require(`../dist/store/${module}`);
const { openDatabase } = store('db/database');
const { poolLimits } = store('db/pools');
const { acceptEvents } = store('notifications/accept');
const { loadDeliveries } = store('notifications/load-deliveries');
const { recordAttempts } = store('notifications/record-attempts');
const { findNotification, listNotifications } = store('notifications/notifications');
const { listEvents } = store('notifications/events');
const { OpenCounts } = store('notifications/open-counts');
const { OverdueSweep } = store('notifications/overdue');
const { readStatistics } = store('reporting/statistics');
const { readOverview } = store('reporting/overview');
const { readTables } = store('retention/status');
const { summariseDays } = store('retention/day-summaries');
const { encodeId, newUuid } = require('../dist/domain/ids');

const directory = path.join(tmpdir(), `signpost-partitions-${randomBytes(6).toString('hex')}`);
const postgres = await require('../dist/embedded/postgres').startPostgres({ directory, port: 0 });
try {
  const sides = [];
  for (const days of DAYS) sides.push(await prepare(days));
  const uses = Object.entries(USES()).filter(([name]) => name.includes(process.argv[2] ?? ''));
  for (const [name, use] of uses) await compare(name, use, sides);
  for (const { close } of sides) await close();
} finally {
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
}

/** A database with this number of daily partitions, and its pools as of the service. */
async function prepare(days) {
  const name = `partitions_${days}`;
  const admin = new pg.Client(postgres.url);
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  await store('db/migrate').migrate(url.toString());
  await store('db/complete-indexes').completeIndexes(url.toString());
  const limits = poolLimits({ connections: 1, readConnections: 1, readTimeoutSeconds: 30 });
  const open = (pool) => openDatabase(url.toString(), (error) => console.error(error), { ...limits[pool], max: 1 });
  const [path, reads, maintenance] = [open('pathDb'), open('readDb'), open('maintenanceDb')];
  const past = days - AHEAD - 1;
  await store('db/partitions').ensurePartitions(maintenance, days - 1, Date.now() - past * DAY_MS);
  const customerId = 'customer';
  const subscription = newUuid();
  await reads.query({
    text: `insert into products (id, name, enabled) values ('product', 'product', true), ('quiet', 'quiet', true)`,
  });
  await reads.query({ text: `insert into event_types (name, product_id) values ('type.v1', 'product')` });
  await reads.query({
    text: `insert into customers (id, name, product_id) values ('customer', 'customer', 'product')`,
  });
  await reads.query({
    text: `insert into subscriptions (id, customer_id, product_id, name, url, url_approved, event_types, event_type_regex, timeout_seconds, enabled)
           values ($1, 'customer', 'product', 'main', 'http://127.0.0.1:9/', true, '{type.v1}', '^type[.]v1$', 5, true)`,
    values: [subscription],
  });
  const event = (overrides = {}) => ({
    uuid: newUuid(),
    type: 'type.v1',
    schemaVersion: 1,
    customerId,
    channels: [],
    timestamp: new Date(),
    data: '{"amount":125.5}',
    bodyHash: Buffer.from('body'),
    ...overrides,
  });
  const side = {
    days,
    path,
    reads,
    event,
    subscriptionId: encodeId('sub', subscription),
    accepted: [],
    counts: new OpenCounts(reads),
    sweep: new OverdueSweep(reads),
    async accept(count) {
      const results = await acceptEvents(
        path,
        Array.from({ length: count }, () => event()),
        'process',
      );
      return results.flatMap(({ notifications }) => notifications);
    },
    async close() {
      for (const pool of [path, reads, maintenance]) await pool.close();
    },
  };
  for (let made = 0; made < NOTIFICATIONS; made += 500) {
    const notifications = await side.accept(500);
    await record(side, notifications);
  }
  side.accepted = await side.accept(1000);
  await reads.query({ text: 'update notifications set reconcile_after = null' });
  await summariseDays(maintenance, Date.now());
  await maintenance.query({ text: 'vacuum analyze' });
  return side;
}

function record({ path }, notifications) {
  const at = new Date();
  const records = notifications.map(({ notificationId, subscriptionId }) => ({
    notificationId,
    subscriptionId,
    attemptKey: newUuid(),
    trigger: 'scheduled',
    startedAt: at,
    finishedAt: at,
    durationMs: 1,
    error: null,
    request: { method: 'POST', url: 'http://127.0.0.1:9/', headers: {}, body: null },
    response: { status: 200, headers: {}, body: '', truncated: false },
    workflowId: `notification/${notificationId}`,
    outcome: { status: 'delivered' },
  }));
  return recordAttempts(path, records);
}

/** What is measured, by name. */
function USES() {
  const page = { limit: 50 };
  const one = (side) => side.accepted[Math.floor(Math.random() * side.accepted.length)];
  const some = (side) => side.accepted.slice(0, GROUP);
  return {
    accept: (side) => side.accept(1),
    [`accept ${GROUP}`]: (side) => side.accept(GROUP),
    'accept with an id': ({ path, event }) => acceptEvents(path, [event({ id: newUuid() })], 'process'),
    load: ({ path, ...side }) => loadDeliveries(path, [one(side).notificationId]),
    record: (side) => record(side, [one(side)]),
    [`record ${GROUP}`]: (side) => record(side, some(side)),
    'list notifications': ({ reads }) => listNotifications(reads, {}, {}, page),
    'list events': ({ reads }) => listEvents(reads, {}, {}, page),
    'list a subscription': ({ reads, subscriptionId }) => listNotifications(reads, {}, { subscriptionId }, page),
    'find a notification': ({ reads, ...side }) => findNotification(reads, one(side).notificationId, {}),
    'metrics: open notifications': ({ counts }) => counts.read(),
    'metrics: partitions': ({ reads }) => readTables(reads, Date.now()),
    'sweep of the reconciler': ({ sweep }) => sweep.take(200, 60),
    'list of a quiet product': ({ reads }) => listNotifications(reads, { productId: 'quiet' }, {}, page),
    statistics: ({ reads, subscriptionId }) => readStatistics(reads, subscriptionId),
    overview: ({ reads }) => readOverview(reads, {}, 'hour', new Date()),
  };
}

async function compare(name, use, sides) {
  const times = new Map(sides.map((side) => [side, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
      for (let call = 0; call < CALLS; call++) {
        const startedAt = performance.now();
        await use(side);
        times.get(side).push(performance.now() - startedAt);
      }
    }
  }
  const [few, many] = sides.map((side) => median(times.get(side)));
  const ms = (value) => value.toFixed(2).padStart(7);
  console.log(
    `${name.padEnd(28)} ${DAYS[0]}: ${ms(few)} ms   ${DAYS[1]}: ${ms(many)} ms   ratio ${(many / few).toFixed(2)}`,
  );
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
