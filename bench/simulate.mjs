/**
 * `node bench/simulate.mjs`: calculates a day of traffic with failing endpoints, for a given size.
 * It runs no traffic; it uses the costs that the bench measured.
 */
import { parseArgs } from 'node:util';
import { simulateDay } from './simulation/day.mjs';
import { byHour, peaksOf } from './simulation/hours.mjs';
import { costsOf, PARTS, PLANNED_USE } from './sizing.mjs';
import { round } from './statistics.mjs';

/** Options: description (`of`), default and bounds. */
const NUMBERS = {
  'per-second': { of: 'notifications a second, mean of the day', value: 1000, min: 0.01, max: 1e6 },
  peak: { of: 'busiest minute, as a multiple of the mean; at most 2', value: 1.8, min: 1, max: 2 },
  subscriptions: { of: 'subscriptions, all with the same traffic', value: 100_000, min: 1, max: 1e9 },
  failing: { of: 'share of endpoints with an outage in the day', value: 0.02, min: 0, max: 1 },
  'outage-minutes': { of: 'mean length of an outage', value: 120, min: 1, max: 1e5 },
  flaky: { of: 'share of other attempts that fail by chance', value: 0.002, min: 0, max: 1 },
  slow: { of: 'share of endpoints in the slow lane', value: 0.005, min: 0, max: 1 },
  'slow-seconds': { of: 'response time of a slow endpoint', value: 10, min: 0, max: 600 },
  seed: { of: 'the same seed gives the same day', value: 1, min: 0, max: 2 ** 32 - 1 },
};
const DEFAULT_LADDER = '30,300,1800,7200';

const USAGE = `usage: node bench/simulate.mjs [options]

Simulates a day, from midnight to midnight. Prints backlog, attempts and timers for each hour and for the worst minute,
and the cores they need.

${Object.entries(NUMBERS)
  .map(([name, { of, value }]) => `  --${`${name} N`.padEnd(18)} ${of} (${value})`)
  .join('\n')}
  --ladder LIST        waits between attempts, in seconds (${DEFAULT_LADDER})
  --cores LIST         cores of ${PARTS.join(', ')}, as in 8,4,16; work beyond them is delayed (unlimited)
  --json               all figures as JSON
  --help`;

let parameters;
let options;
try {
  options = readOptions();
  parameters = toParameters(options);
} catch (error) {
  console.error(`${error.message}\n\n${USAGE}`);
  process.exit(2);
}
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}

const costs = costsOf();
const day = simulateDay(parameters, costs);
const result = { parameters, costs, sums: day.sums, hours: byHour(day), peaks: peaksOf(day) };
if (options.json) console.log(JSON.stringify(result, null, 2));
else print(result);

function readOptions() {
  const numbers = Object.entries(NUMBERS).map(([name, { value }]) => [
    name,
    { type: 'string', default: String(value) },
  ]);
  return parseArgs({
    options: {
      ...Object.fromEntries(numbers),
      ladder: { type: 'string', default: DEFAULT_LADDER },
      cores: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
}

function toParameters(values) {
  const numbers = Object.entries(NUMBERS).map(([name, { min, max }]) => [
    name.replace(/-./g, (dash) => dash[1].toUpperCase()),
    number(`--${name}`, values[name], min, max),
  ]);
  const cores = values.cores?.split(',').map((text) => number('--cores', text, 0.01, 1e6));
  if (cores && cores.length !== PARTS.length) throw new Error(`--cores: expected ${PARTS.length} numbers`);
  return {
    ...Object.fromEntries(numbers),
    ladder: values.ladder.split(',').map((text) => number('--ladder', text, 1, 86_400)),
    cores: cores && Object.fromEntries(PARTS.map((part, index) => [part, cores[index]])),
  };
}

function number(option, text, min, max) {
  const value = Number(text);
  if (text.trim() === '' || !(value >= min && value <= max))
    throw new Error(`${option} ${text}: expected a number from ${min} to ${max}`);
  return value;
}

function print({ sums, hours, peaks }) {
  const shown = (figures) => Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, round(value)]));
  console.table(Object.fromEntries(hours.map(({ hour, ...figures }) => [`${hour}:00`, shown(figures)])));
  const count = (value) => Math.round(value).toLocaleString('en');
  console.log(
    `${count(sums.notifications)} notifications, of which ${count(sums.failedAtFirst)} failed at the first attempt:`,
  );
  console.log(
    `${count(sums.recovered)} were delivered by a retry, ${count(sums.failed)} exhausted their ladder, ${count(sums.stillWaiting)} still wait at midnight.`,
  );
  console.log('\nWorst minute of the day:');
  console.table(shown(peaks));
  const plan = PARTS.map((part) => `${part} ${Math.ceil(peaks[`cores ${part}`] / PLANNED_USE)}`).join(', ');
  console.log(`Cores to plan, for ${PLANNED_USE * 100} % use in that minute: ${plan}.`);
  console.log(
    costs.isMeasured
      ? 'Based on the costs that the bench measured (bench/results.json).'
      : 'Based on assumed costs. Run `npm run bench` to measure them on your machine.',
  );
}
