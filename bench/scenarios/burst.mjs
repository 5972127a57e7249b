/** A spike: many events within a moment, and how much it slows down accepting other events. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { concurrently, paced, startReceivers } from '../load.mjs';
import { watchMemory } from '../proc.mjs';
import { onboard, startService } from '../signpost.mjs';
import { quantiles, summarise } from '../statistics.mjs';

const BATCH = 200;
const BATCHES_AT_ONCE = 8;
const PROBES_PER_SECOND = 20;
const IDLE_SECONDS = 10;
const QUICK_IDLE_SECONDS = 2;
const MAX_DRAIN_SECONDS = 900;
const LOOK_EVERY_MS = 250;
const MAX_ROUNDS = 3;

export const burst = {
  name: 'burst',
  about:
    'A spike of 20,000 notifications: time to accept and to drain, peak memory, accept p99 of other events meanwhile',
  async run({ environment, sizes, subjects }) {
    if (!subjects.includes('signpost')) return [];
    const receivers = await startReceivers(1);
    const sandbox = await environment.sandbox();
    const service = await startService(environment, sandbox);
    const { send, sendBatch } = await onboard(service.url, receivers.urls);
    const database = new pg.Client({ connectionString: sandbox.database.url });
    await database.connect();
    const bench = { send, sendBatch, receivers, pid: service.pid, database, burst: sizes.burst };
    await runRound({ ...bench, burst: Math.ceil(sizes.burst / 20) }, 'warm-up');
    const rounds = [];
    for (let round = 0; round < Math.min(MAX_ROUNDS, sizes.rounds); round++)
      rounds.push(await runRound(bench, `round-${round}`));
    await database.end();
    await service.stop();
    receivers.close();
    const [idle, draining, whole] = ['idle', 'draining', 'whole'].map((part) =>
      summarise(rounds.map((figures) => figures[part])),
    );
    const title = `Spike of ${sizes.burst.toLocaleString('en')} notifications`;
    return [
      { title, rows: { signpost: whole } },
      { title: `${title}: accepting other events`, reference: 'idle', rows: { idle, draining } },
    ];
  },
};

async function runRound({ send, sendBatch, receivers, pid, database, burst: count }, tag) {
  receivers.reset();
  const idleSeconds = count < 2 * BATCH * BATCHES_AT_ONCE ? QUICK_IDLE_SECONDS : IDLE_SECONDS;
  const idleProbes = { events: PROBES_PER_SECOND * idleSeconds, perSecond: PROBES_PER_SECOND, tag: `${tag}-idle` };
  const { acceptMs: idleMs } = await paced(send, idleProbes);
  const { done, samples } = await watchMemory(pid, async () => {
    const started = performance.now();
    await concurrently(BATCHES_AT_ONCE, Math.ceil(count / BATCH), (batch) => {
      const from = batch * BATCH;
      return sendBatch(Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => `${tag}-${from + index}`));
    });
    const acceptSeconds = secondsSince(started);
    const drained = new AbortController();
    const probing = paced(send, {
      events: PROBES_PER_SECOND * MAX_DRAIN_SECONDS,
      perSecond: PROBES_PER_SECOND,
      tag: `${tag}-probe`,
      until: drained.signal,
    });
    probing.catch(() => undefined);
    await receivers.waitFor(idleProbes.events + count);
    const drainSeconds = secondsSince(started);
    drained.abort();
    const { acceptMs } = await probing;
    await untilRecorded(database);
    return { acceptSeconds, drainSeconds, recordSeconds: secondsSince(started), acceptMs };
  });
  return {
    idle: acceptQuantiles(idleMs),
    draining: acceptQuantiles(done.acceptMs),
    whole: {
      'accepted after s': done.acceptSeconds,
      'delivered after s': done.drainSeconds,
      'recorded after s': done.recordSeconds,
      'delivered/s': count / done.drainSeconds,
      'peak PSS MB': Math.max(...samples.pss),
      'peak RSS MB': Math.max(...samples.rss),
    },
  };
}

async function untilRecorded(database) {
  const until = Date.now() + MAX_DRAIN_SECONDS * 1000;
  for (;;) {
    const { rows } = await database.query(
      "select count(*)::int as open from notifications where status in ('pending', 'delivering')",
    );
    if (rows[0].open === 0) return;
    if (Date.now() > until) throw new Error(`${rows[0].open} notifications are still open`);
    await sleep(LOOK_EVERY_MS);
  }
}

function acceptQuantiles(acceptMs) {
  const { p50, p99 } = quantiles(acceptMs);
  return { 'accept p50 ms': p50, 'accept p99 ms': p99, probes: acceptMs.length };
}

function secondsSince(started) {
  return (performance.now() - started) / 1000;
}
