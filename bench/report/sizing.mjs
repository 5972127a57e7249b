/** The resources that a load needs, by the sizing model. */
import { simulateDay } from '../simulation/day.mjs';
import { peaksOf } from '../simulation/hours.mjs';
import { costsOf, PARTS, PLANNED_USE } from '../sizing.mjs';
import { round } from '../statistics.mjs';
import { figure } from './figures.mjs';
import { markdownTable, tableMarkdown } from './tables.mjs';

/** Connections of all pools of a process. */
const CONNECTIONS_PER_PROCESS = 29;
const SECONDS_A_DAY = 86_400;

/** Shared by all sizes; the defaults of the simulation. */
const COMMON = {
  peak: 1.8,
  failing: 0.02,
  outageMinutes: 120,
  flaky: 0.002,
  slow: 0.005,
  slowSeconds: 10,
  ladder: [30, 300, 1800, 7200],
  seed: 1,
};
const SIZES = [
  { perSecond: 100, subscriptions: 10_000 },
  { perSecond: 1000, subscriptions: 100_000 },
  { perSecond: 10_000, subscriptions: 1_000_000 },
];

/**
 * The cost of a unit of work per part, three sizes derived from it, and the measurements with
 * several worker processes.
 */
export function sizingMarkdown(results) {
  const costs = costsOf(results);
  const source = costs.isMeasured
    ? 'Measured (scenarios `closed` and `oneeach`):'
    : 'Assumed, because the bench has not run yet:';
  const apart = results.processes?.tables.map(tableMarkdown) ?? [];
  return [
    '### Cost of a notification',
    source,
    costTable(costs),
    '### Three sizes',
    'Extrapolated: the costs above, multiplied by a simulated day (`node bench/simulate.mjs`). The figures are for the worst minute of the day.',
    sizeTable(costs, figure(results, 'table', 'Disk', '', 'KB each')?.median),
    '### One, two and four worker processes',
    apart.length > 0
      ? 'Measured (scenario `processes`), with one API process on the same machine:'
      : 'Not measured yet.',
    ...apart,
  ].join('\n\n');
}

function costTable({ delivery, workflow }) {
  const rows = PARTS.map((part) => [part, ...perCore(delivery[part]), ...perCore(workflow[part])]);
  return markdownTable(
    ['Part', 'Delivery under load, ms', 'per second and core', 'Own workflow, ms', 'per second and core'],
    rows,
  );
}

function perCore(ms) {
  return [round(ms), ms > 0 ? Math.round(1000 / ms).toLocaleString('en') : ''];
}

function sizeTable(costs, kilobytesEach) {
  const columns = SIZES.map((size) => {
    const peaks = peaksOf(simulateDay({ ...COMMON, ...size }, costs));
    const planned = (part) => Math.max(1, Math.ceil(peaks[`cores ${part}`] / PLANNED_USE));
    // A Node process runs JavaScript on one core.
    const processes = planned('node') + 1;
    const perDay = size.perSecond * SECONDS_A_DAY;
    return {
      Subscriptions: size.subscriptions,
      'Notifications/s, daily mean': size.perSecond,
      'Notifications/s': peaks['notifications/s'],
      'Own workflows started/s': peaks['workflows/s'],
      'Timers fired/s': peaks['timers/s'],
      'Waiting in the ladder': peaks.waiting,
      'Slow lane, in flight': peaks['slow in flight'],
      [`Cores for Node, at ${PLANNED_USE * 100} % use`]: planned('node'),
      [`Cores for Postgres, at ${PLANNED_USE * 100} % use`]: planned('postgres'),
      [`Cores for Temporal, at ${PLANNED_USE * 100} % use`]: planned('temporal'),
      'Processes, including one spare': processes,
      'Postgres connections, at most': processes * CONNECTIONS_PER_PROCESS,
      'Rows per daily partition, million': perDay / 1e6,
      ...(kilobytesEach ? { 'Disk per day, GB': (perDay * kilobytesEach) / 2 ** 20 } : {}),
    };
  });
  const names = Object.keys(columns[0]);
  const shown = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toFixed(1))));
  return markdownTable(
    ['', 'Small', 'Medium', 'Large'],
    names.map((name) => [name, ...columns.map((column) => shown(column[name]))]),
  );
}
