/**
 * `npm run faults`: all fault tests, with a long storm, for the night. CI leaves out those under
 * test/faults/long and further variants, and has a short storm.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { checkNode, ensureBuilt, ensureInstalled, ROOT } from './toolchain.mjs';

const USAGE = `usage: npm run faults -- [options]

Kills, stops, freezes and cuts off the service, Postgres and Temporal under load, and compares what was
accepted, recorded and received. Prints the counts of the storm.

  --seconds N   length of the storm (300)
  --seed N      repeats the storm of an earlier run, whose output has its seed (random)
  --storm       only the storm`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    seed: { type: 'string' },
    storm: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const isWhole = (text) => /^\d+$/.test(text);
if (!isWhole(values.seconds) || (values.seed !== undefined && !isWhole(values.seed))) {
  console.error(`--seconds and --seed expect a whole number.\n\n${USAGE}`);
  process.exit(2);
}
checkNode();
ensureInstalled();
ensureBuilt();
const { status } = spawnSync(
  'npx',
  ['jest', '--selectProjects', 'e2e', '--testPathPatterns', values.storm ? 'faults/storm' : 'test/faults'],
  {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      SIGNPOST_LONG_FAULTS: '1',
      SIGNPOST_STORM_SECONDS: values.seconds,
      ...(values.seed !== undefined && { SIGNPOST_TEST_SEED: values.seed }),
    },
  },
);
process.exit(status ?? 1);
