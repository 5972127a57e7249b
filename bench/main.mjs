/**
 * `npm run bench`: compares the service with its limit and its floor in one run. See
 * bench/README.md.
 */
import { ensureBuilt } from '../scripts/toolchain.mjs';
import { isEnding, undoAll } from './cleanup.mjs';
import { openEnvironment } from './environment.mjs';
import { readOptions, usage } from './options.mjs';
import { writePages } from './report/pages.mjs';
import { describeRun, mergeResults } from './results.mjs';
import { SCENARIOS } from './scenarios/index.mjs';
import { printTable } from './statistics.mjs';

let options;
try {
  options = readOptions(process.argv.slice(2), SCENARIOS);
} catch (error) {
  console.error(`${error.message}\n\n${usage(SCENARIOS)}`);
  process.exit(2);
}
if (options.help) {
  console.log(usage(SCENARIOS));
  process.exit(0);
}

try {
  ensureBuilt();
  const run = describeRun(options);
  for (const scenario of options.scenarios) {
    const startedAt = performance.now();
    const tables = await measure(scenario);
    for (const table of tables) printTable(table);
    if (tables.length > 0) {
      const results = mergeResults(options.out, { [scenario.name]: { ...run, tables } });
      if (options.writesPages) await writePages(results);
    }
    console.log(`${scenario.name} took ${Math.round((performance.now() - startedAt) / 1000)} s`);
  }
  process.exitCode = 0;
} catch (error) {
  if (!isEnding()) console.error(error);
  process.exitCode = 1;
}
// After a signal, its handler runs the cleanups and exits.
if (!isEnding()) {
  await undoAll();
  process.exit();
}

/**
 * Runs a scenario on empty servers, so that waiting work of an earlier one does not slow it down.
 */
async function measure(scenario) {
  const environment = await openEnvironment(options);
  const { sizes, subjects, fanOuts, quick } = options;
  const tables = await scenario.run({ environment, sizes, subjects, fanOuts, quick });
  await environment.close();
  return tables;
}
