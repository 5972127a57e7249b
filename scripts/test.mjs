/**
 * `npm test`: installs and builds if necessary, runs all tests, and prints the slowest files and a
 * last line with the counts from Jest's own summary. Arguments after `--` are passed to Jest,
 * except `--changed`, which runs the tests that depend on uncommitted changes, or with
 * `--changed=<commit>` on all changes since that commit.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { checkNode, ensureBuilt, ensureInstalled, ROOT } from './toolchain.mjs';

const SLOWEST_FILES = 10;
/** More failing files than these are no accident. */
const MAX_SECOND_TRIES = 5;
/** How long Jest may take to end after its summary. What a test left running can hold it. */
const END_WITHIN_MS = 15_000;
const changed = process.argv.slice(2).find((argument) => /^--changed(=|$)/.test(argument));
const options = process.argv
  .slice(2)
  .map((argument) =>
    argument === changed
      ? argument.replace(/^--changed=/, '--changedSince=').replace(/^--changed$/, '--onlyChanged')
      : argument,
  );

const summaries = mkdtempSync(path.join(tmpdir(), 'signpost-summaries-'));
process.once('exit', () => rmSync(summaries, { recursive: true, force: true }));

checkNode();
ensureInstalled();
ensureBuilt();

const first = await runJest('jest.json', options);
if (first.total > 0) printSlowest(first.files);
else console.error(changed ? 'No test depends on the changes.' : 'No test ran.');
const last = wantsSecondTry(first) ? await secondTry(first) : first;
console.log(`${last.passed} passed, ${last.failed} failed, ${last.skipped} skipped`);
process.exit(last.status || (first.total === 0 && !changed ? 1 : 0));

/** Runs Jest and returns its own summary. */
async function runJest(summaryName, jestOptions) {
  const summaryFile = path.join(summaries, summaryName);
  const jest = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const child = spawn(process.execPath, [jest, '--json', '--outputFile', summaryFile, ...jestOptions], {
    cwd: ROOT,
    // Jest writes its JSON to the file, and its readable output to standard error.
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  const watch = setInterval(() => {
    if (!existsSync(summaryFile) || Date.now() - statSync(summaryFile).mtimeMs < END_WITHIN_MS) return;
    console.error('Jest does not end: a test left something running. Ending it.');
    child.kill('SIGKILL');
  }, 1000);
  const [code] = await ended;
  clearInterval(watch);
  if (!existsSync(summaryFile)) {
    console.error('Jest ended without a summary.');
    process.exit(code || 1);
  }
  const summary = JSON.parse(readFileSync(summaryFile, 'utf8'));
  return {
    status: code ?? (summary.success ? 0 : 1),
    passed: summary.numPassedTests,
    // Tests of a file that could not run are in no count: the run then has at least one failure.
    failed: Math.max(summary.numFailedTests, summary.numFailedTestSuites > 0 ? 1 : 0),
    skipped: summary.numPendingTests,
    total: summary.numTotalTests,
    files: summary.testResults,
  };
}

function wantsSecondTry({ files, status }) {
  const failed = files.filter(hasFailed).length;
  return process.env.SIGNPOST_TEST_SECOND_TRY === '1' && status !== 0 && failed > 0 && failed <= MAX_SECOND_TRIES;
}

/** Runs the files that failed again. Its output names what passed only then. */
async function secondTry({ passed, skipped, files }) {
  const failedFiles = files.filter(hasFailed);
  const failures = failedFiles.flatMap((file) =>
    // A file without results could not run.
    file.assertionResults.length > 0 ? testsOf(file, 'failed') : [relative(file)],
  );
  console.log(['Tried again:', ...failures].join('\n  '));
  const again = await runJest('jest-second-try.json', ['--runTestsByPath', ...failedFiles.map(({ name }) => name)]);
  if (again.failed === 0) console.log(['Failed once, passed when tried again:', ...failures].join('\n  '));
  const count = (status) => failedFiles.flatMap((file) => testsOf(file, status)).length;
  return {
    status: again.status,
    passed: passed - count('passed') + again.passed,
    failed: again.failed,
    skipped: skipped - count('pending') + again.skipped,
  };
}

/** Prints the files that took the longest. Files run in parallel, so the times overlap. */
function printSlowest(files) {
  const timed = files.map((file) => ({ file: relative(file), seconds: (file.endTime - file.startTime) / 1000 }));
  const slowest = timed.sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST_FILES);
  console.log('Slowest test files:');
  for (const { file, seconds } of slowest) console.log(`${seconds.toFixed(1).padStart(7)} s  ${file}`);
}

function hasFailed({ status }) {
  return status === 'failed';
}

function relative({ name }) {
  return path.relative(ROOT, name);
}

function testsOf(file, wanted) {
  return file.assertionResults
    .filter(({ status }) => status === wanted)
    .map(({ fullName }) => `${relative(file)}: ${fullName}`);
}
