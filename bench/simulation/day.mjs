/**
 * A day of traffic with failing endpoints, minute by minute. Pure: the same parameters give the
 * same day.
 */
import { coresFor, PARTS } from '../sizing.mjs';
import { exponential, seededRandom } from './random.mjs';

export const MINUTES = 1440;
/** The busiest hour of the day. */
const PEAK_MINUTE = 14 * 60;
/** Limit of simulated failing endpoints. Beyond it, each one represents several. */
const MAX_SIMULATED_ENDPOINTS = 5000;

/**
 * Simulates a day from midnight to midnight, with no backlog from the day before.
 *
 * Each endpoint gets the same share of the traffic. A failing endpoint has one outage that begins
 * at a random moment; all attempts during it fail. Outside outages, a share of attempts fails by
 * chance. Slow endpoints succeed, in the slow lane, with a workflow for each notification.
 *
 * @param parameters - `perSecond` (notifications, mean of the day), `peak` (busiest minute, as a
 *   multiple of the mean), `subscriptions`, `failing` and `slow` (shares of them), `outageMinutes`
 *   (mean), `flaky` (share of attempts), `slowSeconds`, `ladder` (seconds), `seed`, and `cores` by
 *   part (absent: unlimited)
 * @param costs - CPU milliseconds, see `costsOf`
 * @returns one entry per minute, with rates per second and counts of what waits; and the sums of
 *   the day
 */
export function simulateDay(parameters, costs) {
  const curve = trafficCurve(parameters);
  const ladderWork = simulateLadders(parameters, curve);
  const minutes = [];
  let delayed = 0;
  for (let minute = 0; minute < MINUTES; minute++) {
    const work = workOf(parameters, curve[minute], ladderWork, minute);
    const cores = coresFor(costs, work);
    const done = shareDone(cores, parameters.cores, delayed, work);
    delayed = done.delayed;
    const attempts = work.deliveries + work.retries;
    minutes.push({ ...work, attempts, waiting: ladderWork.waiting[minute], delayed, cores, use: done.use });
  }
  return { minutes, sums: { ...ladderWork.sums, notifications: curve.reduce((sum, rate) => sum + rate * 60, 0) } };
}

/** Notifications per second in each minute: a wave over the day with the given mean and peak. */
function trafficCurve({ perSecond, peak }) {
  return Array.from(
    { length: MINUTES },
    (_, minute) => perSecond * (1 + (peak - 1) * Math.cos((2 * Math.PI * (minute - PEAK_MINUTE)) / MINUTES)),
  );
}

/**
 * Failures and retries: per minute, the ladders begun, the attempts after the first, and the
 * waiting notifications.
 */
function simulateLadders(parameters, curve) {
  const day = {
    begun: new Float64Array(MINUTES),
    retries: new Float64Array(MINUTES),
    // Holds the changes per minute, until they are summed up at the end.
    waiting: new Float64Array(MINUTES + 1),
    sums: { failedAtFirst: 0, recovered: 0, failed: 0, stillWaiting: 0 },
  };
  simulateOutages(parameters, curve, day);
  simulateChance(parameters, curve, day);
  for (let minute = 1; minute < MINUTES; minute++) day.waiting[minute] += day.waiting[minute - 1];
  return day;
}

function simulateOutages({ subscriptions, failing, outageMinutes, ladder, seed }, curve, day) {
  const random = seededRandom(seed);
  const endpoints = subscriptions * failing;
  const simulated = Math.min(MAX_SIMULATED_ENDPOINTS, Math.ceil(endpoints));
  for (let endpoint = 0; endpoint < simulated; endpoint++) {
    const begin = random() * MINUTES;
    const end = begin + exponential(random, outageMinutes);
    const share = endpoints / simulated / subscriptions;
    for (let minute = Math.floor(begin); minute < Math.min(end, MINUTES); minute++)
      walkLadder(day, minute, curve[minute] * 60 * share, ladder, (at) => (at < end ? 1 : 0));
  }
}

function simulateChance({ flaky, failing, outageMinutes, ladder }, curve, day) {
  if (flaky === 0) return;
  // During an outage attempts fail anyway.
  const up = 1 - failing * Math.min(1, outageMinutes / MINUTES);
  for (let minute = 0; minute < MINUTES; minute++)
    walkLadder(day, minute, curve[minute] * 60 * up * flaky, ladder, () => flaky);
}

/**
 * Follows notifications whose first attempt failed. `failsAt(minute)` is the share of attempts that
 * fail in a minute.
 */
function walkLadder(day, minute, notifications, ladder, failsAt) {
  day.begun[minute] += notifications;
  day.sums.failedAtFirst += notifications;
  let left = notifications;
  let at = minute;
  for (const waitSeconds of ladder) {
    const due = at + waitSeconds / 60;
    day.waiting[Math.floor(at)] += left;
    if (due >= MINUTES) {
      day.sums.stillWaiting += left;
      return;
    }
    day.waiting[Math.floor(due)] -= left;
    day.retries[Math.floor(due)] += left;
    const failed = left * failsAt(due);
    day.sums.recovered += left - failed;
    left = failed;
    at = due;
    if (left === 0) return;
  }
  day.sums.failed += left;
}

/** The work of a minute, per second. */
function workOf({ slow, slowSeconds }, deliveries, ladderWork, minute) {
  const slowDeliveries = deliveries * slow;
  return {
    deliveries,
    workflows: ladderWork.begun[minute] / 60 + slowDeliveries,
    retries: ladderWork.retries[minute] / 60,
    slowInFlight: slowDeliveries * slowSeconds,
  };
}

/**
 * Work beyond the available cores is delayed until there are free ones. `delayed` counts attempts.
 */
function shareDone(needed, cores, delayedBefore, { deliveries, retries }) {
  const due = delayedBefore + (deliveries + retries) * 60;
  const shares = PARTS.map((part) => (cores?.[part] ? needed[part] / cores[part] : 0));
  const use = Object.fromEntries(PARTS.map((part, index) => [part, shares[index]]));
  const worst = Math.max(...shares);
  if (worst === 0) return { delayed: 0, use };
  const possible = ((deliveries + retries) * 60) / worst;
  return { delayed: Math.max(0, due - possible), use };
}
