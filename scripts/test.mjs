/**
 * `npm test`: installs and builds if necessary, runs all tests, and prints the slowest files and a
 * last line with the counts from Jest's own summary. Arguments after `--` are passed to Jest,
 * except `--changed`, which runs the tests that depend on uncommitted changes, or with
 * `--changed=<commit>` on all changes since that commit.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { checkNode, ensureBuilt, ensureInstalled, ROOT } from './toolchain.mjs';

const SLOWEST_FILES = 10;
const changed = process.argv.slice(2).find((argument) => /^--changed(=|$)/.test(argument));
const options = process.argv
  .slice(2)
  .map((argument) =>
    argument === changed
      ? argument.replace(/^--changed=/, '--changedSince=').replace(/^--changed$/, '--onlyChanged')
      : argument,
  );

checkNode();
ensureInstalled();
ensureBuilt();

const summaryFile = path.join(ROOT, 'test-output', 'jest.json');
mkdirSync(path.dirname(summaryFile), { recursive: true });
rmSync(summaryFile, { force: true });
const jest = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const { status } = spawnSync(process.execPath, [jest, '--json', '--outputFile', summaryFile, ...options], {
  cwd: ROOT,
  // Jest writes its JSON to the file, and its readable output to standard error.
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (!existsSync(summaryFile)) {
  console.error('Jest ended without a summary.');
  process.exit(status || 1);
}
const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, numTotalTests, testResults } = JSON.parse(
  readFileSync(summaryFile, 'utf8'),
);
// Tests of a file that could not run are in no count: the run then has at least one failure.
const failed = Math.max(numFailedTests, numFailedTestSuites > 0 ? 1 : 0);
if (numTotalTests > 0) printSlowest(testResults);
else console.error(changed ? 'No test depends on the changes.' : 'No test ran.');
console.log(`${numPassedTests} passed, ${failed} failed, ${numPendingTests} skipped`);
process.exit(status || (numTotalTests === 0 && !changed ? 1 : 0));

/** Prints the files that took the longest. Files run in parallel, so the times overlap. */
function printSlowest(files) {
  const timed = files.map(({ name, startTime, endTime }) => ({
    file: path.relative(ROOT, name),
    seconds: (endTime - startTime) / 1000,
  }));
  const slowest = timed.sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST_FILES);
  console.log('Slowest test files:');
  for (const { file, seconds } of slowest) console.log(`${seconds.toFixed(1).padStart(7)} s  ${file}`);
}
