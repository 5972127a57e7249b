/**
 * `npm test`: installs and builds what is missing, runs Jest over everything, and closes with a plain line taken from Jest's own summary. What
 * follows `--` goes to Jest.
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
    // Jest's JSON goes to the file; what it tells people goes to standard error.
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
// A file that could not be run counts as one failure: its tests are not in the count.
const failed = Math.max(numFailedTests, numFailedTestSuites > 0 ? 1 : 0);
if (numTotalTests === 0) console.error('No test ran.');
console.log(`${numPassedTests} passed, ${failed} failed, ${numPendingTests} skipped`);
process.exit(status || (numTotalTests === 0 ? 1 : 0));
