/** The targets, and whether they are reached. */
import { figure, ratio } from './figures.mjs';

const FLAT = 1.05;

/**
 * Each target: the figure's name, the target as text and as a bound, and how to find the figure.
 */
const TARGETS = [
  {
    of: 'Delivered/s, closed loop of 32, one endpoint',
    target: 'at least 0.7 of the limit',
    min: 0.7,
    value: (results) => toLimit(results, 'closed', 'Closed loop', 'delivered/s'),
  },
  {
    of: 'Delivered/s, fan-out of 10',
    target: 'at least the limit',
    min: 1,
    value: (results) => toLimit(results, 'fanout', 'Closed loop of 32, fan-out of 10', 'delivered/s'),
  },
  {
    of: 'Send to receipt at 20/s, p50',
    target: 'at most 1.3 of the limit',
    max: 1.3,
    value: (results) => toLimit(results, 'latency', 'Open loop of 20 ', 'receipt p50 ms'),
  },
  {
    of: 'Send to receipt at 20/s, p99',
    target: 'at most 2 of the limit',
    max: 2,
    value: (results) => toLimit(results, 'latency', 'Open loop of 20 ', 'receipt p99 ms'),
  },
  {
    of: 'CPU per event, closed loop, all processes',
    target: 'at most 2.5 of the limit',
    max: 2.5,
    value: (results) => toLimit(results, 'closed', 'Closed loop', 'cpu sum'),
  },
  {
    of: 'One workflow each, completions/s',
    target: 'at least 0.85 of the floor',
    min: 0.85,
    value: (results) => compare(results, 'oneeach', 'One workflow each', 'completed/s', 'signpost', 'floor'),
  },
  {
    of: 'Accept p99 while a spike drains',
    target: 'at most 3 of idle',
    max: 3,
    value: (results) => compare(results, 'burst', 'Spike of', 'accept p99 ms', 'draining', 'idle'),
  },
  {
    of: "Receipt p99 beside another customer's trouble, the worst of seven",
    target: 'at most 1.5 of alone',
    max: 1.5,
    value: worstTrouble,
  },
  {
    of: 'Timer after 30 s, 10,000 waiting, p99',
    target: 'at most 1,000 ms late',
    max: 1000,
    value: (results) =>
      figure(results, 'ladder', 'Timers: an attempt 30 s after the last, 10,000', 'signpost', 'late p99 ms'),
  },
  {
    of: 'Cost of the worst call with a full table',
    target: 'at most 1.2 of an empty table',
    max: 1.2,
    value: worstGrowth,
  },
  {
    of: 'Memory of a process, idle',
    target: 'at most 200 MB',
    max: 200,
    value: (results) => figure(results, 'memory', 'Memory', 'idle', 'max MB'),
  },
  {
    of: 'Memory of a process, closed loop',
    target: 'at most 350 MB',
    max: 350,
    value: (results) => figure(results, 'memory', 'Memory', 'closed loop', 'max MB'),
  },
  {
    of: 'Memory of a process in a soak, last third',
    target: `at most ${FLAT} of the first third`,
    max: FLAT,
    value: (results) => compare(results, 'memory', 'Memory', 'PSS MB', 'soak, last third', 'soak, first third'),
  },
  {
    of: 'Memory for each waiting notification, 100,000 waiting',
    target: 'at most 2 KB',
    max: 2,
    value: (results) => figure(results, 'ladder', 'Waiting in the ladder', '100000 waiting', 'KB each'),
  },
];

/** @returns each target with its `value` (undefined if not measured) and whether it `isReached` */
export function judgeTargets(results) {
  return TARGETS.map(({ of, target, min = -Infinity, max = Infinity, value }) => {
    const measured = value(results);
    const isReached = measured && measured.median >= min && measured.median <= max;
    return { of, target, value: measured, isReached };
  });
}

function toLimit(results, scenario, title, name) {
  return compare(results, scenario, title, name, 'signpost', 'limit');
}

function compare(results, scenario, title, name, row, reference) {
  const table = results[scenario]?.tables.find(
    (candidate) => candidate.title.startsWith(title) && row in candidate.rows && reference in candidate.rows,
  );
  return ratio(table?.rows[row][name], table?.rows[reference][name]);
}

function worstTrouble(results) {
  const ratios = (results.isolation?.tables ?? []).map(({ rows }) =>
    ratio(rows.beside['receipt p99 ms'], rows.alone['receipt p99 ms']),
  );
  return ratios.sort((a, b) => b.median - a.median)[0];
}

function worstGrowth(results) {
  const table = results.table?.tables[0];
  if (!table) return undefined;
  const [full] = Object.keys(table.rows).filter((row) => row !== table.reference);
  const growths = Object.keys(table.rows[full] ?? {}).map((name) =>
    ratio(table.rows[full][name], table.rows[table.reference][name]),
  );
  return growths.sort((a, b) => b.median - a.median)[0];
}
