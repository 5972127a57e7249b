/** The options of `npm run bench`, their bounds, and the sizes for `--quick` and `--full`. */
import { parseArgs } from 'node:util';
import path from 'node:path';
import { ROOT } from '../scripts/toolchain.mjs';

/**
 * Sizes: description (`of`), upper bound, and the values for `--quick`, by default (`usual`) and
 * for `--full`.
 */
const SIZES = {
  rounds: { of: 'rounds of each scenario and subject', max: 50, quick: 1, usual: 5, full: 5 },
  events: {
    of: 'events of a closed loop; a tenth for the floor; with a fan-out, the number of notifications',
    max: 1_000_000,
    quick: 100,
    usual: 5000,
    full: 5000,
  },
  'own-workflows': {
    of: 'events of a round in which each has its own workflow',
    max: 100_000,
    quick: 40,
    usual: 600,
    full: 1000,
  },
  'latency-seconds': {
    of: 'length of an open loop at 20 events a second; half of that at other rates',
    max: 600,
    quick: 2,
    usual: 15,
    full: 30,
  },
  burst: { of: 'notifications of a spike', max: 1_000_000, quick: 500, usual: 20_000, full: 20_000 },
  waiting: {
    of: 'notifications waiting in the ladder (timers are also measured at 10,000)',
    max: 1_000_000,
    quick: 100,
    usual: 10_000,
    full: 100_000,
  },
  probes: { of: 'retries whose lateness is measured', max: 10_000, quick: 12, usual: 300, full: 600 },
  rows: { of: 'old notifications in the full table', max: 100_000_000, quick: 20_000, usual: 500_000, full: 5_000_000 },
  'soak-seconds': { of: 'length of the soak', max: 86_400, quick: 5, usual: 60, full: 600 },
};

/** All subjects. Only those in {@link USUAL_SUBJECTS} run by default. */
export const SUBJECTS = ['limit', 'floor', 'signpost', 'graphile', 'bullmq'];
const USUAL_SUBJECTS = ['limit', 'floor', 'signpost'];

const RESULTS_FILE = path.join(ROOT, 'bench', 'results.json');

/** @throws Error naming the invalid option and the expected values */
export function readOptions(args, scenarios) {
  const sizeOptions = Object.fromEntries(Object.keys(SIZES).map((name) => [name, { type: 'string' }]));
  const { values } = parseArgs({
    args,
    options: {
      ...sizeOptions,
      scenarios: { type: 'string', default: scenarios.map(({ name }) => name).join(',') },
      subjects: { type: 'string', default: USUAL_SUBJECTS.join(',') },
      'fan-out': { type: 'string' },
      temporal: { type: 'string' },
      database: { type: 'string' },
      out: { type: 'string' },
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const preset = values.quick ? 'quick' : values.full ? 'full' : 'usual';
  const sizes = Object.fromEntries(
    Object.entries(SIZES).map(([name, size]) => [
      name,
      values[name] === undefined ? size[preset] : wholeNumber(name, values[name], size.max),
    ]),
  );
  return {
    help: values.help,
    quick: values.quick,
    sizes,
    scenarios: names(
      'scenarios',
      values.scenarios,
      scenarios.map(({ name }) => name),
    ).map((name) => scenarios.find((scenario) => scenario.name === name)),
    subjects: names('subjects', values.subjects, SUBJECTS),
    fanOuts: (values['fan-out'] ?? (values.full ? '1,10,100' : '10'))
      .split(',')
      .map((count) => wholeNumber('fan-out', count, 100)),
    temporal: values.temporal,
    database: values.database,
    out: values.out ?? RESULTS_FILE,
    // The pages show neither figures written to another file nor the meaningless ones of tiny
    // sizes.
    writesPages: values.out === undefined && !values.quick,
  };
}

export function usage(scenarios) {
  const sizes = Object.entries(SIZES).map(
    ([name, { of, quick, usual, full }]) =>
      `  --${`${name} N`.padEnd(20)} ${of} (${usual}; quick ${quick}, full ${full})`,
  );
  return `usage: npm run bench -- [options]

Compares the service with its limit and its floor on this machine, with its own Postgres and Temporal. Writes
bench/results.json, docs/internals/performance.md, docs/internals/performance.svg and the figures of docs/operators/scaling.md.

  --scenarios LIST       some of ${scenarios.map(({ name }) => name).join(', ')} (all)
  --subjects LIST        some of ${SUBJECTS.join(', ')} (${USUAL_SUBJECTS.join(',')}); graphile and bullmq are
                         installed on first use, and bullmq needs redis-server on the PATH
  --fan-out LIST         subscriptions per event, 1 to 100 (10; full 1,10,100)
  --quick                tiny sizes, to check that everything runs; the pages do not change
  --full                 the long measurement, which takes hours
  --temporal ADDRESS     use this Temporal instead of a new development server; namespaces are created and removed
  --database URL         use this Postgres instead of a new one; databases are created and removed
  --out FILE             write the figures to this file; the pages do not change
${sizes.join('\n')}`;
}

function names(option, list, known) {
  const wanted = list.split(',').filter(Boolean);
  const unknown = wanted.find((name) => !known.includes(name));
  if (wanted.length === 0 || unknown !== undefined)
    throw new Error(`--${option} ${list}: expected a list of ${known.join(', ')}`);
  return wanted;
}

function wholeNumber(option, text, max) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new Error(`--${option} ${text}: expected a whole number from 1 to ${max}`);
  return value;
}
