/** A simulated day, hour by hour. */
import { PARTS } from '../sizing.mjs';

const HOURS = 24;

/** @returns 24 entries with the means of rates and the peaks of backlogs */
export function byHour({ minutes }) {
  return Array.from({ length: HOURS }, (_, hour) => {
    const own = minutes.slice(hour * 60, (hour + 1) * 60);
    const mean = (name) => own.reduce((sum, minute) => sum + minute[name], 0) / own.length;
    return {
      hour,
      'notifications/s': mean('deliveries'),
      'attempts/s': mean('attempts'),
      'workflows/s': mean('workflows'),
      'timers/s': mean('retries'),
      waiting: most(own, ({ waiting }) => waiting),
      'slow in flight': most(own, ({ slowInFlight }) => slowInFlight),
      delayed: most(own, ({ delayed }) => delayed),
    };
  });
}

/** The worst minute of the day, for each figure. */
export function peaksOf({ minutes }) {
  return {
    'notifications/s': most(minutes, ({ deliveries }) => deliveries),
    'attempts/s': most(minutes, ({ attempts }) => attempts),
    'workflows/s': most(minutes, ({ workflows }) => workflows),
    'timers/s': most(minutes, ({ retries }) => retries),
    waiting: most(minutes, ({ waiting }) => waiting),
    'slow in flight': most(minutes, ({ slowInFlight }) => slowInFlight),
    delayed: most(minutes, ({ delayed }) => delayed),
    ...Object.fromEntries(PARTS.map((part) => [`cores ${part}`, most(minutes, ({ cores }) => cores[part])])),
  };
}

function most(entries, value) {
  return entries.reduce((highest, entry) => Math.max(highest, value(entry)), 0);
}
