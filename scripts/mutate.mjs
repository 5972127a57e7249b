/**
 * `npm run mutate`: breaks the source in one place at a time and checks that the tests notice. The
 * mutations are in scripts/mutations, in the form of scripts/mutation.mjs.
 */
import { transformFileSync } from '@swc/core';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ROOT } from './toolchain.mjs';

const LISTS = path.join(ROOT, 'scripts', 'mutations');
const REPORTER = path.join(ROOT, 'scripts', 'mutation-reporter.mjs');
const JEST = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
/** A mutation that makes the tests hang is noticed by that. */
const TIMEOUT_MS = 300_000;
/** Files in the bundle of workflow code. Tests on Temporal need a new one for a mutation there. */
const IN_BUNDLE = ['src/workflows/', 'src/domain/'];
const BUNDLE_TESTS = ['test/workflows/', 'test/temporal/'];
/** Tests that need no servers. */
const PURE_TESTS = [
  'test/domain/',
  'test/process/open-telemetry.test.ts',
  'test/api/auth/last-use.test.ts',
  'test/api/auth/lookups.test.ts',
  'test/api/auth/revalidating-cache.test.ts',
  'test/api/auth/tokens.test.ts',
  'test/api/play/',
  'test/api/tenancy/own-products.test.ts',
  'test/temporal/api-key-file.test.ts',
  'test/temporal/reconciler-sweep.test.ts',
  'test/sdk/receiver/',
  'test/sdk/backoff.test.ts',
  'test/sdk/outbox/files.test.ts',
];
/** Among them, those that need Postgres or the service. */
const NEEDING_SERVERS = ['test/sdk/receiver/inbox.test.ts', 'test/sdk/receiver/deliveries.test.ts'];
/** Variables of test/support/environment.ts: the directory of running servers, and the bundle. */
const DIRECTORY_VARIABLE = 'SIGNPOST_TEST_DIRECTORY';
const BUNDLE_VARIABLE = 'SIGNPOST_TEST_WORKFLOW_BUNDLE';

const USAGE = `usage: npm run mutate -- [path prefix or id ...]

Breaks the source in one place at a time, in a copy of the working tree, and runs the tests about that place.
Prints what was killed and what survived, and exits with 1 if a mutation survives without a stated reason.

  --check   only check that each mutation applies to exactly one place`;

const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean' }, help: { type: 'boolean' } },
  allowPositionals: true,
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const mutations = await selected(positionals);
checkAgainstSources(mutations);
if (values.check) process.exit(0);
const place = mkdtempSync(path.join(tmpdir(), 'signpost-mutate-'));
const copy = path.join(place, 'copy');
process.on('exit', () => {
  endAll(place);
  removePlace();
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
copyTree();
const servers = mutations.every(({ tests }) => tests.every(needsNoServers))
  ? { [DIRECTORY_VARIABLE]: place }
  : await startServers();

const baseline = await runTests([...new Set(mutations.flatMap(({ tests }) => tests))], servers);
if (baseline.result !== 'survived') fail([`Without any mutation the tests do not pass: ${baseline.by}`]);
const outcomes = [];
for (const mutation of mutations) {
  const outcome = { mutation, ...(await tryOut(mutation)) };
  outcomes.push(outcome);
  console.log(rowOf(outcome));
}
report(outcomes);

/** Processes that were killed may write for a moment. */
function removePlace() {
  for (let triesLeft = 20; ; triesLeft--) {
    try {
      rmSync(place, { recursive: true, force: true });
      return;
    } catch (error) {
      if (triesLeft === 0) {
        console.error(`${place} could not be removed: ${error.message}`);
        return;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
}

/**
 * @returns {Promise<import('./mutation.mjs').Mutation[]>} those whose file begins with one of the
 *   given texts, or whose id is one of them
 */
async function selected(filters) {
  const files = readdirSync(LISTS).filter((name) => name.endsWith('.mjs'));
  const lists = await Promise.all(files.map((name) => import(pathToFileURL(path.join(LISTS, name)).href)));
  const chosen = lists
    .flatMap((list) => list.default)
    .filter(({ id, file }) => filters.length === 0 || filters.some((one) => id === one || file.startsWith(one)));
  if (chosen.length === 0) fail(['No mutation has such a path or id.']);
  return chosen;
}

/** Stops before anything runs if a mutation no longer fits the source. */
function checkAgainstSources(list) {
  const faults = list.flatMap(({ id, file, find, tests }) => {
    const missing = [file, ...tests].filter((name) => !existsSync(path.join(ROOT, name)));
    if (missing.length > 0) return missing.map((name) => `${id}: ${name} does not exist`);
    const found = readFileSync(path.join(ROOT, file), 'utf8').split(find).length - 1;
    return found === 1 ? [] : [`${id}: the code to replace occurs ${found} times in ${file}`];
  });
  const twice = list.filter(({ id }, index) => list.findIndex((other) => other.id === id) !== index);
  fail([...faults, ...twice.map(({ id }) => `${id}: the id is used twice`)]);
}

function needsNoServers(test) {
  return PURE_TESTS.some((prefix) => test.startsWith(prefix)) && !NEEDING_SERVERS.includes(test);
}

function fail(lines) {
  if (lines.length === 0) return;
  console.error(lines.join('\n'));
  process.exit(1);
}

/** Copies all files that Git would commit. */
function copyTree() {
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  });
  for (const file of stdout.split('\0').filter((name) => name !== '' && existsSync(path.join(ROOT, name)))) {
    cpSync(path.join(ROOT, file), path.join(copy, file), { recursive: true });
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'), 'dir');
}

/** Starts the servers that all runs share. @returns the environment that names them */
async function startServers() {
  const require = createRequire(import.meta.url);
  require.extensions['.ts'] = (module, file) => {
    const jsc = { target: 'es2022', parser: { syntax: 'typescript' } };
    module._compile(transformFileSync(file, { jsc, module: { type: 'commonjs' }, swcrc: false }).code, file);
  };
  const before = { ...process.env };
  process.env.TMPDIR = path.join(place, 'servers');
  mkdirSync(process.env.TMPDIR);
  await require(path.join(copy, 'test', 'support', 'global-setup.ts')).default();
  const named = Object.fromEntries(Object.entries(process.env).filter(([name, value]) => before[name] !== value));
  for (const name of Object.keys(named)) delete process.env[name];
  return named;
}

async function tryOut({ file, find, replace, tests }) {
  const target = path.join(copy, file);
  const source = readFileSync(target, 'utf8');
  const startedAt = Date.now();
  writeFileSync(
    target,
    source.replace(find, () => replace),
  );
  try {
    const outcome = await runTests(tests, { ...servers, ...(await bundleFor(file, tests)) });
    return { ...outcome, seconds: Math.round((Date.now() - startedAt) / 1000) };
  } finally {
    writeFileSync(target, source);
  }
}

/** @returns the environment that names the bundle with the mutation, if the tests need one */
async function bundleFor(file, tests) {
  const isIn = (folders) => (name) => folders.some((folder) => name.startsWith(folder));
  if (!isIn(IN_BUNDLE)(file) || !tests.some(isIn(BUNDLE_TESTS))) return {};
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(copy, 'src', 'workflows'),
    workflowInterceptorModules: [path.join(copy, 'src', 'workflows', 'trace-interceptors')],
    logger: new DefaultLogger('ERROR'),
  });
  const bundlePath = path.join(place, 'workflow-bundle.js');
  writeFileSync(bundlePath, code);
  return { [BUNDLE_VARIABLE]: bundlePath };
}

/**
 * @returns `survived` if all tests pass; `killed` with the title of the first test that failed;
 *   `broken` if a file did not load
 */
function runTests(tests, environment) {
  const run = path.join(place, 'run');
  rmSync(run, { recursive: true, force: true });
  mkdirSync(run);
  const summaryFile = path.join(run, 'summary.json');
  const killedByFile = path.join(run, 'killed-by.txt');
  const kept = ['--rootDir', copy, '--cacheDirectory', path.join(place, 'cache')];
  const options = [...kept, '--forceExit', '--reporters', REPORTER, '--json', '--outputFile', summaryFile];
  const jest = spawn(process.execPath, [JEST, ...options, '--runTestsByPath', ...tests], {
    cwd: copy,
    env: { ...process.env, ...environment, TMPDIR: run, MUTATION_KILLED_BY: killedByFile },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  jest.stderr.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-2000)));
  const timer = setTimeout(() => endAll(run), TIMEOUT_MS);
  return new Promise((resolve) => {
    jest.on('close', (code, signal) => {
      clearTimeout(timer);
      endAll(run);
      if (signal) return resolve({ result: 'killed', by: `no end within ${TIMEOUT_MS / 1000} s` });
      if (existsSync(killedByFile)) return resolve({ result: 'killed', by: readFileSync(killedByFile, 'utf8') });
      if (!existsSync(summaryFile)) return resolve({ result: 'broken', by: `Jest ended with ${code}: ${output}` });
      const { testResults, success } = JSON.parse(readFileSync(summaryFile, 'utf8'));
      if (success) return resolve({ result: 'survived', by: '' });
      const file = testResults.find(({ status }) => status === 'failed');
      resolve({ result: 'broken', by: file?.message.slice(0, 1000) ?? 'no test ran' });
    });
  });
}

/**
 * Ends all processes that name a directory of ours: Jest, and the servers that it started, which
 * outlive it.
 */
function endAll(directory) {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  for (const line of stdout.split('\n').filter((one) => one.includes(directory))) {
    try {
      process.kill(Number.parseInt(line, 10), 'SIGKILL');
    } catch {
      // It has ended since.
    }
  }
}

function rowOf({ mutation: { id, what, survives }, result, by, seconds }) {
  const shown = result === 'survived' && survives ? `survived, as expected: ${survives}` : by && `by: ${by}`;
  return `${id.padEnd(6)} ${result.padEnd(8)} ${String(seconds).padStart(4)} s  ${what}${shown ? `\n${' '.repeat(24)}${shown}` : ''}`;
}

/** Prints the score of each folder and ends the process. */
function report(all) {
  const counted = all.filter(({ mutation, result }) => !(result === 'survived' && mutation.survives));
  const folders = [...new Set(counted.map(({ mutation }) => path.dirname(mutation.file)))].sort();
  console.log('');
  for (const folder of folders) {
    const here = counted.filter(({ mutation }) => path.dirname(mutation.file) === folder);
    console.log(`${folder.padEnd(36)} ${scoreOf(here)}`);
  }
  console.log(`${'All'.padEnd(36)} ${scoreOf(counted)}`);
  process.exit(counted.every(({ result }) => result === 'killed') ? 0 : 1);
}

function scoreOf(list) {
  const killed = list.filter(({ result }) => result === 'killed').length;
  return `${killed} of ${list.length} killed (${Math.round((100 * killed) / list.length)} %)`;
}
