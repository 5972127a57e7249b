/** Years of notifications: whether calls cost more with a full table. */
import { createRequire } from 'node:module';
import pg from 'pg';
import { concurrently, closedLoop, startReceivers } from '../load.mjs';
import { interleave } from '../rounds.mjs';
import { callApi, onboard, startService } from '../signpost.mjs';
import { median, summarise } from '../statistics.mjs';
import { fillTable } from './table-rows.mjs';

const SMALL_ROWS = 5000;
const CALLS = 50;
const QUICK_CALLS = 5;
/** Each retry needs a workflow and a failed notification. */
const MAX_RETRIES = 20;
const ACCEPTS = 500;
const CONCURRENCY = 32;

export const table = {
  name: 'table',
  about: 'Accepting, listing, retrying and statistics with many old notifications, beside an almost empty table',
  async run({ environment, sizes, subjects, quick }) {
    if (!subjects.includes('signpost')) return [];
    const receivers = await startReceivers(1);
    const full = `${sizes.rows.toLocaleString('en')} rows`;
    const small = `${Math.min(SMALL_ROWS, sizes.rows).toLocaleString('en')} rows`;
    const calls = quick ? QUICK_CALLS : CALLS;
    const rounds = sizes.rounds + 1;
    const failedWanted = Math.min(calls, MAX_RETRIES) * rounds;
    const services = {};
    for (const [row, rows] of [
      [small, Math.min(SMALL_ROWS, sizes.rows)],
      [full, sizes.rows],
    ])
      services[row] = await prepare(environment, receivers, rows, failedWanted);
    const failed = Math.min(...Object.values(services).map((service) => service.failed.length));
    if (failed < rounds)
      throw new Error(`${rounds} rounds need ${rounds} failed notifications, but there are ${failed}`);
    const retries = Math.floor(failed / rounds);
    for (const service of Object.values(services)) await runRound(service, receivers, { calls, retries }, 'warm-up');
    const rows = await interleave(sizes.rounds, services, (_row, service, round) =>
      runRound(service, receivers, { calls, retries }, `round-${round}`),
    );
    for (const { stop } of Object.values(services)) await stop();
    receivers.close();
    const disk = { [full]: summarise([{ 'KB each': services[full].bytesEach / 1024 }]) };
    return [
      { title: 'A table with old notifications', reference: small, rows },
      { title: 'Disk, for a notification with its event, key, attempt and indexes', rows: disk },
    ];
  },
};

/**
 * Starts the service in a sandbox with `rows` old notifications, and finds those that can be
 * retried.
 */
async function prepare(environment, receivers, rows, failedWanted) {
  const { encodeId, decodeId } = createRequire(import.meta.url)('../../dist/domain/ids');
  const sandbox = await environment.sandbox();
  const service = await startService(environment, sandbox);
  const producer = await onboard(service.url, receivers.urls);
  const subscriptionId = producer.subscriptionIds[0];
  const database = new pg.Client({ connectionString: sandbox.database.url });
  await database.connect();
  await fillTable(database, rows, { ...producer, subscriptionUuid: decodeId('sub', subscriptionId) });
  const { rows: failed } = await database.query(
    "select id from notifications where subscription_id = $1 and status = 'failed' order by id limit $2",
    [decodeId('sub', subscriptionId), failedWanted],
  );
  const { rows: size } = await database.query('select pg_database_size(current_database())::float8 as bytes');
  await database.end();
  const bytesEach = size[0].bytes / rows;
  return { ...service, bytesEach, ...producer, subscriptionId, failed: failed.map(({ id }) => encodeId('ntf', id)) };
}

async function runRound({ url, send, subscriptionId, customerId, failed }, receivers, { calls, retries }, tag) {
  const events = Math.max(calls, Math.min(ACCEPTS, calls * 10));
  const { acceptSeconds } = await closedLoop(send, receivers, { events, concurrency: CONCURRENCY, tag });
  const get = (route) => medianMs(calls, () => callApi(url, 'GET', route));
  const retried = failed.splice(0, retries);
  return {
    'accept ms': await medianMs(calls, (index) => send(`${tag}-single-${index}`)),
    'accept ms each, 32 senders': (acceptSeconds * 1000) / events,
    'list ms': await get(`/v1/notifications?customerId=${customerId}`),
    'list failed ms': await get(`/v1/subscriptions/${subscriptionId}/notifications?status=failed`),
    'statistics ms': await get(`/v1/subscriptions/${subscriptionId}/statistics`),
    'retry ms': await medianMs(retries, (index) =>
      callApi(url, 'POST', `/v1/notifications/${retried[index]}/retry`, {}),
    ),
  };
}

async function medianMs(count, call) {
  const durations = [];
  await concurrently(1, count, async (index) => {
    const started = performance.now();
    await call(index);
    durations.push(performance.now() - started);
  });
  return median(durations);
}
