/** The results file: figures by scenario, each with the run that measured them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem, type } from 'node:os';
import { ROOT } from '../scripts/toolchain.mjs';

/** @returns the figures of earlier runs by scenario; empty if there is no file */
export function readResults(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/** Replaces only the scenarios of this run, so that one scenario can be repeated. */
export function mergeResults(file, measured) {
  const results = { ...readResults(file), ...measured };
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  return results;
}

/** Describes a run: time, commit, machine, versions and sizes. */
export function describeRun({ sizes, temporal, database }) {
  const { version: sdk } = createRequire(import.meta.url)('@temporalio/client/package.json');
  const processors = cpus();
  return {
    at: new Date().toISOString(),
    commit: commit(),
    machine: `${processors.length} cores (${processors[0].model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${release()}`,
    node: process.versions.node,
    temporal: `${temporal ? 'given' : 'development server on SQLite'}, SDK ${sdk}`,
    postgres: database ? 'given' : 'embedded',
    sizes,
  };
}

function commit() {
  const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
  try {
    const changed = git(
      'status',
      '--porcelain',
      '--untracked-files=no',
      '--',
      'src',
      'migrations',
      'package-lock.json',
    );
    return git('rev-parse', '--short', 'HEAD') + (changed ? ' with changes' : '');
  } catch {
    return 'unknown';
  }
}
