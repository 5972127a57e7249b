/**
 * Notifications waiting in the ladder: their cost while they wait, and how late the next attempt
 * is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { concurrently, paced, startReceivers } from '../load.mjs';
import { HAS_PROC, pssMb } from '../proc.mjs';
import { onboard, startService } from '../signpost.mjs';
import { quantiles, summarise } from '../statistics.mjs';

const STEP_SECONDS = 30;
const QUICK_STEP_SECONDS = 3;
/** Long enough that no attempt is due during the measurement. */
const LONG_SECONDS = 43_200;
const PROBES_PER_SECOND = 6;
const BATCH = 500;
const BATCHES_AT_ONCE = 2;
/**
 * The first waiting workflows fill the worker's cache, so they are not counted in the memory of
 * each one.
 */
const FIRST = 1000;
const ACCURACY_AT = 10_000;
const SETTLE_SECONDS = 10;
const IDLE_SECONDS = 20;
const LOOK_EVERY_MS = 1000;
/** Each notification gets a workflow. Starting fewer than this per second is a failure. */
const MIN_PER_SECOND = 5;

export const ladder = {
  name: 'ladder',
  about: 'Notifications that wait in the ladder: memory each, CPU while idle, delay of the attempt after 30 s',
  async run({ environment, sizes, subjects, quick }) {
    if (!subjects.includes('signpost')) return [];
    const stepSeconds = quick ? QUICK_STEP_SECONDS : STEP_SECONDS;
    const probes = watchProbes(stepSeconds);
    const flooded = await startReceivers(1, () => 503);
    const probed = await startReceivers(1, probes.respond);
    const sandbox = await environment.sandbox();
    let service = await startService(environment, sandbox);
    const flood = await onboard(service.url, flooded.urls, { retrySchedule: [LONG_SECONDS] });
    const probe = await onboard(service.url, probed.urls, { retrySchedule: [stepSeconds, LONG_SECONDS] });
    const fillTo = createFill(environment, sandbox, flood);
    const look = async () => ({ ...(await idleCost(environment, service, quick)), 'PSS MB': memoryOf(service) });

    const first = Math.min(FIRST, Math.ceil(sizes.waiting / 10));
    await fillTo(first);
    const rows = { [`${first} waiting`]: await look() };
    const filling = await fillTo(Math.min(ACCURACY_AT, sizes.waiting));
    const lateMs = await probes.run(probe.send, sizes.probes);
    if (sizes.waiting > ACCURACY_AT) await fillTo(sizes.waiting);
    const full = await look();
    const perNotification = ((full['PSS MB'] - rows[`${first} waiting`]['PSS MB']) * 1024) / (sizes.waiting - first);
    rows[`${sizes.waiting} waiting`] = { ...full, 'KB each': perNotification };
    await service.stop();
    service = await startService(environment, sandbox);
    rows['after a restart'] = await look();
    await service.stop();
    flooded.close();
    probed.close();
    const summarised = Object.fromEntries(Object.entries(rows).map(([row, figures]) => [row, summarise([figures])]));
    const { p50, p99 } = quantiles(lateMs);
    const accuracy = { 'late p50 ms': p50, 'late p99 ms': p99, 'late max ms': Math.max(...lateMs) };
    const waiting = Math.min(ACCURACY_AT, sizes.waiting).toLocaleString('en');
    return [
      { title: 'Waiting in the ladder', rows: summarised },
      {
        title: `Timers: an attempt ${stepSeconds} s after the last, ${waiting} waiting`,
        rows: { signpost: summarise([accuracy]) },
      },
      { title: 'Starting to wait: notifications whose first attempt fails', rows: { signpost: summarise([filling]) } },
    ];
  },
};

/**
 * @returns `fillTo(count)`, which posts the missing events and waits until `count` workflows wait
 *   on their timers
 */
function createFill(environment, { namespace }, { sendBatch }) {
  let sent = 0;
  return async (wanted) => {
    const from = sent;
    const started = performance.now();
    const count = wanted - from;
    sent = wanted;
    await concurrently(BATCHES_AT_ONCE, Math.ceil(count / BATCH), (batch) => {
      const first = from + batch * BATCH;
      return sendBatch(Array.from({ length: Math.min(BATCH, wanted - first) }, (_, index) => `flood-${first + index}`));
    });
    const timeoutMs = (60 + count / MIN_PER_SECOND) * 1000;
    const running = () =>
      environment.countWorkflows(
        namespace.name,
        "WorkflowType = 'deliverNotification' AND ExecutionStatus = 'Running'",
      );
    while ((await running()) < wanted) {
      if (performance.now() - started > timeoutMs)
        throw new Error(`only ${await running()} of ${wanted} notifications wait in the ladder`);
      await sleep(LOOK_EVERY_MS);
    }
    return { 'notifications/s': count / ((performance.now() - started) / 1000) };
  };
}

/** CPU use while idle, in percent of a core. */
async function idleCost(environment, { pid }, quick) {
  await sleep(quick ? 2000 : SETTLE_SECONDS * 1000);
  const before = environment.cpu([pid]);
  const started = performance.now();
  await sleep(quick ? 2000 : IDLE_SECONDS * 1000);
  const seconds = (performance.now() - started) / 1000;
  const after = environment.cpu([pid]);
  return Object.fromEntries(
    Object.keys(after).map((part) => [`idle CPU ${part} %`, ((after[part] - before[part]) / seconds) * 100]),
  );
}

function memoryOf({ pid }) {
  return HAS_PROC ? pssMb(pid) : NaN;
}

/** Events whose first attempt fails. Measures how late the second attempt is. */
function watchProbes(stepSeconds) {
  const answeredAt = new Map();
  const lateMs = new Map();
  return {
    respond(_path, headers) {
      const id = headers['webhook-id'];
      const first = answeredAt.get(id);
      if (first === undefined) {
        answeredAt.set(id, performance.now());
        return 503;
      }
      lateMs.set(id, performance.now() - first - stepSeconds * 1000);
      return 204;
    },
    async run(send, count) {
      await paced(send, { events: count, perSecond: PROBES_PER_SECOND, tag: 'probe' });
      const until = Date.now() + (stepSeconds + 120) * 1000;
      while (lateMs.size < count) {
        if (Date.now() > until) throw new Error(`only ${lateMs.size} of ${count} second attempts were made`);
        await sleep(LOOK_EVERY_MS);
      }
      return [...lateMs.values()];
    },
  };
}
