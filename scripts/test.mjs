/**
 * `npm test`: installs and builds if necessary, runs all tests, and prints a last line with the
 * counts from Jest's own summary. Arguments after `--` are passed to Jest.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { checkNode, ensureBuilt, ensureInstalled, ROOT } from './toolchain.mjs';

checkNode();
ensureInstalled();
ensureBuilt();

const summaryFile = path.join(ROOT, 'test-output', 'jest.json');
mkdirSync(path.dirname(summaryFile), { recursive: true });
rmSync(summaryFile, { force: true });
const jest = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const { status } = spawnSync(
  process.execPath,
  [jest, '--json', '--outputFile', summaryFile, ...process.argv.slice(2)],
  {
    cwd: ROOT,
    // Jest writes its JSON to the file, and its readable output to standard error.
    stdio: ['ignore', 'ignore', 'inherit'],
  },
);
if (!existsSync(summaryFile)) {
  console.error('Jest ended without a summary.');
  process.exit(status || 1);
}
const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, numTotalTests } = JSON.parse(
  readFileSync(summaryFile, 'utf8'),
);
// Tests of a file that could not run are in no count: the run then has at least one failure.
const failed = Math.max(numFailedTests, numFailedTestSuites > 0 ? 1 : 0);
if (numTotalTests === 0) console.error('No test ran.');
console.log(`${numPassedTests} passed, ${failed} failed, ${numPendingTests} skipped`);
process.exit(status || (numTotalTests === 0 ? 1 : 0));
